"""Requests on their way in, read by a thread of its own: so "cancel" and the end of stdin are seen at any moment."""

import os
import queue
import shutil
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from SASANLib.worker.channel import Channel
from SASANLib.worker.requests import BadRequest, Cancel, Quit, Request, parse

_REMOVAL_SECONDS = 2.0
_FINISHING_SECONDS = 10.0


class Inbox:
    """The requests that are not answered yet. `take` and `answered` are for the thread that answers them."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._queue: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._open: list[Request] = []
        self._cancelled: set[int] = set()
        self._lock = threading.Lock()
        self._whole = threading.Lock()

    def start(self) -> None:
        """Begin to read. From now on the process ends with its stdin."""
        threading.Thread(target=self._read, name="requests", daemon=True).start()

    def take(self) -> Request:
        """The next request, as soon as there is one."""
        return self._queue.get()

    def answered(self, request: Request) -> None:
        """The request is about to get its last event: it can no longer be cancelled, and its folder is the client's."""
        with self._lock:
            self._open.remove(request)
            if not any(request.id == other.id for other in self._open):
                self._cancelled.discard(request.id)

    def is_cancelled(self, request: Request) -> bool:
        """Whether the client has asked to end it."""
        return request.id in self._cancelled

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """What is done in the block is done whole: the end of stdin waits for it."""
        with self._whole:
            yield

    def leave(self) -> None:
        """End the process at once, in the middle of anything; remove the folders of what was not answered."""
        self._whole.acquire(timeout=_FINISHING_SECONDS)
        for request in list(self._open):
            folder = getattr(request, "folder", None)
            if folder is not None:
                remove_arrays(folder)
        # Not sys.exit: that would end this thread only, and wait for the networks.
        os._exit(0)

    def _read(self) -> None:
        try:
            for line in self._channel.lines():
                self._accept(line)
        except OSError:
            pass  # a broken pipe is an end like any other
        except BaseException:
            traceback.print_exc()
        finally:
            self.leave()

    def _accept(self, line: bytes) -> None:
        try:
            request = parse(line)
        except BadRequest as error:
            hint = "The program that uses the worker and SASANLib may be of different versions: install SASAN again."
            self._channel.send("error", error.id, kind="request", message=str(error), hint=hint)
            return
        if isinstance(request, Quit):
            self.leave()
        elif isinstance(request, Cancel):
            with self._lock:
                if any(request.target == other.id for other in self._open):
                    self._cancelled.add(request.target)
        else:
            with self._lock:
                self._open.append(request)
            self._queue.put(request)


def remove_arrays(folder: Path) -> None:
    """Remove a folder of .npy files. One that holds anything else is not what a client makes, and stays as it is.

    Another thread may be writing to it: what appears in the meantime goes too.
    """
    end = time.monotonic() + _REMOVAL_SECONDS
    while time.monotonic() < end:
        try:
            if any(entry.is_dir(follow_symlinks=False) or Path(entry).suffix != ".npy" for entry in os.scandir(folder)):
                return
        except OSError:
            return
        with suppress(OSError):
            shutil.rmtree(folder)
            return
        time.sleep(0.01)
