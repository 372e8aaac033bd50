"""DICOM folders to SimpleITK images."""

import os
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from SASANLib.errors import SASANError
from SASANLib.image_files import quiet_itk

_POSITION, _ORIENTATION, _DESCRIPTION = "0020|0032", "0020|0037", "0008|103e"
_LATTICE_TOLERANCE = 0.25  # of a slice step; a missing slice displaces others by half a step at least


def series_in(folder: Path) -> tuple[str, ...]:
    """The UIDs of the DICOM series whose files lie directly in `folder`; other files are passed over."""
    with quiet_itk():
        return tuple(sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder)))


def read_series(folder: Path) -> sitk.Image:
    """The one DICOM series in `folder`, in rescaled units (HU for CT); a tilted gantry gives sheared axes.

    Raises:
        SASANError: no series, several series, unreadable files, colours, or slices not evenly spaced.
    """
    found = series_in(folder)
    if not found:
        raise SASANError(f"{folder} holds no DICOM images.", "Give a folder with the files of one DICOM series.")
    if len(found) > 1:
        names = "; ".join(_describe(folder, uid) for uid in found)
        raise SASANError(
            f"{folder} holds {len(found)} DICOM series: {names}.",
            "Move the files of the series you want into a folder of their own.",
        )
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), found[0])
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(names)
    reader.SetImageIO("GDCMImageIO")
    reader.MetaDataDictionaryArrayUpdateOn()
    reader.ForceOrthogonalDirectionOff()
    with quiet_itk():
        try:
            image = reader.Execute()
        except RuntimeError as error:
            raise SASANError(
                f"The DICOM series in {folder} cannot be read: a file is damaged or does not fit the others.",
                "Export the series again, into an empty folder.",
            ) from error
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise SASANError(f"{folder} holds colour images.", "Give a volume with one number per voxel.")
    if image.GetDimension() != 3:
        raise SASANError(f"{folder} holds a series over time.", "Export a single time point.")
    if len(names) > 1:
        _refuse_uneven_stack(folder, reader, len(names))
    return image


def _describe(folder: Path, uid: str) -> str:
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), uid)
    reader = sitk.ImageFileReader()
    reader.SetFileName(names[0])
    reader.ReadImageInformation()
    title = reader.GetMetaData(_DESCRIPTION).strip() if reader.HasMetaDataKey(_DESCRIPTION) else ""
    return f"{title or uid} ({len(names)} files, first {os.path.basename(names[0])})"


def _refuse_uneven_stack(folder: Path, reader: sitk.ImageSeriesReader, count: int) -> None:
    """ITK spaces the slices evenly between the first and the last; a gap would displace the anatomy."""
    try:
        positions = np.array([_numbers(reader, n, _POSITION) for n in range(count)])
        axes = np.array([_numbers(reader, n, _ORIENTATION) for n in range(count)])
    except RuntimeError as error:
        raise SASANError(
            f"The DICOM series in {folder} does not say where its slices lie.", "Export the original series."
        ) from error
    even = np.linspace(positions[0], positions[-1], count)
    step = np.linalg.norm(positions[-1] - positions[0]) / (count - 1)
    if np.abs(axes - axes[0]).max() > 1e-3:
        raise SASANError(
            f"The slices of the DICOM series in {folder} are not parallel.", "Give a volume, not a localizer."
        )
    if step == 0 or np.linalg.norm(positions - even, axis=1).max() > _LATTICE_TOLERANCE * step:
        raise SASANError(
            f"The slices of the DICOM series in {folder} are not evenly spaced: some are missing or doubled.",
            "Export the complete series, with a single phase or echo.",
        )


def _numbers(reader: sitk.ImageSeriesReader, index: int, tag: str) -> list[float]:
    return [float(number) for number in reader.GetMetaData(index, tag).split("\\")]
