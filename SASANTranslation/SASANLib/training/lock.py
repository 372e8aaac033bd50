"""A file that one process at a time can hold, and that the system frees when its holder dies, however it does."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from SASANLib.files import write_error


class Locked(Exception):
    """Another process holds the lock; `str()` says which."""


@contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Hold the lock for the block. The file holds the process's number meanwhile, and stays, empty, afterwards.

    A file that a killed process left behind, number and all, is nobody's and in nobody's way.

    Raises:
        Locked: at once, when another process (or another block of this one) holds it.
        SASANError: when the file cannot be written.
    """
    try:
        file = open(path, "a+", encoding="ascii")  # noqa: SIM115 - closed below, which frees the lock
    except OSError as error:
        raise write_error(path, error) from error
    with file:
        try:
            _lock(file.fileno())
        except (BlockingIOError, PermissionError) as error:
            raise Locked(f"process {_read(file) or 'unknown'}") from error
        except OSError:
            pass  # a few file systems have no locks; to train unguarded there is better than not at all
        _write(file, str(os.getpid()))
        try:
            yield
        finally:
            _write(file, "")


def _read(file) -> str:
    file.seek(0)
    return file.read(20).strip()


def _write(file, text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # beyond the text, which a locked region would hide from others
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
