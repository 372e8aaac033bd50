"""What a training set looks like, measured case by case, and an input measured the same way."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from SASANLib.card import HISTOGRAM_BINS, BodyExtent, DomainStatistics, Interval
from SASANLib.errors import SASANError

_BIN_WIDTH = 2 / HISTOGRAM_BINS


@dataclass(frozen=True, eq=False)
class CaseStatistics:
    """One case's measures, each of which `DomainStatistics` holds a range or an average of."""

    histogram: np.ndarray
    """(64,) fraction of body voxels per bin from −1 to 1"""
    mean: float
    sd: float
    body_extent_mm: tuple[float, float, float]
    """right-left, anterior-posterior, inferior-superior"""
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
        spacing: of i, j, k in mm.
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
        _extent(body, axis) * step for axis, step in zip((0, 1, 2), reversed(spacing), strict=True)
    )
    # The three are sorted, so that it does not matter along which patient axis the slices were acquired.
    _, middle, coarsest = sorted(float(s) for s in spacing)
    return CaseStatistics(
        histogram=counts / counts.sum(),
        mean=float(values.mean()),
        sd=float(values.std()),
        body_extent_mm=(right_left, anterior_posterior, inferior_superior),
        in_plane_spacing_mm=middle,
        through_plane_spacing_mm=coarsest,
        value_range=(float(low), float(high)),
    )


def domain_statistics(
    cases: Iterable[tuple[np.ndarray, np.ndarray, tuple[float, float, float], np.ndarray]],
) -> DomainStatistics:
    """The statistics of a training set; each case is the arguments of `case_statistics`, read one at a time.

    Raises:
        SASANError: no cases, or one without a body.
    """
    measured = [case_statistics(*case) for case in cases]
    if not measured:
        raise SASANError("There are no training cases to measure.", "Check the training data's folder.")
    means = np.array([case.mean for case in measured])
    sds = np.array([case.sd for case in measured])
    histogram = np.mean([case.histogram for case in measured], axis=0)
    mean = means.mean()
    extents = np.array([case.body_extent_mm for case in measured])
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
            right_left=_interval(extents[:, 0]),
            anterior_posterior=_interval(extents[:, 1]),
            inferior_superior=_interval(extents[:, 2]),
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


def _percentile_interval(values: np.ndarray) -> Interval:
    low, high = np.percentile(values, (1, 99))
    return Interval(low=float(low), high=float(high))
