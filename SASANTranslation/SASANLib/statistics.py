"""What a training set looks like, measured case by case, and an input measured the same way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from SASANLib.card import HISTOGRAM_BINS, BodyExtent, DomainStatistics, Interval
from SASANLib.errors import SASANError

if TYPE_CHECKING:  # importing it would load SimpleITK
    from SASANLib.volumes import Volume

_BIN_WIDTH = 2 / HISTOGRAM_BINS


@dataclass(frozen=True, eq=False)
class CaseStatistics:
    """One case's measures, each of which `DomainStatistics` holds a range or an average of."""

    histogram: np.ndarray
    """(64,) fraction of body voxels per bin from −1 to 1"""
    mean: float
    sd: float
    body_extent_mm: tuple[float | None, float | None, float | None]
    """right-left, anterior-posterior, inferior-superior; None along an axis of one voxel"""
    in_plane_spacing_mm: float
    through_plane_spacing_mm: float
    value_range: tuple[float, float]
    """0.1st and 99.9th percentile of the body, in the domain's units"""


def case_statistics(
    array: np.ndarray, body: np.ndarray, spacing: tuple[float, float, float], units_array: np.ndarray
) -> CaseStatistics:
    """Measure one case.

    Args:
        array: (k, j, i) in the model's range [−1, 1]; k, j, i along (or nearest to) the patient's
            inferior-superior, anterior-posterior and right-left axes, in whichever sense.
        body: bool, same shape.
        spacing: of i, j, k in mm. An axis of one voxel, the normal of a single slice, counts for neither
            extents nor spacings: its voxel's size says how thick the slice is, not how far apart slices are.
        units_array: (k, j, i), the same voxels in the domain's own units.

    Raises:
        SASANError: when `body` is empty.
    """
    if not body.any():
        raise SASANError("No body was found in the volume.", "Check that it shows the anatomy the model is for.")
    values = array[body].astype(np.float64)
    counts, _ = np.histogram(np.clip(values, -1, 1), bins=HISTOGRAM_BINS, range=(-1, 1))
    low, high = np.percentile(units_array[body], (0.1, 99.9))
    inferior_superior, anterior_posterior, right_left = (
        _extent(body, axis) * step if body.shape[axis] > 1 else None
        for axis, step in zip((0, 1, 2), reversed(spacing), strict=True)
    )
    # Sorted, so that it does not matter along which patient axis the slices were acquired.
    steps = sorted(float(s) for s, voxels in zip(reversed(spacing), body.shape, strict=True) if voxels > 1) or [0.0]
    return CaseStatistics(
        histogram=counts / counts.sum(),
        mean=float(values.mean()),
        sd=float(values.std()),
        body_extent_mm=(right_left, anterior_posterior, inferior_superior),
        in_plane_spacing_mm=steps[:2][-1],
        through_plane_spacing_mm=steps[-1],
        value_range=(float(low), float(high)),
    )


def volume_statistics(volume: "Volume", body: np.ndarray, image: np.ndarray) -> CaseStatistics:
    """`case_statistics` of a volume in the domain's units, its body (bool) and its `image` in model range."""
    axes, spacing = patient_order(volume)
    return case_statistics(image.transpose(axes), body.transpose(axes), spacing, volume.array.transpose(axes))


def patient_order(volume: "Volume") -> tuple[tuple[int, int, int], tuple[float, float, float]]:
    """Array axes as `case_statistics` wants them, nearest to the patient's; spacings, last axis first."""
    directions = np.abs(volume.affine[:3, :3] / volume.spacing)  # rows R, A, S; columns i, j, k
    remaining = {0, 1, 2}
    columns = {}
    # The clearest direction chooses first: two oblique axes may be nearest to the same one.
    for row in np.argsort(-directions.max(axis=1)):
        columns[row] = max(remaining, key=lambda column, row=row: directions[row, column])
        remaining.remove(columns[row])
    right_left, anterior_posterior, inferior_superior = (int(columns[row]) for row in range(3))
    spacing = tuple(volume.spacing[c] for c in (right_left, anterior_posterior, inferior_superior))
    return (2 - inferior_superior, 2 - anterior_posterior, 2 - right_left), spacing


def domain_statistics(measured: Sequence[CaseStatistics]) -> DomainStatistics:
    """The statistics of a training set from those of its cases.

    Raises:
        SASANError: no cases.
    """
    if not measured:
        raise SASANError("There are no training cases to measure.", "Check the training data's folder.")
    means = np.array([case.mean for case in measured])
    sds = np.array([case.sd for case in measured])
    histogram = np.mean([case.histogram for case in measured], axis=0)
    mean = means.mean()
    extents = zip(*(case.body_extent_mm for case in measured), strict=True)
    right_left, anterior_posterior, inferior_superior = (_known_interval(values) for values in extents)
    lows, highs = np.array([case.value_range for case in measured]).T
    distances = [histogram_distance(case.histogram, histogram) for case in measured]
    return DomainStatistics(
        cases=len(measured),
        histogram=histogram.tolist(),
        histogram_distance=float(np.percentile(distances, 99)),
        mean=float(mean),
        # of the mixture of all cases: the spread within them and between them
        sd=float(np.sqrt(np.mean(sds**2 + (means - mean) ** 2))),
        body_mean=_percentile_interval(means),
        body_sd=_percentile_interval(sds),
        body_extent_mm=BodyExtent(
            right_left=right_left,
            anterior_posterior=anterior_posterior,
            inferior_superior=inferior_superior,
        ),
        in_plane_spacing_mm=_interval([case.in_plane_spacing_mm for case in measured]),
        through_plane_spacing_mm=_interval([case.through_plane_spacing_mm for case in measured]),
        value_range=Interval(low=float(lows.min()), high=float(highs.max())),
    )


def histogram_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Earth mover's distance of two histograms over [−1, 1]: how far, on average, a voxel's intensity is off.

    0 for equal histograms; for a histogram that is merely shifted, the shift in the model's range.
    """
    return float(np.abs(np.cumsum(np.asarray(first) - np.asarray(second))).sum() * _BIN_WIDTH)


def _extent(body: np.ndarray, axis: int) -> int:
    """Voxels from the first to the last one of the body along `axis`."""
    others = tuple(a for a in range(body.ndim) if a != axis)
    occupied = np.flatnonzero(body.any(axis=others))
    return int(occupied[-1] - occupied[0] + 1)


def _interval(values) -> Interval:
    return Interval(low=float(np.min(values)), high=float(np.max(values)))


def _known_interval(values: Iterable[float | None]) -> Interval | None:
    known = [value for value in values if value is not None]
    return _interval(known) if known else None


def _percentile_interval(values: np.ndarray) -> Interval:
    low, high = np.percentile(values, (1, 99))
    return Interval(low=float(low), high=float(high))
