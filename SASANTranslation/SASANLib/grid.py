"""The model's slice grid, and resampling onto it and back onto exactly the input's grid.

Volumes are resampled in index space: both images get unit geometry and one affine, index → index, carries all
of the geometry, so that oblique, flipped, left-handed and sheared grids need no special case.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import SimpleITK as sitk

from SASANLib.errors import SASANError
from SASANLib.volumes import Volume

PLANES = ("axial", "coronal", "sagittal")

# Radiological display: where i, j and k of a slice stack go, as RAS unit vectors (columns).
_LEFT, _POSTERIOR, _INFERIOR, _SUPERIOR = (-1, 0, 0), (0, -1, 0), (0, 0, -1), (0, 0, 1)
_AXES = {
    "axial": np.array([_LEFT, _POSTERIOR, _SUPERIOR], dtype=np.float64).T,
    "coronal": np.array([_LEFT, _INFERIOR, _POSTERIOR], dtype=np.float64).T,
    "sagittal": np.array([_POSTERIOR, _INFERIOR, _LEFT], dtype=np.float64).T,
}

_INTERPOLATORS = {"linear": sitk.sitkLinear, "nearest": sitk.sitkNearestNeighbor}
_ROUNDING = 1e-6  # of a step: affines carry rounding errors that must not add a slice


@dataclass(frozen=True, eq=False)
class SliceGrid:
    """Slices along the patient's axes: `affine` (4, 4) maps (i, j, k, 1) to RAS in mm; `shape` is (k, j, i).

    Axial: i→L j→P k→S. Coronal: i→L j→I k→P. Sagittal: i→P j→I k→L.
    """

    plane: str
    affine: np.ndarray
    shape: tuple[int, int, int]


def slice_grid(
    volume: Volume, body: np.ndarray, plane: str, spacing_mm: float, size: int, multiple: int = 16
) -> SliceGrid:
    """The grid of `plane` on which a model with `size` by `size` pixels of `spacing_mm` sees `volume`.

    In the plane the field is centred on the bounding box of `body` (bool, the volume's shape) to within a
    pixel, and grows to the next multiple of `multiple` where the body is wider. The slices cover the body;
    their step is `spacing_mm`, or the input's spacing along the plane's normal where that is coarser.

    Raises:
        SASANError: for an unknown plane or an empty body.
    """
    if plane not in PLANES:
        raise SASANError(f"Unknown plane {plane!r}.", f"Choose one of {', '.join(PLANES)}.")
    axes = _AXES[plane]
    to_index = np.linalg.inv(volume.affine[:3, :3])
    normal_spacing = 1 / np.linalg.norm(to_index @ axes[:, 2])
    steps = np.array([spacing_mm, spacing_mm, max(spacing_mm, normal_spacing)])

    low, high = _extent(volume, body, axes)
    # Pixels fall on voxel centres where the spacings allow it: a shift by half a voxel would blur twice.
    nearest_voxel = np.round(to_index @ (axes @ (low + high) / 2 - volume.affine[:3, 3]))
    anchor = axes.T @ (volume.affine[:3, :3] @ nearest_voxel + volume.affine[:3, 3])

    first, count = np.empty(3), [0, 0, 0]
    for axis in range(3):
        start = math.floor((low[axis] - anchor[axis]) / steps[axis] + 0.5 + _ROUNDING)
        stop = math.ceil((high[axis] - anchor[axis]) / steps[axis] - 0.5 - _ROUNDING)
        needed = max(1, stop - start + 1)
        in_plane = axis < 2
        count[axis] = math.ceil(max(size, needed) / multiple) * multiple if in_plane else needed
        first[axis] = anchor[axis] + (start - (count[axis] - needed) // 2) * steps[axis]

    affine = np.eye(4)
    affine[:3, :3] = axes * steps
    affine[:3, 3] = axes @ first
    return SliceGrid(plane, affine, (count[2], count[1], count[0]))


def _extent(volume: Volume, body: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest coordinate (mm) of the body's voxels, edges included, along `axes`' columns."""
    k, j = np.nonzero(body.any(axis=2))
    if k.size == 0:
        raise SASANError("No body was found in the volume.", "Check that it shows the anatomy the model is for.")
    # A linear function over a row of voxels is extreme at the row's ends, so two voxels a row are enough.
    rows = body[k, j]
    ends = np.concatenate([rows.argmax(axis=1), rows.shape[1] - 1 - rows[:, ::-1].argmax(axis=1)])
    index = np.stack([ends, np.tile(j, 2), np.tile(k, 2)]).astype(np.float64)
    along = axes.T @ volume.affine[:3, :3]
    coordinates = along @ index + (axes.T @ volume.affine[:3, 3])[:, None]
    half_voxel = np.abs(along).sum(axis=1) / 2
    return coordinates.min(axis=1) - half_voxel, coordinates.max(axis=1) + half_voxel


def resample(
    array: np.ndarray,
    affine_from: np.ndarray,
    affine_to: np.ndarray,
    shape_to: tuple[int, int, int],
    *,
    interpolation: Literal["linear", "nearest"],
    fill: float,
    smooth_above: float = 1.0,
) -> np.ndarray:
    """`array` (k, j, i) on the grid `affine_from` → float32 of `shape_to` (k, j, i) on the grid `affine_to`.

    Both affines map (i, j, k, 1) to the same space. A voxel reaches half a step around its centre; beyond the
    outermost voxels' edges the result is `fill`. Linear interpolation is anti-aliased along the source axes
    that shrink by more than `smooth_above`.
    """
    to_source = np.linalg.inv(affine_from) @ affine_to
    image = sitk.GetImageFromArray(np.ascontiguousarray(array, dtype=np.float32))
    if interpolation == "linear":
        image = _anti_alias(image, to_source[:3, :3], smooth_above)
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(to_source[:3, :3].ravel().tolist())
    transform.SetTranslation(to_source[:3, 3].tolist())
    k, j, i = (int(n) for n in shape_to)
    unit = ([0.0] * 3, [1.0] * 3, np.eye(3).ravel().tolist())
    output = sitk.Resample(
        image, (i, j, k), transform, _INTERPOLATORS[interpolation], *unit, float(fill), sitk.sitkFloat32
    )
    return sitk.GetArrayFromImage(output)


def _anti_alias(image: sitk.Image, to_source: np.ndarray, above: float) -> sitk.Image:
    """Match the source's point spread to the target's before sampling (Cardoso et al., MICCAI 2015).

    Both spreads are Gaussian with a full width at half maximum of one step; row a of `to_source` says how
    many source voxels one target step is along source axis a. Variances subtract: (scale² - 1) / (8 ln 2)
    voxels².
    """
    scale = np.linalg.norm(to_source, axis=1)
    variance = np.where(scale > above + _ROUNDING, (scale**2 - 1) / (8 * math.log(2)), 0.0)
    if not variance.any():
        return image
    width = 2 * math.ceil(4 * math.sqrt(variance.max())) + 1
    return sitk.DiscreteGaussian(
        image, variance.tolist(), maximumKernelWidth=width, maximumError=[1e-3] * 3, useImageSpacing=False
    )


def to_grid(
    volume: Volume, grid: SliceGrid, fill: float, interpolation: Literal["linear", "nearest"] = "linear"
) -> np.ndarray:
    """The volume on `grid`: float32 of `grid.shape`, `fill` outside the volume."""
    return resample(volume.array, volume.affine, grid.affine, grid.shape, interpolation=interpolation, fill=fill)


def from_grid(
    array: np.ndarray,
    grid: SliceGrid,
    volume: Volume,
    fill: float,
    interpolation: Literal["linear", "nearest"] = "linear",
    smooth_above: float = 1.0,
) -> np.ndarray:
    """`array` on `grid` → float32 on exactly the grid of `volume` (its shape), `fill` outside the slices."""
    options = {"interpolation": interpolation, "fill": fill, "smooth_above": smooth_above}
    return resample(array, grid.affine, volume.affine, volume.shape, **options)
