"""Bad input: one sentence with the file, and a remedy. Bad output: the old file survives, nothing is left."""

import errno
import gzip
import os
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from volume_examples import noise_volume

from SASANLib import image_files
from SASANLib.errors import SASANError
from SASANLib.volumes import Volume, check_image, read_volume, write_volume

SUFFIXES = [".nrrd", ".mha", ".nii", ".nii.gz"]


def refusal(call, path, what):
    """Assert that `call` is refused in one sentence with `path` and `what`, and a remedy."""
    with pytest.raises(SASANError) as caught:
        call()
    error = caught.value
    assert str(path) in error.message
    assert what in error.message
    assert error.message.endswith(".")
    assert error.hint.endswith(".")
    assert "\n" not in str(error)
    assert "itk" not in str(error).lower().replace(str(path).lower(), "")


def changed(change):
    array = noise_volume().array.copy()
    change(array)
    return Volume(array, np.eye(4))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinite_voxels(value):
    volume = changed(lambda array: array.__setitem__((2, 3, 4), value))
    refusal(lambda: check_image(volume, "a.nrrd"), "a.nrrd", "NaN or infinite")


def test_a_constant_volume():
    volume = changed(lambda array: array.fill(7.5))
    refusal(lambda: check_image(volume, "a.nrrd"), "a.nrrd", "same value in every voxel")


@pytest.mark.parametrize("shape", [(1, 6, 7), (5, 1, 7), (5, 6, 1)])
def test_a_single_slice(shape):
    refusal(lambda: check_image(noise_volume(shape=shape), "a.nrrd"), "a.nrrd", "single slice")


def test_labelmaps_with_few_and_with_many_labels():
    few = np.zeros((8, 40, 40), np.float32)
    few[2:6, 10:30, 10:30] = 1
    many = np.zeros((8, 40, 40), np.float32)
    for label in range(16):
        j, i = divmod(label, 4)
        many[1:7, 10 * j : 10 * j + 9, 10 * i : 10 * i + 9] = 100 + label
    for array in (few, many):
        refusal(lambda array=array: check_image(Volume(array, np.eye(4)), "a.nrrd"), "a.nrrd", "labelmap")


def test_an_eight_bit_image_in_wide_padding_is_no_labelmap():
    array = np.zeros((8, 60, 60), np.float32)
    array[:, 20:40, 20:40] = np.random.default_rng(0).integers(90, 110, (8, 20, 20))
    check_image(Volume(array, np.eye(4)), "a.nrrd")


def test_a_missing_file(tmp_path):
    refusal(lambda: read_volume(tmp_path / "a.nrrd"), tmp_path / "a.nrrd", "does not exist")


@pytest.mark.parametrize("name", ["a.txt", "a.dcm", "a", "nrrd"])
def test_an_unsupported_type(tmp_path, name):
    (tmp_path / name).write_text("hello")
    refusal(lambda: read_volume(tmp_path / name), tmp_path / name, "not of a supported type")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_file(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.touch()
    refusal(lambda: read_volume(path), path, "is empty")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("text", ["hello\n", "x = 1\n" * 500])
def test_a_text_file_with_the_name_of_an_image(tmp_path, capfd, suffix, text):
    path = tmp_path / f"a{suffix}"
    path.write_text(text)
    refusal(lambda: read_volume(path), path, "")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("kept", [0.02, 0.4, 0.9, 0.99])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_truncated_file_is_refused_and_not_filled_with_zeros(tmp_path, capfd, suffix, kept, compressed):
    path = tmp_path / f"a{suffix}"
    image = sitk.GetImageFromArray(noise_volume(shape=(20, 30, 40)).array)
    sitk.WriteImage(image, path, compressed)
    assert read_volume(path).shape == (20, 30, 40)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    refusal(lambda: read_volume(path), path, "")
    assert capfd.readouterr() == ("", "")


def test_a_nifti_file_damaged_in_the_middle(tmp_path):
    path = tmp_path / "a.nii.gz"
    write_volume(noise_volume(shape=(20, 30, 40)), path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 50] = bytes(50)
    path.write_bytes(data)
    refusal(lambda: read_volume(path), path, "truncated or damaged")


def test_big_endian_and_version_two_nifti_are_measured_too(tmp_path):
    write_volume(noise_volume(shape=(4, 5, 6)), tmp_path / "a.nii")
    data = (tmp_path / "a.nii").read_bytes()
    header = np.frombuffer(data[:348], dtype=np.uint8).copy()
    for start, stop, size in (
        (0, 4, 4),
        (40, 56, 2),
        (68, 74, 2),
        (76, 112, 4),
        (252, 256, 2),
        (256, 328, 4),
    ):
        header[start:stop] = header[start:stop].reshape(-1, size)[:, ::-1].ravel()
    values = np.frombuffer(data[352:], dtype="<f4").astype(">f4").tobytes()
    path = tmp_path / "big.nii.gz"
    with gzip.open(path, "wb") as file:
        file.write(header.tobytes() + bytes(4) + values)
    np.testing.assert_array_equal(read_volume(path).array, noise_volume(shape=(4, 5, 6)).array)
    with gzip.open(path, "wb") as file:
        file.write(header.tobytes() + bytes(4) + values[:-4])
    refusal(lambda: read_volume(path), path, "truncated or damaged")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_colours(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((4, 5, 6, 3), np.uint8), isVector=True), path)
    refusal(lambda: read_volume(path), path, "colours or vectors")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_four_dimensions(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((2, 4, 5, 6), np.float32), isVector=False), path)
    refusal(lambda: read_volume(path), path, "4 dimensions (6 x 5 x 4 x 2)")


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_a_series_of_one_is_a_volume(tmp_path, suffix):
    array = noise_volume().array
    sitk.WriteImage(sitk.GetImageFromArray(array[None], isVector=False), tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(read_volume(tmp_path / f"a{suffix}").array, array)


def test_a_picture(tmp_path):
    path = tmp_path / "a.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((4, 5), np.float32)), path)
    refusal(lambda: read_volume(path), path, "2 dimensions")


def test_nifti_with_axes_that_are_not_perpendicular(tmp_path):
    path = tmp_path / "a.nii"
    write_volume(noise_volume(), path)
    data = bytearray(path.read_bytes())
    data[252:256] = np.array([0, 1], "<i2").tobytes()  # qform off, sform on
    data[280:328] = np.array([[1, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], "<f4").tobytes()
    path.write_bytes(data)
    refusal(lambda: read_volume(path), path, "not perpendicular")


def test_sheared_axes_do_not_go_into_nifti(tmp_path):
    affine = np.eye(4)
    affine[0, 1] = 0.5
    path = tmp_path / "a.nii.gz"
    refusal(lambda: write_volume(noise_volume(affine), path), path, "sheared axes")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.txt", "a.mhd", "a.nhdr", "a", "a.NII.GZ"])
def test_a_type_that_is_not_written(tmp_path, name):
    refusal(lambda: write_volume(noise_volume(), tmp_path / name), tmp_path / name, "can be written")
    assert list(tmp_path.iterdir()) == []


def assert_old_file_alone(path):
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    np.testing.assert_array_equal(read_volume(path).array, noise_volume(seed=1).array)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_a_failing_rename_keeps_the_old_file(tmp_path, monkeypatch, suffix, code):
    path = tmp_path / f"a{suffix}"
    write_volume(noise_volume(seed=1), path)

    def fail(*_):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        refusal(lambda: write_volume(noise_volume(), path), path, os.strerror(code))
    assert_old_file_alone(path)


def test_a_writer_that_fails_halfway_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.nrrd"
    write_volume(noise_volume(seed=1), path)

    def fail(image, name, compressed):
        with open(name, "wb") as file:
            file.write(b"half")
        raise RuntimeError("ITK ERROR: could not write")

    with monkeypatch.context() as patch:
        patch.setattr(image_files.sitk, "WriteImage", fail)
        refusal(lambda: write_volume(noise_volume(), path), path, "incomplete")
    assert_old_file_alone(path)


FULL_DISK = """
import resource, signal, sys
from SASANLib.errors import SASANError
from SASANLib.volumes import write_volume
from volume_examples import noise_volume
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    write_volume(noise_volume(shape=(20, 30, 40)), sys.argv[1])
except SASANError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of a process's files")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_space_in_the_middle_of_a_file_keeps_the_old_one(tmp_path, suffix):
    """Out of space through the system's limit on file size, which ITK's NIfTI writer does not notice."""
    path = tmp_path / f"a{suffix}"
    write_volume(noise_volume(seed=1), path)
    library = os.pathsep.join(filter(None, sys.path))
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        env={**os.environ, "PYTHONPATH": library},
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(path) in result.stdout
    assert "Free some space" in result.stdout
    assert_old_file_alone(path)


@pytest.mark.parametrize("where", ["missing", "file"])
def test_a_folder_that_cannot_be_written(tmp_path, where):
    (tmp_path / "file").touch()
    path = tmp_path / where / "a.nrrd"
    refusal(lambda: write_volume(noise_volume(), path), path, "Cannot write")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
