"""The errors a user can cause: one clear sentence, and what to do about it."""


class SASANError(Exception):
    """Something the user can put right.

    `message` says in one sentence what is wrong and with which file; `hint` says what to do. `str()` is both,
    joined by a space.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class OutOfMemory(SASANError):
    """Memory ran out, also after every retreat."""


class AlreadyExists(SASANError):
    """Something of that name is there, and nobody asked to replace it."""


class WriteError(SASANError):
    """A file or folder could not be written: full disk, no permission, no such folder."""


class Cancelled(SASANError):
    """The user asked to stop; nothing is wrong."""

    def __init__(self, message: str = "Cancelled.", hint: str = "") -> None:
        super().__init__(message, hint)
