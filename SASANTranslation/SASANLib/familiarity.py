"""Whether an input looks like what the model was trained on: sentences for the user, never a refusal.

A network answers any image, a torso as readily as the heads it knows, and the answer may look plausible. So
every input is measured as the training cases were (`SASANLib.statistics`) and compared with the model card.
The tolerances are wide because a training set never shows all that a model can do.
"""

from collections.abc import Iterator

import numpy as np

from SASANLib.card import DomainCard, Interval
from SASANLib.statistics import CaseStatistics, histogram_distance, volume_statistics
from SASANLib.volumes import Volume

SPACING_FACTOR = 2.0
"""coarser voxels than this many times the coarsest known ones; finer ones are averaged on the way in"""
EXTENT_TOLERANCE = 0.1
"""of the known limits"""
INTENSITY_TOLERANCE = 0.25
"""of the known interval's width, beyond either end"""
SMALLEST_SLACK = 0.02
"""of the model's range, for intervals that a few alike cases made very narrow"""
DISTANCE_FACTOR = 1.5

_AXIS_NAMES = ("from right to left", "from front to back", "from bottom to top")


def unfamiliar(volume: Volume, body: np.ndarray, image: np.ndarray, domain: DomainCard) -> list[str]:
    """One sentence for every measure of the input that lies outside of what the model knows.

    volume: in the source's units. body: bool (k, j, i). image: the volume in model range.
    domain: the model card's, of the source.
    Each sentence has the measure, its value and the range that the model knows.
    """
    case = volume_statistics(volume, body, image)
    return [*_geometry(case, domain), *_intensities(case, domain)]


def _geometry(case: CaseStatistics, domain: DomainCard) -> Iterator[str]:
    known = domain.statistics
    spacings = (
        ("The voxels", case.in_plane_spacing_mm, known.in_plane_spacing_mm),
        ("The slices", case.through_plane_spacing_mm, known.through_plane_spacing_mm),
    )
    for what, value, interval in spacings:
        if value > SPACING_FACTOR * interval.high:
            trained = _range(interval, ".2g", "mm")
            yield f"{what} are {value:.2g} mm apart; the model was trained on {trained}."
    extents = known.body_extent_mm
    intervals = (extents.right_left, extents.anterior_posterior, extents.inferior_superior)
    for axis, value, interval in zip(_AXIS_NAMES, case.body_extent_mm, intervals, strict=True):
        if value is None or interval is None:  # a single slice has no extent across
            continue
        low, high = interval.low * (1 - EXTENT_TOLERANCE), interval.high * (1 + EXTENT_TOLERANCE)
        if not low <= value <= high:
            trained = _range(interval, ".0f", "mm")
            yield f"The body measures {value:.0f} mm {axis}; the model was trained on {trained}."


def _intensities(case: CaseStatistics, domain: DomainCard) -> Iterator[str]:
    known = domain.statistics
    scale = "on the model's scale of −1 to 1"
    for what, value, interval in (("mean", case.mean, known.body_mean), ("spread", case.sd, known.body_sd)):
        if not _within(value, interval, SMALLEST_SLACK):
            yield (
                f"The {what} of the body's intensities is {value:.2f} {scale}; "
                f"the model was trained on {_range(interval, '.2f')}."
            )
    distance = histogram_distance(case.histogram, np.array(known.histogram))
    if distance > DISTANCE_FACTOR * known.histogram_distance + SMALLEST_SLACK:
        yield (
            f"The body's intensities differ from the typical {domain.name} image by {distance:.2f} {scale}; "
            f"the model was trained on 0 to {known.histogram_distance:.2f}."
        )
    # Arbitrary units mean something only within their own image, so MR has no range of values to compare.
    if domain.units == "HU" and not all(_within(value, known.value_range, 0) for value in case.value_range):
        low, high = case.value_range
        yield (
            f"The body's values go from {low:.0f} to {high:.0f} HU; "
            f"the model was trained on {_range(known.value_range, '.0f', 'HU')}."
        )


def _within(value: float, interval: Interval, least: float) -> bool:
    slack = max(INTENSITY_TOLERANCE * (interval.high - interval.low), least)
    return interval.low - slack <= value <= interval.high + slack


def _range(interval: Interval, style: str, unit: str = "") -> str:
    low, high = format(interval.low, style), format(interval.high, style)
    text = low if low == high else f"{low} to {high}"
    return f"{text} {unit}".strip()
