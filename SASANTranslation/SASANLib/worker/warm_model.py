"""A model that stays loaded from one translation to the next."""

import os
from collections.abc import Callable
from pathlib import Path

from SASANLib.devices import resolve_device
from SASANLib.model import load_bundle
from SASANLib.translation import Translator
from SASANLib.worker.failures import blaming

Stamp = tuple[tuple[str, int, int], ...]


class WarmModel:
    """Holds the last model used. One whose files look changed is read again, and so checked again."""

    def __init__(self) -> None:
        self._translator: Translator | None = None
        self._key = None

    def translator(self, path: Path, device: str, reading: Callable[[], None]) -> Translator:
        """The translator for a bundle and a device ("auto", "cpu", "cuda:1"); `reading` is called before it is read.

        Raises:
            Failure: of kind "device" or "model".
        """
        with blaming("device"):
            resolved = resolve_device(device)
        # Before reading: a file that changes meanwhile looks changed the next time.
        stamp = _stamp(path)
        key = (path, str(resolved), stamp)
        if self._translator is None or stamp is None or key != self._key:
            self.drop()  # two models at once may not fit into memory
            reading()
            with blaming("model"):
                self._translator = Translator(load_bundle(path), str(resolved))
            self._key = key
        return self._translator

    def drop(self) -> None:
        """Forget the model."""
        self._translator = self._key = None


def _stamp(path: Path) -> Stamp | None:
    """Name, time of change (ns) and size of every file; None when they cannot be seen."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        return tuple((file.name, (status := os.stat(file)).st_mtime_ns, status.st_size) for file in files)
    except OSError:
        return None
