"""One volume of the training data: read, checked, its body found, and brought onto its slice grids."""

from dataclasses import dataclass

import numpy as np

from SASANLib.body import body_mask
from SASANLib.card import GridCard, LabelCard, Plane
from SASANLib.errors import SASANError
from SASANLib.grid import SliceGrid, slice_grid, to_grid
from SASANLib.training.sources import Source
from SASANLib.volumes import Volume, check_voxels, read_labelmap, read_volume


@dataclass(frozen=True, eq=False)
class Case:
    """A volume in its own units and where its body is (bool, the volume's shape)."""

    source: Source
    volume: Volume
    body: np.ndarray


def read_case(source: Source, units: str) -> Case:
    """Raises: SASANError when the volume cannot be read, is not an image, or shows no body."""
    volume = read_volume(source.image)
    check_voxels(volume, source.image)
    body = body_mask(volume.array, units, volume.spacing)
    if not body.any():
        raise SASANError(f"No body was found in {source.image}.", "Check or remove that file.")
    return Case(source, volume, body)


def read_labels(case: Case, cards: tuple[LabelCard, ...]) -> np.ndarray:
    """The case's labelmap, uint8 (k, j, i).

    Raises:
        SASANError: not a labelmap, on another grid than the image, or with a value that is no label.
    """
    path = case.source.labels
    labels = _on_the_same_grid(read_labelmap(path), case, path)
    known = [0, *(card.value for card in cards)]
    if strange := sorted(set(np.unique(labels).tolist()).difference(known)):
        raise SASANError(
            f"{path} has the value {strange[0]}, which is none of the labels.",
            f"The labels are {', '.join(map(str, known))}: name one more, or correct the file.",
        )
    return labels


def read_mask(case: Case) -> np.ndarray:
    """Where the case is to be compared with its partner: bool (k, j, i). Raises as `read_labels`."""
    return _on_the_same_grid(read_labelmap(case.source.mask), case, case.source.mask) > 0


def slice_grids(case: Case, grid: GridCard) -> list[SliceGrid]:
    """The case's slices in each plane of `grid`; of a single slice, in its own plane alone.

    Raises:
        SASANError: a single slice that lies in none of the planes.
    """
    volume, path = case.volume, case.source.image
    single = 1 in volume.shape
    planes = [own_plane(volume)] if single else grid.planes
    if not set(planes) <= set(grid.planes):
        raise SASANError(
            f"{path} is a single {planes[0]} slice, and this plane is not prepared.",
            f"Remove it, or prepare the {planes[0]} plane too.",
        )
    grids = [slice_grid(volume, case.body, plane, grid.spacing_mm, grid.size) for plane in planes]
    if single and grids[0].shape[0] > 1:  # slices along the patient's axes would each show a strip of it
        raise SASANError(
            f"{path} is a single slice oblique to the patient's axes.",
            "Give the volume that it was cut from, or directions along the axes.",
        )
    return grids


def own_plane(volume: Volume) -> Plane:
    """The plane that a single-slice volume lies in, by the patient axis nearest to its normal."""
    flat = volume.shape[::-1].index(1)
    normal = np.abs(np.cross(*np.delete(volume.affine[:3, :3], flat, axis=1).T))
    return ("sagittal", "coronal", "axial")[int(normal.argmax())]


def slices_of(volume: Volume, array: np.ndarray, grids: list[SliceGrid], size: int, fill: float | None = None):
    """`array` on the volume's grid → (slices, size, size) in all `grids`, one after the other.

    With a `fill` it is an image, interpolated linearly, float32; without one labels or a mask, taken from the
    nearest voxel, of its own type. A grid grows for a body that is wider than `size`; of it the middle is kept.
    """
    mode, value = ("nearest", 0) if fill is None else ("linear", fill)
    stacks = [to_grid(volume.like(array), grid, value, interpolation=mode) for grid in grids]
    slices = np.concatenate([_middle(stack, size) for stack in stacks])
    return slices.astype(array.dtype) if fill is None else slices


def _middle(stack: np.ndarray, size: int) -> np.ndarray:
    top, left = ((n - size) // 2 for n in stack.shape[1:])
    return stack[:, top : top + size, left : left + size]


def _on_the_same_grid(labels: Volume, case: Case, path) -> np.ndarray:
    volume = case.volume
    if labels.shape != volume.shape or not np.allclose(labels.affine, volume.affine, atol=1e-3):
        raise SASANError(f"{path} lies on another grid than {case.source.image}.", "Resample it onto the image's grid.")
    return labels.array
