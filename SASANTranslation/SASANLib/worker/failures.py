"""What an error event says: its kind from where in a request an error came up, or from what it is."""

from collections.abc import Iterator
from contextlib import contextmanager

from SASANLib.errors import AlreadyExists, Cancelled, OutOfMemory, SASANError, WriteError

_KINDS = {Cancelled: "cancelled", OutOfMemory: "memory", AlreadyExists: "exists", WriteError: "disk"}


def _kind(error: Exception) -> str | None:
    return next((kind for known, kind in _KINDS.items() if isinstance(error, known)), None)


class Failure(SASANError):
    """The end of a request: what its error event says."""

    def __init__(self, kind: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.kind = kind


@contextmanager
def blaming(kind: str) -> Iterator[None]:
    """Errors in the block are of this kind, unless they are of one that can come up anywhere."""
    try:
        yield
    except Failure:
        raise
    except SASANError as error:
        raise Failure(_kind(error) or kind, error.message, error.hint) from error


def failure(error: Exception) -> Failure:
    """The Failure that any other exception amounts to; "internal" is a bug or a broken installation."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, SASANError):
        return Failure(_kind(error) or "internal", error.message, error.hint)
    if isinstance(error, ImportError):
        name = error.name or "a package"
        return Failure(
            "internal",
            f"The worker cannot use {name}: {_one_line(error)}.",
            "Install SASAN's Python packages again.",
        )
    if _is_out_of_memory(error):
        return Failure("memory", "There is not enough memory.", "Close other programs or use a machine with more.")
    return Failure(
        "internal",
        f"The worker met an unexpected error, {type(error).__name__}: {_one_line(error)}.",
        "Report it with the log.",
    )


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError):
        return True
    # torch's own come only after torch was imported, and torch may be what cannot be.
    from SASANLib.devices import is_out_of_memory

    return is_out_of_memory(error)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
