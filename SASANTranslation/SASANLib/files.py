"""Files that are either complete or not there: written beside their final name, then renamed."""

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from SASANLib.errors import WriteError

_HINTS = {
    errno.ENOSPC: "Free some space on that disk or choose another one.",
    errno.EDQUOT: "Your quota on that disk is used up: free some space or choose another disk.",
    errno.EFBIG: "That disk takes no files of this size: choose another one.",
    errno.ENOENT: "Create the folder first or choose another one.",
    errno.ENOTDIR: "A part of that path is a file, not a folder: choose another path.",
    errno.EISDIR: "A folder of that name is in the way: choose another name.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
}
_DEFAULT_HINT = "Choose a folder that you may write to."


def write_error(path: Path, error: OSError) -> WriteError:
    """The sentence for a failed write: names the file, the system's reason and the remedy."""
    reason = error.strerror or str(error) or type(error).__name__
    return WriteError(f"Cannot write {path}: {reason}.", _HINTS.get(error.errno, _DEFAULT_HINT))


def _temporary_name(path: Path) -> Path:
    # A leading dot hides it; the name ends like the final one because image writers choose the format by it.
    return path.with_name(f".{uuid.uuid4().hex[:8]}-{path.name.lstrip('.')}")


def remove_temporaries(folder: str | os.PathLike) -> None:
    """Delete what killed processes left half-written in `folder`; of use where nobody else is writing there now."""
    for path in Path(folder).glob(f".{'[0-9a-f]' * 8}-*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    # Without this a power cut after the rename may leave the new name on an empty file.
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def atomic_write(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path` with its suffixes; rename it to `path` when the block succeeds.

    The folder must exist; the temporary does, empty. Whatever goes wrong, a file already at `path` survives
    and the temporary is removed.

    Raises:
        SASANError: naming `path`, for any OSError in the block or in the rename (no such folder, no
            permission, disk full).
    """
    path = Path(path)
    temporary = _temporary_name(path)
    try:
        temporary.touch()  # fails here, with the system's reason, before anyone computes what to write
        yield temporary
        _flush_to_disk(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a new, empty temporary folder beside `path`; rename it to `path` when the block succeeds.

    The parent must exist. A folder already at `path` is replaced on success only, and restored when the
    rename fails.

    Raises:
        SASANError: naming `path`, for any OSError in the block or in the rename.
    """
    path = Path(path)
    temporary = _temporary_name(path)
    try:
        temporary.mkdir()
        yield temporary
        _replace_folder(temporary, path)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace_folder(new: Path, path: Path) -> None:
    if not path.is_dir():
        os.replace(new, path)
        return
    # No system call swaps two folders everywhere, so the old one steps aside and comes back if need be.
    old = _temporary_name(path)
    os.replace(path, old)
    try:
        os.replace(new, path)
    except OSError:
        os.replace(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def sha256(path: str | os.PathLike) -> str:
    """SHA-256 of a file's bytes, as 64 lower-case hex digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
