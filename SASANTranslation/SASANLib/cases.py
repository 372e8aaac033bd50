"""Many inputs in one go: what each case is called, and the table that tells how it went."""

import csv
import io
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from SASANLib.errors import SASANError
from SASANLib.files import atomic_write

_SUFFIXES = (".nii.gz", ".nrrd", ".nhdr", ".nii", ".mha", ".mhd")


@dataclass(frozen=True)
class CaseRow:
    """One line of cases.csv."""

    case: str
    input: str
    status: Literal["done", "skipped", "failed"]
    seconds: float = 0.0
    notices: str = ""
    error: str = ""


_COLUMNS = [field.name for field in fields(CaseRow)]


class CaseTable:
    """cases.csv: complete after every case, so that an interrupted run leaves a true table.

    Rows of earlier runs are kept; a case that comes again replaces its row.

    Raises:
        SASANError: something else has the file's name, or it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, dict] = _read(path)
        self._write()

    def add(self, row: CaseRow) -> None:
        self._rows.pop(row.case, None)
        self._rows[row.case] = {**asdict(row), "seconds": f"{row.seconds:.1f}"}
        self._write()

    def _write(self) -> None:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, _COLUMNS)
        writer.writeheader()
        writer.writerows(self._rows.values())
        with atomic_write(self._path) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8", newline="")


def _read(path: Path) -> dict[str, dict]:
    if not path.exists():
        return {}
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames == _COLUMNS:
                return {row["case"]: row for row in reader}
    except (OSError, ValueError, csv.Error):
        pass
    raise SASANError(f"{path} exists and is not a table of cases.", "Choose another output folder or remove it.")


def case_names(inputs: Sequence[Path]) -> list[str]:
    """A folder name for each input: its own without suffix, after its folder's where two would be equal."""
    names = [case_name(path) for path in inputs]
    repeated = Counter(names)
    names = [
        f"{path.resolve().parent.name}_{name}" if repeated[name] > 1 else name
        for path, name in zip(inputs, names, strict=True)
    ]
    seen: Counter[str] = Counter()
    taken = set(names)
    for position, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            number = seen[name]
            while f"{name}_{number}" in taken:
                number += 1
            names[position] = f"{name}_{number}"
            taken.add(names[position])
    return names


def case_name(path: Path) -> str:
    """A volume's file name without its suffixes: patient01.nii.gz → patient01."""
    name = os.path.basename(os.path.abspath(path))  # "." has a name, and a link keeps its own
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name or "case"
