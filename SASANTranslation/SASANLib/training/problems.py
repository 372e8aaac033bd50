"""What is wrong, or odd, with training data: how bad it is, and what to do about it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

from pydantic import BaseModel, ConfigDict

from SASANLib.errors import SASANError
from SASANLib.networks.translation import Domain

Kind = Literal[
    "files", "subjects", "split", "image", "slices", "field", "units", "size", "labels", "mask", "copy", "leak",
    "geometry", "overlap", "registration", "pictures",
]  # fmt: skip
SEVERITIES = ("error", "warning", "note")


class Problem(BaseModel):
    """One problem. Nothing is prepared while there is an `error`; a `warning` is likely to harm a model; a `note` is
    good to know.

    `message` names the file, or speaks of the volume that `domain` and `case` name; of a pair that is its second.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Literal["error", "warning", "note"]
    kind: Kind
    message: str
    remedy: str
    domain: Domain | None = None
    case: str | None = None


@contextmanager
def collected(
    problems: list[Problem], kind: Kind, domain: Domain | None = None, case: str | None = None
) -> Iterator[None]:
    """A SASANError in the block becomes an error among `problems`, and the block ends there."""
    try:
        yield
    except SASANError as error:
        problems.append(
            Problem(severity="error", kind=kind, message=error.message, remedy=error.hint, domain=domain, case=case)
        )


def refuse_errors(problems: Iterable[Problem]) -> None:
    """Raises: SASANError with the first error's sentence, and how many more there are."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if not errors:
        return
    hint = errors[0].remedy
    if more := len(errors) - 1:
        hint += f" There {'is' if more == 1 else 'are'} {more} more: `sasan prepare --check` lists them all."
    raise SASANError(errors[0].message, hint)
