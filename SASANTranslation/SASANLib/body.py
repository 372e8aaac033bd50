"""The patient's body in a volume, without couch and head rest: to centre the field, measure intensities."""

import numpy as np
import SimpleITK as sitk

from SASANLib.errors import SASANError

_AIR_HU = -400.0  # between air and fat; skin's partial-volume voxels fall inside
_SHELL_MM = 3.0  # removes a CT's couch and head rest, before closing would tie them to the head
_CLOSING_MM = 5.0  # bridges the dark skull of an MR, and mouth and airways
_OPENING_MM = 5.0  # removes what is thinner than 1 cm and still hangs on: tubes, ghosts, frames


def body_mask(array: np.ndarray, units: str, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> np.ndarray:
    """The body as bool (k, j, i), holes filled; all False when nothing is brighter than air.

    Args:
        array: (k, j, i) intensities; one slice is enough.
        units: "HU" for a fixed threshold; anything else finds the threshold from the histogram.
        spacing: of i, j and k in mm (`Volume.spacing`), so that couch and gaps are judged in millimetres.
    """
    body = _tissue_in_ct(array, spacing) if units == "HU" else _brighter_than_air(array)
    body = _fill_slices(_close(body, _CLOSING_MM, spacing))
    body = _largest_component(_open(body, _OPENING_MM, spacing))
    return _fill_slices(body)


def with_margin(mask: np.ndarray, margin_mm: float, spacing: tuple[float, float, float]) -> np.ndarray:
    """`mask` (bool, k, j, i) and every voxel whose centre is within `margin_mm` of one of its; spacing of i, j, k."""
    return _distance_mm(mask, spacing) <= margin_mm


def bounding_box(mask: np.ndarray) -> tuple[slice, ...]:
    """The smallest box around the mask's True voxels, one slice per axis.

    Raises:
        SASANError: when the mask is empty.
    """
    if not mask.any():
        raise SASANError("No body was found in the volume.", "Check that it shows the anatomy the model is for.")
    box = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        hits = np.flatnonzero(mask.any(axis=others))
        box.append(slice(int(hits[0]), int(hits[-1]) + 1))
    return tuple(box)


def _tissue_in_ct(array: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    # Not for MR, where this would remove the scalp, a thin bright layer on a dark skull.
    return _open(_fill_slices(array > _AIR_HU), _SHELL_MM, spacing)


def _brighter_than_air(array: np.ndarray) -> np.ndarray:
    """Otsu's threshold on the cube root of the intensities.

    The root pulls the tissues together and away from air, so that the threshold falls between air and dim
    tissue (and not between dim and bright tissue) despite fat, contrast agent and a bias field.
    """
    low, high = np.percentile(array, (0.5, 99.5))
    low = min(low, 0.0)  # air of a volume that was z-scored before lies below zero
    root = np.cbrt(np.clip(array, low, high) - low).astype(np.float32)
    otsu = sitk.OtsuThresholdImageFilter()
    otsu.SetNumberOfHistogramBins(256)
    otsu.Execute(sitk.GetImageFromArray(root))
    return root > otsu.GetThreshold()


def _distance_mm(mask: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Distance of every voxel to the nearest True voxel's centre, 0 inside; infinite when there is none."""
    if not mask.any():
        return np.full(mask.shape, np.inf, dtype=np.float32)
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(spacing)
    distance = sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
    return np.maximum(sitk.GetArrayViewFromImage(distance), 0)


def _close(mask: np.ndarray, radius: float, spacing: tuple[float, float, float]) -> np.ndarray:
    # Room around the volume, or the body would grow onto a border nearby. A single slice stays flat.
    pad = [0 if n == 1 else int(np.ceil(radius / mm)) + 1 for n, mm in zip(mask.shape, spacing[::-1], strict=True)]
    padded = np.pad(mask, [(width, width) for width in pad])
    grown = _distance_mm(padded, spacing) <= radius
    closed = _distance_mm(~grown, spacing) > radius
    return closed[tuple(slice(width, width + n) for width, n in zip(pad, mask.shape, strict=True))]


def _open(mask: np.ndarray, radius: float, spacing: tuple[float, float, float]) -> np.ndarray:
    # Beyond the border counts as body: a neck cut by the field of view keeps its corners.
    core = _distance_mm(~mask, spacing) > radius
    return _distance_mm(core, spacing) <= radius


def _largest_component(mask: np.ndarray) -> np.ndarray:
    components = sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)))
    return sitk.GetArrayFromImage(sitk.RelabelComponent(components)) == 1


def _fill_slices(mask: np.ndarray) -> np.ndarray:
    """Fill what a slice of any plane encloses: sinuses and airways are open to the outside in 3-D only."""
    for axis in range(3):
        count, *shape = np.moveaxis(mask, axis, 0).shape
        if min(shape) > 2:
            # Walls between the slices let one call fill them all, each on its own.
            walled = np.ones((2 * count + 1, *shape), dtype=np.uint8)
            walled[1::2] = np.moveaxis(mask, axis, 0)
            filled = sitk.GetArrayFromImage(sitk.BinaryFillhole(sitk.GetImageFromArray(walled)))
            mask = np.moveaxis(filled[1::2] == 1, 0, axis)
    return np.ascontiguousarray(mask)
