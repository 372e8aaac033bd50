"""What can go wrong in the panel: one clear sentence, and what to do about it."""


class TranslationError(Exception):
    """A translation, or a step towards one, that did not happen.

    `message` says in a sentence what is wrong, `hint` what to do. `kind` is what code may need to know: the
    worker's kinds (see `SASANLib.worker`), and "start", "crashed", "protocol", "dependencies", "transform",
    "source" for what only this side can see.
    """

    def __init__(self, message, hint="", kind="input"):
        super().__init__(message, hint)
        self.message = message
        self.hint = hint
        self.kind = kind

    def __str__(self):
        return f"{self.message} {self.hint}".strip()
