"""The part of a slice grid that the networks compute: the body and a margin, so that air costs nothing."""

from dataclasses import dataclass

import numpy as np

from SASANLib.body import bounding_box
from SASANLib.field import computed_range
from SASANLib.grid import SliceGrid, resample
from SASANLib.volumes import Volume

RAMP = 4
"""outermost pixels of that margin in which the output fades into the background"""


@dataclass(frozen=True, eq=False)
class BodyBox:
    """A slice grid cut down to the body."""

    grid: SliceGrid
    weights: np.ndarray
    """(h, w) float32, 1 inside, falling to near 0 in the outermost pixels of the margin"""


def body_box(body: Volume, grid: SliceGrid) -> BodyBox:
    """Cut `grid` down to the body in-plane: a multiple of 16 pixels with a margin, within `grid`.

    body: 0/1 mask on the input's grid. One box serves all slices, which `grid` has chosen to cover the body.

    Raises:
        SASANError: no body in the grid.
    """
    mask = resample(body.array, body.affine, grid.affine, grid.shape, interpolation="nearest", fill=0)
    _, j, i = bounding_box(mask > 0.5)
    start_j, stop_j = computed_range(j, grid.shape[1])
    start_i, stop_i = computed_range(i, grid.shape[2])
    shift = np.eye(4)
    shift[:2, 3] = start_i, start_j
    cut = SliceGrid(grid.plane, grid.affine @ shift, (grid.shape[0], stop_j - start_j, stop_i - start_i))
    weights = np.outer(_ramp(j, start_j, stop_j), _ramp(i, start_i, stop_i)).astype(np.float32)
    return BodyBox(cut, weights)


def _ramp(body: slice, start: int, stop: int) -> np.ndarray:
    """1 over the body, down in equal steps over the outermost pixels of air, as many as there are."""
    weights = np.ones(stop - start)
    low, high = min(RAMP, body.start - start), min(RAMP, stop - body.stop)
    weights[:low] = np.arange(1, low + 1) / (low + 1)
    weights[len(weights) - high :] = np.arange(high, 0, -1) / (high + 1)
    return weights
