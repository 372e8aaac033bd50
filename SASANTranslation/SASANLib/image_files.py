"""Image files to SimpleITK images and back: refusals in one sentence, no half file read or left."""

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from SASANLib.errors import SASANError
from SASANLib.files import atomic_write

_READERS = {
    ".nrrd": "NrrdImageIO",
    ".nhdr": "NrrdImageIO",
    ".nii": "NiftiImageIO",
    ".nii.gz": "NiftiImageIO",
    ".mha": "MetaImageIO",
    ".mhd": "MetaImageIO",
}
_MHA_BYTES = {
    f"MET_{sign}{name}": size
    for name, size in {
        "CHAR": 1,
        "SHORT": 2,
        "INT": 4,
        "LONG": 4,
        "LONG_LONG": 8,
        "FLOAT": 4,
        "DOUBLE": 8,
    }.items()
    for sign in ("", "U")
}
WRITABLE = (
    ".nrrd",
    ".nii",
    ".nii.gz",
    ".mha",
)  # one file each: .nhdr and .mhd would leave two, and not atomically
_EXPORT_AGAIN = "Export or copy it again."


def image_suffix(path: Path) -> str:
    """The suffix of a supported image format (lower case, ".nii.gz" as one), or "" for any other file."""
    name = path.name.lower()
    return max((suffix for suffix in _READERS if name.endswith(suffix)), key=len, default="")


def read_image(path: Path) -> sitk.Image:
    """A three-dimensional scalar image from an NRRD, NIfTI or MetaImage file.

    Raises:
        SASANError: missing, unsupported, empty, truncated, damaged; not an image; colour or vectors; not 3-D.
    """
    suffix = image_suffix(path)
    if not path.is_file():
        raise SASANError(f"{path} does not exist.", "Check the path.")
    if not suffix:
        raise SASANError(f"{path} is not of a supported type.", f"Give a DICOM folder or one of {', '.join(_READERS)}.")
    if path.stat().st_size == 0:
        raise SASANError(f"{path} is empty.", _EXPORT_AGAIN)
    refuse_incomplete(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.SetImageIO(_READERS[suffix])
    with quiet_itk():
        try:
            reader.ReadImageInformation()
        except RuntimeError as error:
            raise _unreadable(path, error) from error
        _refuse_other_than_scalar_3d(path, reader)
        try:
            return reader.Execute()
        except RuntimeError as error:
            raise SASANError(f"{path} is truncated or damaged.", _EXPORT_AGAIN) from error


def write_image(image: sitk.Image, path: Path) -> None:
    """Write atomically and compressed; the format follows the suffix.

    Raises:
        SASANError: unsupported suffix, axes that NIfTI cannot hold, unwritable folder, full disk.
    """
    suffix = image_suffix(path)
    if suffix not in WRITABLE or not path.name.endswith(suffix):  # ITK writes no .NII.GZ
        raise SASANError(f"{path} is not of a type that can be written.", f"Use one of {', '.join(WRITABLE)}.")
    direction = np.reshape(image.GetDirection(), (3, 3))
    if suffix.startswith(".nii") and not np.allclose(direction.T @ direction, np.eye(3), atol=1e-4):
        raise SASANError(f"{path} cannot hold sheared axes in NIfTI.", "Save it as .nrrd.")
    with atomic_write(path) as temporary, quiet_itk():
        try:
            sitk.WriteImage(image, str(temporary), True)
            refuse_incomplete(temporary)
        except (RuntimeError, SASANError) as error:
            raise SASANError(
                f"Cannot write {path}: the file came out incomplete.",
                "Free some space on that disk or choose another folder.",
            ) from error


@contextmanager
def quiet_itk() -> Iterator[None]:
    """Keep ITK's warnings (rounded directions, private DICOM tags) off stderr: nobody need act on them."""
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


def refuse_incomplete(path: Path) -> None:
    """Refuse a NIfTI or .mha file that is none, or has fewer bytes than its header promises.

    ITK fills the missing end of a NIfTI file with zeros without a word, and its readers of both formats print to
    stderr; its NRRD reader refuses quietly by itself.
    """
    suffix = image_suffix(path)
    try:
        if suffix.startswith(".nii"):
            complete = _nifti_is_complete(path)
        elif suffix == ".mha":
            complete = _mha_is_complete(path)
        else:
            return
    except (EOFError, zlib.error, gzip.BadGzipFile):
        complete = False
    except (struct.error, KeyError, ValueError) as error:
        raise _not_an_image(path) from error
    if not complete:
        raise SASANError(f"{path} is truncated or damaged.", _EXPORT_AGAIN)


def _not_an_image(path: Path) -> SASANError:
    return SASANError(
        f"{path} is not a {image_suffix(path)} image.", "Check what the file really is and that it is complete."
    )


def _unreadable(path: Path, error: RuntimeError) -> SASANError:
    if "orthonormal" in str(error):
        return SASANError(f"{path} has axes that are not perpendicular.", "Convert it to .nrrd, or resample it.")
    return _not_an_image(path)


def _refuse_other_than_scalar_3d(path: Path, reader: sitk.ImageFileReader) -> None:
    if reader.GetNumberOfComponents() > 1 or "complex" in sitk.GetPixelIDValueAsString(reader.GetPixelID()):
        raise SASANError(f"{path} holds colours or vectors.", "Give a volume with one number per voxel.")
    size = reader.GetSize()
    if len(size) > 3 and all(n == 1 for n in size[3:]):  # a series of one: some NIfTI writers always add the axis
        reader.SetExtractSize([*size[:3], *[0] * (len(size) - 3)])
    elif len(size) != 3:
        raise SASANError(
            f"{path} has {len(size)} dimensions ({' x '.join(map(str, size))}).",
            "Give one three-dimensional volume, for example a single time point.",
        )


def _nifti_is_complete(path: Path) -> bool:
    with open(path, "rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if zipped else open(path, "rb") as file:
        header = file.read(540)
        order = "<" if header[:1] in (b"\x5c", b"\x1c") else ">"  # 348 and 540, the size of either header
        (size,) = struct.unpack_from(f"{order}i", header, 0)
        if size == 348:
            dimensions = struct.unpack_from(f"{order}8h", header, 40)
            bits, offset = struct.unpack_from(f"{order}h34xf", header, 72)
        elif size == 540:
            bits, *dimensions = struct.unpack_from(f"{order}h8q", header, 14)
            (offset,) = struct.unpack_from(f"{order}q", header, 168)
        else:
            raise ValueError("neither NIfTI-1 nor NIfTI-2")
        voxels = math.prod(dimensions[1 : 1 + dimensions[0]])
        present = len(header)
        while block := file.read(1 << 20):  # to the end, where gzip keeps its checksum
            present += len(block)
        return present >= int(offset) + voxels * bits // 8


def _mha_is_complete(path: Path) -> bool:
    fields: dict[str, str] = {}
    with open(path, "rb") as file:
        while "ElementDataFile" not in fields:
            key, equals, value = file.readline(4096).decode("latin-1").partition("=")
            if not equals:
                raise ValueError("no MetaImage header")
            fields[key.strip()] = value.strip()
        present = path.stat().st_size - file.tell()
    if "CompressedDataSize" in fields:
        return present >= int(fields["CompressedDataSize"])
    if fields["ElementDataFile"] != "LOCAL":
        return True
    voxels = math.prod(int(n) for n in fields["DimSize"].split())
    return present >= voxels * _MHA_BYTES[fields["ElementType"].removesuffix("_ARRAY")]
