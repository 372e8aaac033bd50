"""Arrays from a client's folder and back: .npy files that both sides can map into memory."""

import os
from contextlib import suppress
from pathlib import Path

import numpy as np

from SASANLib.errors import SASANError
from SASANLib.files import write_error
from SASANLib.volumes import Volume
from SASANLib.worker.requests import LabelFile, VolumeFile

_HINT = "Try again; if it happens again, check the temporary folder."


def read_volume(file: VolumeFile) -> Volume:
    """As `read_array`, as float32, with its geometry.

    Raises:
        SASANError: also for a degenerate geometry.
    """
    mapped = read_array(file.file, file.name)
    with np.errstate(over="ignore"):  # infinite voxels get a sentence of their own later
        array = mapped.astype(np.float32)
    return Volume(array, np.array(file.ijk_to_ras))


def read_labels(file: LabelFile, image: Volume) -> np.ndarray:
    """A labelmap on the grid of `image`, mapped into memory.

    Raises:
        SASANError: also for one that lies elsewhere.
    """
    labels = read_array(file.file, file.name)
    elsewhere = file.ijk_to_ras is not None and not np.allclose(file.ijk_to_ras, image.affine, atol=1e-3)
    if labels.shape != image.shape or elsewhere:
        raise SASANError(f"{file.name} does not lie on the synthetic volume's grid.", "Translate again.")
    return labels


def read_array(path: Path, name: str) -> np.ndarray:
    """A numeric array (k, j, i), mapped into memory; `name` is what messages call it.

    Raises:
        SASANError: the file is missing, damaged, or holds something else.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise SASANError(f"Cannot read the voxels of {name} from {path}: {error.strerror or error}.", _HINT) from error
    except (ValueError, EOFError) as error:
        raise SASANError(f"{path}, the voxels of {name}, is damaged or incomplete.", _HINT) from error
    if array.ndim != 3 or array.dtype.kind not in "biuf":
        raise SASANError(
            f"{name} is not a scalar volume: its voxels are an array {array.shape} of {array.dtype}.",
            "Choose a volume with one number a voxel.",
        )
    if array.size == 0:
        raise SASANError(f"{name} has no voxels.", "Choose another volume.")
    return array


def write_array(path: Path, array: np.ndarray) -> None:
    """Write a .npy file, or nothing.

    Not `files.atomic_write`: the client opens nothing before it is told, and waiting for the disk to have it safely
    would cost more than all the rest of the writing. An older file is unlinked rather than written into, because it may
    be mapped.

    Raises:
        WriteError: the disk is full, the folder is gone.
    """
    array = np.ascontiguousarray(array)
    try:
        path.unlink(missing_ok=True)
        with open(path, "wb") as file:
            np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
            # Not np.save: its error for a full disk has lost the system's reason.
            file.write(array.data)
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise write_error(path, error) from error


def check_folder(folder: Path) -> None:
    """Find out that a folder is gone before anything is computed for it.

    Raises:
        WriteError
    """
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise write_error(folder, error) from error
