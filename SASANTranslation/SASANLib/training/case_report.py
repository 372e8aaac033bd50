"""One volume of the training data, measured for the data report."""

import hashlib

import numpy as np
from pydantic import BaseModel, ConfigDict

from SASANLib.card import Plane
from SASANLib.grid import SliceGrid
from SASANLib.networks.translation import Domain
from SASANLib.statistics import volume_statistics
from SASANLib.training.loading import Case
from SASANLib.training.preparation import PreparationConfig
from SASANLib.training.sources import Source
from SASANLib.volumes import Volume

AXES = ("right-left", "anterior-posterior", "inferior-superior")
_BINS = 64
_OBLIQUE_DEGREES = 25.0  # short-axis stacks of hearts have 30 to 53; which axis is nearest is chance then
_PERCENTILES = (1, 50, 99)
_SHOWN = (0.1, 99.9)  # percentiles of the body between which the histogram lies


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Histogram(_Part):
    """Counts of body voxels in equal bins from `low` to `high`, in the domain's units; what lies beyond is left out."""

    low: float
    high: float
    counts: tuple[int, ...]


class Measures(_Part):
    """What was measured in a volume. Sizes and spacings are those of i, j and k."""

    planes: tuple[Plane, ...]
    slices: int
    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    orientation: str
    """where i, j and k go, to the nearest patient direction: "LPS" of most MR and CT"""
    oblique_degrees: float
    """the largest angle between an axis and the patient axis nearest to it"""
    body_mm: tuple[float | None, float | None, float | None]
    """right-left, anterior-posterior, inferior-superior; None along an axis of one voxel"""
    range: tuple[float, float]
    body_percentiles: dict[str, float]
    histogram: Histogram
    label_ml: dict[str, float] | None
    """by the label's name, 0 where it is absent; None without labels"""
    digest: str
    """of the voxels: equal for identical images, whatever their names and headers"""

    def body_along_patient(self) -> tuple[float | None, float | None, float | None]:
        """`body_mm`, or nothing where the axes are too oblique to be called right-left and so on."""
        return self.body_mm if self.oblique_degrees <= _OBLIQUE_DEGREES else (None, None, None)


class CaseReport(_Part):
    """A volume: its files, its subject's side of the split, and its measures, unless it cannot be used."""

    domain: Domain
    name: str
    subject: str
    split: str
    image: str
    labels: str | None
    mask: str | None
    measures: Measures | None


def case_report(source: Source, measures: Measures | None) -> CaseReport:
    files = {name: None if path is None else str(path) for name, path in vars(source).items() if name in _FILES}
    return CaseReport(
        domain=source.domain, name=source.name, subject=source.subject, split=source.split, measures=measures, **files
    )


_FILES = ("image", "labels", "mask")


def measure(case: Case, grids: list[SliceGrid], labels: np.ndarray | None, config: PreparationConfig) -> Measures:
    """`labels` uint8 (k, j, i), or None."""
    volume = case.volume
    body = volume.array[case.body]
    percentiles = np.percentile(body, _PERCENTILES)
    low, high = (float(value) for value in np.percentile(body, _SHOWN))
    counts, _ = np.histogram(body, _BINS, (low, max(high, np.nextafter(low, np.inf))))
    voxel_ml = abs(np.linalg.det(volume.affine[:3, :3])) / 1000
    return Measures(
        planes=tuple(grid.plane for grid in grids),
        slices=sum(grid.shape[0] for grid in grids),
        size=volume.shape[::-1],
        spacing_mm=volume.spacing,
        orientation=orientation(volume),
        oblique_degrees=obliqueness(volume),
        body_mm=volume_statistics(volume, case.body, volume.array).body_extent_mm,
        range=(float(volume.array.min()), float(volume.array.max())),
        body_percentiles={str(p): float(v) for p, v in zip(_PERCENTILES, percentiles, strict=True)},
        histogram=Histogram(low=low, high=high, counts=tuple(counts.tolist())),
        label_ml=None
        if labels is None
        else {card.name: float((labels == card.value).sum() * voxel_ml) for card in config.labels},
        digest=hashlib.sha256(volume.array.tobytes()).hexdigest()[:16],
    )


def orientation(volume: Volume) -> str:
    """Where i, j and k go, to the nearest patient direction."""
    directions = volume.affine[:3, :3]
    nearest = np.abs(directions).argmax(axis=0)
    return "".join(("LR", "PA", "IS")[axis][int(directions[axis, n] > 0)] for n, axis in enumerate(nearest))


def obliqueness(volume: Volume) -> float:
    """The largest angle between an axis of the volume and the patient axis nearest to it, in degrees."""
    cosines = np.abs(volume.affine[:3, :3] / volume.spacing).max(axis=0)
    return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).max())
