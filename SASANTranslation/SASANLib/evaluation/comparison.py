"""A synthetic volume against a real one of the same patient: where they differ, and by how much."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from SASANLib.body import body_mask
from SASANLib.errors import SASANError
from SASANLib.evaluation import metrics
from SASANLib.grid import resample
from SASANLib.volumes import Volume, check_image


@dataclass(frozen=True)
class ClassError:
    """The error in one class's voxels of the body; None where there are none."""

    value: int
    name: str
    voxels: int
    mae: float | None
    bias: float | None
    """mean of synthetic − reference"""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Measured in the body of the reference, where both volumes have voxels; in the volumes' units."""

    difference: np.ndarray
    """float32 (k, j, i), synthetic − reference, on the synthetic volume's grid; 0 beyond the body"""
    voxels: int
    mae: float
    psnr: float | None
    """dB; None for equal volumes"""
    ssim: float | None
    """None without monai, and where the body is thinner than a window"""
    classes: list[ClassError]


def compare(
    synthetic: Volume,
    reference: Volume,
    *,
    modality: str,
    units: str,
    segmentation: np.ndarray | None = None,
    labels: Sequence[tuple[int, str]] = (),
    name: str = "the reference",
    check: Callable[[], None] = lambda: None,
    notice: Callable[[str], None] = lambda text: None,
) -> Comparison:
    """Compare on the grid of `synthetic`; the reference may lie on any grid of the same space.

    CT is clipped to `metrics.CT_RANGE` for all measures, whose width is the range that PSNR and SSIM refer to, as in
    SynthRAD2023; for other modalities that range is the reference's own in the body. The difference is not clipped.

    modality, units: "CT" and "HU", or "MR" and "a.u.", of both volumes.
    segmentation: (k, j, i), on the grid of `synthetic`, the classes of `labels`, (value, name) each.
    name: what messages call the reference.
    check: called between the steps; may raise.
    notice: told what could not be measured, and why.

    Raises:
        SASANError: an unusable volume, no body in the reference, or no voxel in common.
    """
    check_image(reference, name)
    if not np.isfinite(synthetic.array).all():
        raise SASANError("The synthetic volume contains NaN or infinite voxels.", "Translate again.")
    check()
    real, mask = _onto(synthetic, reference, units, name)
    check()
    difference = np.where(mask, synthetic.array - real, np.float32(0))
    fake = synthetic.array
    if modality == "CT":
        fake, real = (np.clip(array, *metrics.CT_RANGE) for array in (fake, real))
        span = metrics.CT_RANGE[1] - metrics.CT_RANGE[0]
    else:
        span = float(np.ptp(real[mask]))
    mae = metrics.mean_absolute_error(fake, real, mask)
    psnr = _finite(metrics.peak_signal_to_noise(fake, real, mask, span)) if span else None
    ssim = _similarity(fake, real, mask, span, notice)
    classes = [
        _class_error(fake, real, mask & (segmentation == v), v, n) for v, n in labels if segmentation is not None
    ]
    return Comparison(difference, int(mask.sum()), mae, psnr, ssim, classes)


def _onto(synthetic: Volume, reference: Volume, units: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The reference, and its body as bool, on the grid of `synthetic`."""
    # On the reference's own grid: beyond its field of view there would be made-up air, and a body cut by it.
    body = body_mask(reference.array, units, reference.spacing)
    if not body.any():
        raise SASANError(f"No body was found in {name}.", "Check that it shows the same patient.")
    to = (reference.affine, synthetic.affine, synthetic.shape)
    mask = resample(body.astype(np.uint8), *to, interpolation="nearest", fill=0) > 0.5
    if not mask.any():
        raise SASANError(
            f"The body in {name} and the synthetic volume do not overlap.", "Choose an image that is registered to it."
        )
    return resample(reference.array, *to, interpolation="linear", fill=float(reference.array.min())), mask


def _similarity(
    fake: np.ndarray, real: np.ndarray, mask: np.ndarray, span: float, notice: Callable[[str], None]
) -> float | None:
    if not span:
        return None
    try:
        return _finite(metrics.structural_similarity(fake, real, mask, span))
    except ImportError:
        notice("SSIM was not measured because the Python package monai is not installed.")
        return None


def _class_error(fake: np.ndarray, real: np.ndarray, mask: np.ndarray, value: int, name: str) -> ClassError:
    voxels = int(mask.sum())
    if not voxels:
        return ClassError(value, name, 0, None, None)
    bias = float((fake[mask] - real[mask]).mean(dtype=np.float64))
    return ClassError(value, name, voxels, metrics.mean_absolute_error(fake, real, mask), bias)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
