"""2.5-D: which neighbours a slice is read with, and what its overlapping predictions say together."""

import numpy as np


def windows(slices: int, context: int) -> np.ndarray:
    """The slices each slice is read with: (slices, context) indices, the row's own slice in the middle.

    At both ends the edge slice stands in for the neighbours that are not there.
    """
    half = context // 2
    centres = np.arange(slices)[:, None]
    return np.clip(centres + np.arange(-half, half + 1), 0, slices - 1)


class RunningMoments:
    """Mean and variance of predictions that come one after the other (Welford), each held once in memory.

    Sums of squares would do the same with less code, but in float32 they leave a spread of about 0.3 HU
    between identical predictions.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.mean = np.zeros(shape, np.float32)
        self._squares = np.zeros(shape, np.float32)  # sum of squared distances from the mean
        self.count = np.zeros(shape[0], np.int32)
        """how many predictions each slice has had"""

    def add(self, values: np.ndarray, index: np.ndarray | slice) -> None:
        """One more prediction `values` (n, …) of the slices `index`: n distinct ones along the first axis."""
        self.count[index] += 1
        count = self.count[index].reshape(-1, *[1] * (values.ndim - 1))
        delta = values - self.mean[index]
        self.mean[index] += delta / count
        self._squares[index] += delta * (values - self.mean[index])

    def take_variance(self) -> np.ndarray:
        """The population variance, 0 after a single prediction; reuses the memory: no `add` may follow."""
        count = np.maximum(self.count, 1).reshape(-1, *[1] * (self.mean.ndim - 1))
        self._squares /= count
        return self._squares


def add_window_predictions(moments: RunningMoments, predictions: np.ndarray, start: int, *, overlap: str) -> None:
    """Count the predictions (n, context, h, w) of the windows centred on slices start … start + n − 1.

    overlap "average": every slice of a window is a prediction of that slice (those of stand-in slices beyond
    the ends predict nothing that exists and are left out); "centre": only the window's own slice counts.
    """
    n, context = predictions.shape[:2]
    half = context // 2
    offsets = (0,) if overlap == "centre" else range(-half, half + 1)
    for offset in offsets:
        index = np.arange(start, start + n) + offset
        inside = (index >= 0) & (index < len(moments.count))
        if inside.any():
            moments.add(predictions[inside, half + offset], index[inside])
