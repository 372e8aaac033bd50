import numpy as np
import pytest
import SimpleITK as sitk
from volume_examples import affine_from, noise_volume, rotation

from SASANLib.errors import SASANError
from SASANLib.volumes import find_volumes, image_from_volume, read_volume

OBLIQUE = affine_from(rotation((0.3, -0.2, 0.9)), (0.8, 1.25, 2.5), (-12.5, 40.25, 7.125))


def write_series(folder, volume, uid="1.2.3", title="Head", slope=1, intercept=0, skip=()):
    """One CT file per slice, as a scanner exports it; ITK stores (HU - intercept) / slope."""
    folder.mkdir(exist_ok=True)
    image = image_from_volume(volume)
    direction = np.reshape(image.GetDirection(), (3, 3))
    hu = volume.array.astype(np.int16)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for k in range(volume.shape[0]):
        if k in skip:
            continue
        piece = sitk.GetImageFromArray(hu[k : k + 1])
        piece.SetSpacing(image.GetSpacing())
        position = image.TransformIndexToPhysicalPoint((0, 0, k))
        tags = {
            "0008|0008": "DERIVED\\SECONDARY\\AXIAL",
            "0008|0060": "CT",
            "0008|103e": title,
            "0008|0018": f"{uid}.{k + 1}",
            "0020|000d": "1.2.1",
            "0020|000e": uid,
            "0020|0013": str(k + 1),
            "0020|0032": "\\".join(f"{x:.9g}" for x in position),
            "0020|0037": "\\".join(f"{x:.9g}" for x in direction[:, :2].T.ravel()),
            "0028|1052": str(intercept),
            "0028|1053": str(slope),
        }
        for tag, value in tags.items():
            piece.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{uid}_{volume.shape[0] - k:03}.dcm"))  # names say nothing of the order
        writer.Execute(piece)


def test_a_series_comes_back_in_hu_and_in_place(tmp_path, capfd):
    volume = noise_volume(OBLIQUE)
    write_series(tmp_path / "ct", volume.like(volume.array * 2), slope=2, intercept=-1024)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(next((tmp_path / "ct").iterdir())))
    reader.ReadImageInformation()
    assert (float(reader.GetMetaData("0028|1053")), float(reader.GetMetaData("0028|1052"))) == (2, -1024)
    (tmp_path / "ct" / "README.txt").write_text("exported on a Monday")
    (tmp_path / "ct" / "preview.png").write_bytes(b"\x89PNG")
    back = read_volume(tmp_path / "ct")
    np.testing.assert_array_equal(back.array, volume.array * 2)
    assert back.array.dtype == np.float32
    np.testing.assert_allclose(back.affine, OBLIQUE, atol=1e-5)
    assert capfd.readouterr() == ("", "")


def test_a_tilted_gantry_keeps_every_slice_in_its_place(tmp_path):
    sheared = OBLIQUE @ np.array([[1, 0, 0, 0], [0, 1, 0.4, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    write_series(tmp_path / "ct", noise_volume(sheared))
    np.testing.assert_allclose(read_volume(tmp_path / "ct").affine, sheared, atol=1e-5)


def test_several_series_are_named(tmp_path):
    write_series(tmp_path / "ct", noise_volume(OBLIQUE), uid="1.2.3", title="Bone")
    write_series(tmp_path / "ct", noise_volume(OBLIQUE), uid="1.2.4", title="Brain")
    with pytest.raises(SASANError) as caught:
        read_volume(tmp_path / "ct")
    message = caught.value.message
    assert str(tmp_path / "ct") in message
    assert "2 DICOM series" in message
    assert "Bone (5 files, first 1.2.3_" in message
    assert "Brain (5 files" in message
    assert "folder of their own" in caught.value.hint


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_missing_slice_is_noticed(tmp_path, missing):
    write_series(tmp_path / "ct", noise_volume(OBLIQUE), skip=[missing])
    with pytest.raises(SASANError, match="not evenly spaced"):
        read_volume(tmp_path / "ct")


def test_two_echoes_in_one_series_are_noticed(tmp_path):
    write_series(tmp_path / "mr", noise_volume(OBLIQUE))
    for path in sorted((tmp_path / "mr").iterdir()):
        path.rename(path.with_name(f"first_{path.name}"))
    write_series(tmp_path / "mr", noise_volume(OBLIQUE, seed=1))
    with pytest.raises(SASANError, match="DICOM series"):
        read_volume(tmp_path / "mr")


def test_a_localizer_is_noticed(tmp_path):
    write_series(tmp_path / "mr", noise_volume(OBLIQUE, shape=(1, 7, 7)))
    for path in (tmp_path / "mr").iterdir():
        path.rename(path.with_name("first.dcm"))
    write_series(tmp_path / "mr", noise_volume(np.diag([1.0, 1.0, 1.0, 1.0]), shape=(1, 7, 7)))
    with pytest.raises(SASANError, match="DICOM series"):
        read_volume(tmp_path / "mr")


def test_a_truncated_file_in_the_series(tmp_path):
    write_series(tmp_path / "ct", noise_volume(OBLIQUE, shape=(5, 60, 70)))
    path = sorted((tmp_path / "ct").iterdir())[2]
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(SASANError) as caught:
        read_volume(tmp_path / "ct")
    assert str(tmp_path / "ct") in caught.value.message


def test_a_folder_without_dicom(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(SASANError, match="holds no DICOM images") as caught:
        read_volume(tmp_path)
    assert str(tmp_path) in caught.value.message


def test_find_volumes_knows_dicom_folders(tmp_path):
    for name in ("b", "a"):
        write_series(tmp_path / name, noise_volume(OBLIQUE))
    (tmp_path / "empty").mkdir()
    assert find_volumes(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert find_volumes(tmp_path / "a") == [tmp_path / "a"]
