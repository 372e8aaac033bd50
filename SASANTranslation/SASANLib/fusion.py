"""The predictions of one plane's slices, and of several planes together on the input's grid."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from SASANLib.batches import BatchRunner
from SASANLib.cropping import BodyBox
from SASANLib.grid import SliceGrid, from_grid, to_grid
from SASANLib.slicing import RunningMoments, add_window_predictions, windows
from SASANLib.volumes import Volume

# Maps and probabilities are many, and shown or compared rather than measured: half precision will do.
COMPACT = np.float16
SMOOTH_ABOVE = 2.0
"""and smoothing a dozen of them, for voxels little coarser than the slices, would take longer than all else"""


def compact(values: np.ndarray) -> np.ndarray:
    """In half precision, without overflow (also of differences of two values): maps are unbounded."""
    return np.clip(values, -3e4, 3e4).astype(COMPACT)


@dataclass(eq=False)
class PlanePrediction:
    """What the networks say of all slices of a plane; arrays (k, j, i) on `grid`."""

    grid: SliceGrid
    image: np.ndarray
    """float32, mean of the estimates, in model range"""
    variance: np.ndarray
    """float32, variance of the estimates"""
    maps: list[np.ndarray]
    outside: list[float]
    """for each map its value in the air around the body, continued beyond the grid"""
    probabilities: list[np.ndarray]
    estimates: int
    """the largest number of estimates that a slice has had"""


def predict_plane(
    runner: BatchRunner,
    image: Volume,
    box: BodyBox,
    *,
    context: int,
    source_background: float,
    target_background: float,
    flips: bool,
    overlap: str,
    step: Callable[[int], None],
) -> PlanePrediction:
    """Translate every slice of `box`. image: in model range, on the input's grid.

    flips: also translate each slice mirrored along its rows, and mirror the answer back: a second estimate.
    step: called before the first batch and after every batch with the number of slices just done; may raise.
    """
    slices = to_grid(image, box.grid, fill=source_background)
    neighbours = windows(len(slices), context)
    moments = RunningMoments(slices.shape)
    maps: list[np.ndarray] = []
    probabilities: list[np.ndarray] = []
    directions = (slice(None), slice(None, None, -1)) if flips else (slice(None),)
    step(0)
    for number, direction in enumerate(directions):

        def load(start: int, stop: int, direction=direction) -> np.ndarray:
            return slices[neighbours[start:stop]][..., direction]

        for batch in runner.run(len(slices), load):
            add_window_predictions(moments, batch.image[..., direction], batch.start, overlap=overlap)
            for sums, values in ((maps, batch.maps), (probabilities, batch.probabilities)):
                if not sums:
                    sums += [np.zeros(slices.shape, COMPACT) for _ in range(values.shape[1])]
                # Divided in single precision, and put where nothing is yet: counting in half is slow.
                parts = compact(values[..., direction] / len(directions))
                for channel, total in enumerate(sums):
                    if number == 0:
                        total[batch.start : batch.stop] = parts[:, channel]
                    else:
                        total[batch.start : batch.stop] += parts[:, channel]
            step(batch.stop - batch.start)

    outside = [_border_median(values) for values in maps]
    estimates = int(moments.count.max())
    variance = moments.take_variance()
    variance *= box.weights**2
    fade(moments.mean, box.weights, target_background)
    for values, air in zip(maps, outside, strict=True):
        fade(values, box.weights, air)
    for label, values in enumerate(probabilities):
        fade(values, box.weights, float(label == 0))
    return PlanePrediction(box.grid, moments.mean, variance, maps, outside, probabilities, estimates)


def fade(values: np.ndarray, weights: np.ndarray, background: float) -> None:
    """Blend (k, h, w) in place into `background` where weights (h, w) are below 1, so that no seam shows."""
    rim = weights < 1
    values[:, rim] = background + weights[rim] * (values[:, rim] - background)


def _border_median(values: np.ndarray) -> float:
    edges = (values[:, 0], values[:, -1], values[:, :, 0], values[:, :, -1])
    return float(np.median(np.concatenate([edge.ravel() for edge in edges])))


class Fusion:
    """The mean over planes on the input's grid as running sums: one plane's arrays at a time in memory."""

    def __init__(self, volume: Volume, planes: int, background: float) -> None:
        self._volume = volume
        self._planes = planes
        self._background = background
        self._image = RunningMoments(volume.shape)
        self._within = np.zeros(volume.shape, np.float32)
        self._maps: list[np.ndarray] = []
        self._probabilities: list[np.ndarray] = []

    def add(self, plane: PlanePrediction, check: Callable[[], None]) -> None:
        """Bring a plane onto the input's grid and count it. Consumes `plane`; `check` may raise."""
        volume = self._volume
        image = from_grid(plane.image, plane.grid, volume, fill=self._background)
        for k in range(len(image)):
            self._image.add(image[k : k + 1], slice(k, k + 1))
        del image
        check()
        self._within += from_grid(plane.variance, plane.grid, volume, fill=0.0) / self._planes
        outside_labels = [float(label == 0) for label in range(len(plane.probabilities))]
        self._add(self._maps, plane.maps, plane.grid, plane.outside, check)
        self._add(self._probabilities, plane.probabilities, plane.grid, outside_labels, check)

    def _add(self, sums: list, arrays: list, grid: SliceGrid, fills: list[float], check) -> None:
        if not sums:
            sums += [np.zeros(self._volume.shape, COMPACT) for _ in arrays]
        for total, fill in zip(sums, fills, strict=True):
            check()
            array = arrays.pop(0).astype(np.float32)
            values = from_grid(array, grid, self._volume, fill=fill, smooth_above=SMOOTH_ABOVE)
            values /= self._planes
            total += compact(values)

    def image(self) -> np.ndarray:
        """Mean of the planes, float32 in model range."""
        return self._image.mean

    def take_spread(self) -> np.ndarray:
        """Standard deviation over all estimates in model range: within the planes and between them."""
        variance = self._image.take_variance()
        variance += self._within
        # Interpolation and rounding may leave −1e-12 where the estimates agree.
        np.maximum(variance, 0, out=variance)
        return np.sqrt(variance, out=variance)

    def take_labels(self) -> np.ndarray:
        """The most probable class of each voxel, uint8."""
        best = self._probabilities.pop(0)
        labels = np.zeros(best.shape, np.uint8)
        for label in range(1, len(self._probabilities) + 1):
            probability = self._probabilities.pop(0)
            higher = probability > best
            labels[higher] = label
            best[higher] = probability[higher]
        return labels

    def take_maps(self, body: np.ndarray) -> Iterator[np.ndarray]:
        """The attention maps scaled for display, float32 in [0, 1], one by one."""
        while self._maps:
            yield scale_map(self._maps.pop(0).astype(np.float32), body)


def scale_map(values: np.ndarray, body: np.ndarray) -> np.ndarray:
    """A map's 1st … 99th percentile inside the body to [0, 1], clipped; 0 for a map without contrast there.

    Maps are unbounded, and one bright vessel must not turn the rest of a map black: hence percentiles. The
    scale is this image's own: brightness compares within a map, not between maps or images. Works in place.
    """
    inside = values[body]
    # A million voxels fix a percentile well enough, and sorting more takes seconds.
    low, high = np.percentile(inside[:: max(1, inside.size // 1_000_000)], (1, 99))
    if high - low <= 1e-6 * max(abs(low), abs(high), 1e-6):
        return np.zeros_like(values)
    values -= np.float32(low)
    values /= np.float32(high - low)
    return np.clip(values, 0, 1, out=values)
