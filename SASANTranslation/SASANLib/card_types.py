"""What a field of a model card may hold: a stranger's file that ends up on terminals and in file names."""

import re
import unicodedata
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict

T = TypeVar("T")
# Strict everywhere (no "3" for 3), except that a list may stand for a tuple: most callers have lists.
Sequence = Annotated[tuple[T, ...], Strict(False)]


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    # Printed on a terminal, an escape sequence is a command, and a direction mark turns text around.
    if any(c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in value):
        raise ValueError("must not contain control characters")
    return value


def _line(value: str) -> str:
    if "\n" in value:
        raise ValueError("must be a single line")
    return _text(value)


def _matching(pattern: str, description: str) -> AfterValidator:
    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise ValueError(f"must be {description}")
        return value

    return AfterValidator(check)


Text = Annotated[str, Field(max_length=20_000), AfterValidator(_text)]
Line = Annotated[str, Field(max_length=300), AfterValidator(_line)]
ModelName = Annotated[
    str,
    Field(max_length=64),
    _matching(r"[a-z0-9]+(-[a-z0-9]+)*", "lower-case words joined by hyphens, like brain-mr-ct"),
]
# No hyphen: directions are written <source>-to-<target>.
DomainName = Annotated[
    str, Field(max_length=16), _matching(r"[A-Za-z][A-Za-z0-9]*", "letters and digits, like MR or T1")
]
Version = Annotated[str, _matching(r"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}", "three numbers, like 1.0.0")]
Sha256 = Annotated[str, _matching(r"[0-9a-f]{64}", "64 lower-case hexadecimal digits")]
WeightsName = Annotated[
    str,
    _matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}\.safetensors", "a plain file name ending in .safetensors"),
]
SnomedNumber = Annotated[str, _matching(r"[1-9][0-9]{5,17}", "a SNOMED CT number")]
# grid.PLANES, spelled out because importing grid would load SimpleITK just to read a card
Plane = Literal["axial", "coronal", "sagittal"]
Channel = Annotated[int, Field(ge=0, le=255)]


class CardPart(BaseModel):
    """Strict, frozen, no unknown fields, no NaN or infinity."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
