"""A volume: an array and its place in the patient; read, checked and written."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from SASANLib.dicom import read_series, series_in
from SASANLib.errors import SASANError
from SASANLib.image_files import image_suffix, read_image, write_image

_FEW_VALUES = 8
_PIECEWISE_CONSTANT = 0.8

_FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])  # LPS (ITK, DICOM) ↔ RAS (Slicer, this library)


@dataclass(frozen=True, eq=False)
class Volume:
    """`array` (k, j, i), float32 for images, uint8 for labelmaps; `affine` (4, 4), (i, j, k, 1) → RAS in mm.

    The affine may be oblique, left-handed or sheared; it must be finite and invertible.
    """

    array: np.ndarray
    affine: np.ndarray

    def __post_init__(self) -> None:
        affine = np.asarray(self.affine, dtype=np.float64)
        if self.array.ndim != 3 or affine.shape != (4, 4):
            raise ValueError(f"a volume is (k, j, i) and (4, 4), not {self.array.shape} and {affine.shape}")
        if not np.isfinite(affine).all() or np.linalg.det(affine[:3, :3]) == 0:
            raise SASANError(
                "The volume's geometry is degenerate: its axes span no volume.",
                "Check its spacing, directions and parent transform.",
            )
        object.__setattr__(self, "affine", affine)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(k, j, i)."""
        return self.array.shape

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between neighbours along i, j and k, in mm."""
        return tuple(float(length) for length in np.linalg.norm(self.affine[:3, :3], axis=0))

    @property
    def size_mm(self) -> tuple[float, float, float]:
        """Extent along i, j and k, in mm, voxel edge to voxel edge."""
        return tuple(count * step for count, step in zip(self.shape[::-1], self.spacing, strict=True))

    def like(self, array: np.ndarray) -> "Volume":
        """`array`, of the same shape, on the same grid."""
        if array.shape != self.shape:
            raise ValueError(f"an array of shape {array.shape} does not fit a volume of shape {self.shape}")
        return Volume(array, self.affine)


def image_from_volume(volume: Volume) -> sitk.Image:
    """The volume as a SimpleITK image (LPS); bool becomes uint8."""
    array = volume.array.astype(np.uint8) if volume.array.dtype == bool else volume.array
    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    affine = _FLIP @ volume.affine
    image.SetSpacing(volume.spacing)
    image.SetDirection((affine[:3, :3] / volume.spacing).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    return image


def volume_from_image(image: sitk.Image) -> Volume:
    """A three-dimensional scalar SimpleITK image (LPS) as a float32 volume."""
    return Volume(sitk.GetArrayFromImage(image).astype(np.float32), affine_of(image))


def affine_of(image: sitk.Image) -> np.ndarray:
    """(i, j, k, 1) → RAS in mm of a three-dimensional SimpleITK image or reader."""
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return _FLIP @ affine


def read_volume(path: str | os.PathLike) -> Volume:
    """An image volume (float32) from an NRRD, NIfTI or MetaImage file or a folder with one DICOM series.

    Raises:
        SASANError: naming the file and what to do; see `read_image` and `read_series`.
    """
    return volume_from_image(_read(path))


def read_labelmap(path: str | os.PathLike) -> Volume:
    """A labelmap: uint8, or int32 where a value does not fit.

    Raises:
        SASANError: as `read_volume`, and for values that are not whole numbers.
    """
    image = _read(path)
    values = sitk.GetArrayFromImage(image)
    limits = np.iinfo(np.int32)
    whole = np.isfinite(values).all() and (values == np.round(values)).all()
    if not whole or values.min() < limits.min or values.max() > limits.max:
        raise SASANError(
            f"{path} is not a labelmap: its values are not whole numbers.", "Give the labels, not an image."
        )
    fits = values.min() >= 0 and values.max() <= 255
    return Volume(values.astype(np.uint8 if fits else np.int32), affine_of(image))


def write_volume(volume: Volume, path: str | os.PathLike) -> None:
    """Write as .nrrd, .nii, .nii.gz or .mha, compressed; the file is complete or not there.

    Raises:
        SASANError: unsupported suffix, sheared axes in NIfTI, unwritable folder, full disk.
    """
    write_image(image_from_volume(volume), Path(path))


def find_volumes(path: str | os.PathLike) -> list[Path]:
    """What `read_volume` can be given at `path`: the file, the DICOM folder, or what a folder holds.

    Of a folder, these are its image files and its direct subfolders with DICOM images, sorted by name.

    Raises:
        SASANError: when there is nothing.
    """
    path = Path(path)
    if not path.exists():
        raise SASANError(f"{path} does not exist.", "Check the path.")
    if not path.is_dir():
        return [path]
    visible = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
    found = [entry for entry in visible if (series_in(entry) if entry.is_dir() else image_suffix(entry))]
    if not found and series_in(path):
        found = [path]
    if not found:
        raise SASANError(f"{path} holds no volumes.", "Give a folder with NRRD, NIfTI, MHA or DICOM files.")
    return found


def check_image(volume: Volume, path: str | os.PathLike) -> None:
    """Refuse what cannot be translated; `path` names it in the message.

    Raises:
        SASANError: a single slice, NaN or infinite voxels, one intensity everywhere, or a labelmap.
    """
    array = volume.array
    if min(array.shape) < 2:
        raise SASANError(
            f"{path} is a single slice ({' x '.join(map(str, array.shape[::-1]))}).",
            "Give a three-dimensional volume.",
        )
    check_voxels(volume, path)


def check_voxels(volume: Volume, path: str | os.PathLike) -> None:
    """Refuse voxels that are no image's; a single slice, as training may have them, is welcome.

    Raises:
        SASANError: NaN or infinite voxels, one intensity everywhere, or a labelmap.
    """
    array = volume.array
    if not np.isfinite(array).all():
        raise SASANError(
            f"{path} contains NaN or infinite voxels.", "Replace them by the value of air and save it again."
        )
    if array.min() == array.max():
        raise SASANError(f"{path} has the same value in every voxel.", "Check that the export worked.")
    if _looks_like_labels(array):
        raise SASANError(f"{path} looks like a labelmap.", "Give the image it was drawn on.")


def _read(path: str | os.PathLike) -> sitk.Image:
    path = Path(path)
    return read_series(path) if path.is_dir() else read_image(path)


def _looks_like_labels(array: np.ndarray) -> bool:
    """Whole numbers that are few, or that mostly equal their neighbours where they are not background.

    In an image, noise makes neighbours differ; padding and air, its commonest value, are left out. Of the MR
    and CT volumes this was tried on, 52 % of the neighbours were equal at most; of their masks, all.
    """
    if (array != np.round(array)).any():
        return False
    values, counts = np.unique(array, return_counts=True)
    if len(values) <= _FEW_VALUES:
        return True
    inside = array != values[counts.argmax()]
    pairs = inside[..., 1:] & inside[..., :-1]
    return bool((array[..., 1:] == array[..., :-1])[pairs].mean() > _PIECEWISE_CONSTANT) if pairs.any() else True
