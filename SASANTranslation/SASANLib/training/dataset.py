"""Prepared data: what `sasan prepare` writes and training reads. Arrays on the model's grid, memory-mapped.

A folder holds `dataset.json` and, for each domain, `<d>_images.npy` (slices, size, size) float16 in [−1, 1],
`<d>_boxes.npy` (slices, 4) int16 and, of a labelled domain, `<d>_labels.npy` uint8; paired data has `region.npy`
(slices, size, size) uint8 as well, and its domains' slices correspond one to one. Reading them needs numpy only.
"""

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from SASANLib.card import DomainCard, GridCard, LabelCard, Plane
from SASANLib.complaints import first_complaint
from SASANLib.errors import SASANError
from SASANLib.networks.translation import OTHER, Domain

VERSION = "1.0"
CARD = "dataset.json"


class PreparedCase(BaseModel):
    """Consecutive slices of one volume in one plane: `start` … `start + count − 1`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    subject: str
    plane: Plane
    split: Literal["train", "validation"]
    start: int
    count: int


class DatasetCard(BaseModel):
    """`dataset.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal["1.0"] = VERSION
    domains: dict[Domain, DomainCard]
    grid: GridCard
    labels: tuple[LabelCard, ...]
    labelled: tuple[Domain, ...]
    paired: bool
    cases: dict[Domain, tuple[PreparedCase, ...]]


class PreparedDataset:
    """An opened folder of prepared data."""

    def __init__(self, folder: Path):
        """Raises: SASANError when the folder was not written by this version of `sasan prepare`, or not whole."""
        self.folder = Path(folder)
        path = self.folder / CARD
        hint = "Write it with `sasan prepare`."
        if not path.is_file():
            raise SASANError(f"{self.folder} holds no prepared data: {CARD} is missing.", hint)
        try:
            self.card = DatasetCard.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise SASANError(f"{path} is not valid: {first_complaint(error)}.", hint) from error
        size = self.card.grid.size
        shapes = {d: (sum(case.count for case in cases), size, size) for d, cases in self.card.cases.items()}
        self.images = {d: self._open(f"{d}_images.npy", shapes[d]) for d in OTHER}
        self.boxes = {d: self._open(f"{d}_boxes.npy", (shapes[d][0], 4)) for d in OTHER}
        self.labels = {d: self._open(f"{d}_labels.npy", shapes[d]) for d in self.card.labelled}
        self.region = self._open("region.npy", shapes["a"]) if self.card.paired else None

    def _open(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        try:
            array = np.load(self.folder / name, mmap_mode="r", allow_pickle=False)
            if array.shape != shape:
                raise ValueError(f"the shape is {array.shape} instead of {shape}")
        except (OSError, ValueError) as error:
            raise SASANError(
                f"{self.folder / name} is missing or damaged.", "Prepare the data again with `sasan prepare`."
            ) from error
        return array

    @property
    def classes(self) -> int:
        """Segmentation classes, background included."""
        return 1 + len(self.card.labels)

    def cases(self, domain: Domain, split: str) -> list[PreparedCase]:
        return [case for case in self.card.cases[domain] if case.split == split]

    def neighbours(self, domain: Domain, split: str, context: int) -> np.ndarray:
        """(slices, context) rows of `images[domain]`: each slice of the split between its neighbours.

        The neighbours of a case's first and last slice are those slices themselves (edge replication).
        """
        offsets = np.arange(context) - context // 2
        rows = [
            np.clip(np.arange(c.start, c.start + c.count)[:, None] + offsets, c.start, c.start + c.count - 1)
            for c in self.cases(domain, split)
        ]
        return np.concatenate(rows) if rows else np.empty((0, context), dtype=np.int64)
