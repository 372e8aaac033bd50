"""Where the images of a pair are compared."""

import numpy as np

from SASANLib.training.batch import AIR, IGNORED, PAIRED


def comparable_region(body_a: np.ndarray, body_b: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """PAIRED inside the mask, or without one where both images show the body; AIR where neither does; else IGNORED."""
    common = body_a & body_b if mask is None else mask
    return np.select([common, ~(body_a | body_b)], [PAIRED, AIR], IGNORED).astype(np.uint8)


def body_overlap(body_a: np.ndarray, body_b: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Dice coefficient of two bodies, 0 to 1; with a mask, of what lies inside it."""
    if mask is not None:
        body_a, body_b = body_a & mask, body_b & mask
    either = int(body_a.sum()) + int(body_b.sum())
    return 2 * int((body_a & body_b).sum()) / either if either else 0.0
