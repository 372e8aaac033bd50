"""What a client hears of its request while it runs."""

import time
from collections.abc import Callable

from SASANLib.errors import Cancelled


class Remaining:
    """Seconds left, from the pace since the first slice; the clock starts when the first progress is told."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None

    def seconds(self, done: int, total: int) -> float | None:
        """None before there is a pace, and after the last slice, when what remains is not slices."""
        now = self._clock()
        if self._began is None:
            self._began = now
        if not 0 < done < total:
            return None
        return (now - self._began) / done * (total - done)


class Reporter:
    """Sends one request's progress and notices; knows whether it was cancelled.

    send(event, **fields): sends an event about this request.
    """

    def __init__(self, send: Callable[..., None], cancelled: Callable[[], bool]) -> None:
        self._send = send
        self.cancelled = cancelled
        self._remaining = Remaining()
        self._done, self._total = 0, 0

    def stage(self, name: str) -> None:
        """A step that counts no slices.

        Raises:
            Cancelled
        """
        self.check()
        self._send("progress", done=self._done, total=self._total, stage=name, eta=None)

    def progress(self, done: int, total: int, stage: str) -> None:
        """Slices done of all."""
        self._done, self._total = done, total
        eta = self._remaining.seconds(done, total)
        self._send("progress", done=done, total=total, stage=stage, eta=None if eta is None else round(eta, 1))

    def notice(self, message: str) -> None:
        """A sentence about a fallback."""
        self._send("notice", message=message, unfamiliar=False)

    def unlike(self, message: str) -> None:
        """A sentence about what the model does not know in the input."""
        self._send("notice", message=message, unfamiliar=True)

    def check(self) -> None:
        """Raise Cancelled if the client has asked for it."""
        if self.cancelled():
            raise Cancelled
