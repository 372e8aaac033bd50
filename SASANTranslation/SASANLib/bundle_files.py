"""The files of a model bundle, read from a folder or a .zip without trusting either.

Nothing is ever unpacked by a name that an archive supplies: members are checked, then read into memory by the
plain file names that are left.
"""

import re
import stat
import zipfile
import zlib
from abc import ABC, abstractmethod
from pathlib import Path, PurePosixPath

from SASANLib.errors import SASANError

CARD_NAME = "model.json"
DOCUMENT_SUFFIXES = (".md", ".txt", ".png")
WEIGHTS_SUFFIX = ".safetensors"
# The networks of the paper take 32 MB in float32; thirty times that is still a model, and fits into memory.
MAX_BYTES = 1 << 30
MAX_CARD_BYTES = 4 << 20
MAX_FILES = 64

_PICKLE_SUFFIXES = {".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".joblib", ".npy", ".npz"}
_DISTRUST = "Do not use this file; get the model again from a source that you trust."
_REPACK = (
    f"A bundle holds {CARD_NAME}, its {WEIGHTS_SUFFIX} file and {', '.join(DOCUMENT_SUFFIXES)} documents, nothing else."
)


class BundleFiles(ABC):
    """A flat set of files with plain names."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def names(self) -> list[str]:
        """The plain names of all files, each of a kind that a bundle may hold.

        Raises:
            SASANError: when there is anything else.
        """

    @abstractmethod
    def read(self, name: str) -> bytes:
        """A file's bytes.

        Raises:
            SASANError: missing, unreadable, damaged or too large.
        """

    def where(self, name: str) -> str:
        """How messages call a file."""
        return str(self.path / name)


class _FolderFiles(BundleFiles):
    def names(self) -> list[str]:
        entries = sorted(entry for entry in self.path.iterdir() if not _is_macos_litter([entry.name]))
        for entry in entries:
            if entry.is_symlink():
                raise SASANError(
                    f"{self.path} holds a symbolic link, {entry.name!r}.",
                    "Replace it by the file it points to.",
                )
            if not entry.is_file():
                raise SASANError(f"{self.path} holds a folder, {entry.name!r}.", _REPACK)
            check_name(entry.name, self.path)
        _check_total([entry.stat().st_size for entry in entries], self.path)
        return [entry.name for entry in entries]

    def read(self, name: str) -> bytes:
        path = self.path / name
        try:
            _check_size(name, path.stat().st_size, self.where(name))
            return path.read_bytes()
        except FileNotFoundError as error:
            raise _missing(name, self.path) from error
        except OSError as error:
            raise SASANError(
                f"Cannot read {path}: {error.strerror or error}.", "Check the file and its permissions."
            ) from error


class _ArchiveFiles(BundleFiles):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            with zipfile.ZipFile(path) as archive:
                self._members = _checked_members(archive, path)
        except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
            raise _damaged(path) from error

    def names(self) -> list[str]:
        return sorted(self._members)

    def read(self, name: str) -> bytes:
        if name not in self._members:
            raise _missing(name, self.path)
        member = self._members[name]
        _check_size(name, member.file_size, self.where(name))
        try:
            with zipfile.ZipFile(self.path) as archive:
                # zipfile stops at the size that the member declares and checks its CRC.
                return archive.read(member)
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise _damaged(self.path) from error


def open_files(path: Path) -> BundleFiles:
    """The files of the bundle at `path`, a folder or a .zip.

    Raises:
        SASANError: neither of the two; or an archive that holds an unsafe name, a link, a special file, two
            files of one name, more than `MAX_BYTES`, or anything that is no part of a bundle.
    """
    if path.is_dir():
        return _FolderFiles(path)
    if not path.exists():
        raise SASANError(f"There is no model at {path}.", "Give a bundle's folder or .zip file.")
    if not zipfile.is_zipfile(path):
        raise SASANError(f"{path} is not a model bundle.", "Give a bundle's folder or .zip file.")
    return _ArchiveFiles(path)


def check_name(name: str, path: Path) -> None:
    """Refuse a plain file name that is no part of a bundle; `path` is the bundle, for the message."""
    suffix = PurePosixPath(name).suffix
    if suffix.lower() in _PICKLE_SUFFIXES:
        raise SASANError(f"{path} holds {name!r}, a kind of file that can run code when it is opened.", _DISTRUST)
    if name != CARD_NAME and suffix not in (WEIGHTS_SUFFIX, *DOCUMENT_SUFFIXES):
        raise SASANError(f"{path} holds {name!r}, which is no part of a model bundle.", _REPACK)


def _checked_members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Plain name → member. Names are unique without regard to case, as some file systems see them."""
    members: dict[str, zipfile.ZipInfo] = {}
    folders = set()
    for info in archive.infolist():
        # The original name: zipfile itself cuts `filename` at a NUL and turns backslashes on Windows.
        parts = _checked_parts(info.orig_filename, path)
        _check_kind(info, path)
        if info.is_dir() or _is_macos_litter(parts):
            continue
        *folder, name = parts
        if len(folder) > 1:
            raise SASANError(f"{path} holds folders within a folder, {info.orig_filename!r}.", _REPACK)
        check_name(name, path)
        if name.lower() in (known.lower() for known in members):
            raise SASANError(f"{path} holds two files named {name!r}.", _DISTRUST)
        folders.add(tuple(folder))
        members[name] = info
        if len(members) > MAX_FILES:
            raise SASANError(f"{path} holds more than {MAX_FILES} files.", _REPACK)
    if len(folders) > 1:
        raise SASANError(f"{path} holds more than one folder.", _REPACK)
    _check_total([info.file_size for info in members.values()], path)
    return members


def _checked_parts(name: str, path: Path) -> list[str]:
    # A colon is a drive letter or an NTFS stream, a backslash is Windows' separator.
    if name.startswith("/") or re.search(r"[\\:]", name) or not name.isprintable():
        raise SASANError(f"{path} holds a file with an unsafe name, {name!r}.", _DISTRUST)
    parts = name.removesuffix("/").split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise SASANError(f"{path} holds a file that would land outside its folder, {name!r}.", _DISTRUST)
    return parts


def _check_kind(info: zipfile.ZipInfo, path: Path) -> None:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise SASANError(f"{path} holds a symbolic link, {info.orig_filename!r}.", _DISTRUST)
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise SASANError(f"{path} holds a special file, {info.orig_filename!r}.", _DISTRUST)
    if info.flag_bits & 1:
        raise SASANError(f"{path} is encrypted.", "Unpack it yourself and give the folder.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise SASANError(f"{path} uses an unusual compression.", "Unpack it yourself and give the folder.")


def _is_macos_litter(parts: list[str]) -> bool:
    # What Finder adds to every archive. It is left where it is rather than blamed on the user.
    return parts[0] == "__MACOSX" or parts[-1] == ".DS_Store"


def _check_total(sizes: list[int], path: Path) -> None:
    if sum(sizes) > MAX_BYTES:
        raise SASANError(f"{path} unpacks to more than {MAX_BYTES >> 20} MB, too much for a model.", _DISTRUST)


def _check_size(name: str, size: int, where: str) -> None:
    limit = MAX_CARD_BYTES if name == CARD_NAME else MAX_BYTES
    if size > limit:
        raise SASANError(f"{where} is larger than {limit >> 20} MB.", _DISTRUST)


def _missing(name: str, path: Path) -> SASANError:
    if name == CARD_NAME:
        return SASANError(
            f"{path} is not a model bundle: it has no {CARD_NAME}.", "Give a bundle's folder or .zip file."
        )
    return SASANError(f"The model {path} has no weights file {name}.", "Get the complete model again.")


def _damaged(path: Path) -> SASANError:
    return SASANError(f"The archive {path} is damaged or incomplete.", "Get it again.")
