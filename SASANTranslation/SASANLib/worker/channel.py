"""stdin and stdout as the protocol's own: nothing else in the process can read the one or print on the other."""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator


class Channel:
    """Takes the standard streams away from the rest of the process, and speaks JSON lines over them."""

    closed: Callable[[], None]
    """called, on any thread, when the client no longer reads; does not return"""

    def __init__(self) -> None:
        self.closed = lambda: os._exit(0)
        # Copies are not inherited by children, and 0 and 1 lead elsewhere from now on, also for libraries in C.
        requests, events = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        # The log is a pipe, which would otherwise have the encoding of the user's locale and be written in blocks.
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
        sys.stdout = sys.stderr
        # Binary: Windows would translate line ends.
        self._requests = open(requests, "rb")  # noqa: SIM115
        self._events = open(events, "wb", buffering=0)  # noqa: SIM115
        self._lock = threading.Lock()

    def send(self, event: str, id: int | None, **fields) -> None:
        """Send one event, whole and at once; from any thread."""
        # ASCII: also a name with half a surrogate pair in it gets through.
        data = json.dumps({"event": event, "id": id, **fields}, allow_nan=False).encode("ascii") + b"\n"
        with self._lock:
            try:
                while data:
                    data = data[self._events.write(data) :]
            except OSError:
                self.closed()

    def lines(self) -> Iterator[bytes]:
        """The client's lines without their ends, until it closes the pipe. A last one that was cut off is no line."""
        for line in self._requests:
            if line.endswith(b"\n"):
                yield line.rstrip(b"\r\n")
