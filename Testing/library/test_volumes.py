import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from volume_examples import affine_from, affines, noise_volume, rotation

from SASANLib.errors import SASANError
from SASANLib.volumes import (
    Volume,
    check_image,
    find_volumes,
    image_from_volume,
    read_labelmap,
    read_volume,
    volume_from_image,
    write_volume,
)

SUFFIXES = [".nrrd", ".mha", ".nii", ".nii.gz"]
OBLIQUE = affine_from(rotation((0.3, -0.2, 0.9)) * [1, 1, -1], (0.8, 1.3, 2.5), (-12.5, 40.25, 7.125))
SHEARED = OBLIQUE @ np.array([[1, 0.2, 0, 0], [0, 1, 0.1, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
ROUND_TRIP = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_volume_knows_its_size_in_space():
    volume = Volume(np.zeros((2, 3, 4), np.float32), OBLIQUE)
    assert volume.shape == (2, 3, 4)
    np.testing.assert_allclose(volume.spacing, (0.8, 1.3, 2.5))
    np.testing.assert_allclose(volume.size_mm, (3.2, 3.9, 5.0))


def test_like_keeps_the_affine_bit_for_bit_and_refuses_another_shape():
    volume = noise_volume(SHEARED)
    other = volume.like(np.zeros(volume.shape, np.uint8))
    assert other.affine.tobytes() == volume.affine.tobytes()
    with pytest.raises(ValueError, match="does not fit"):
        volume.like(np.zeros((1, 1, 1)))


def test_a_volume_of_other_dimensions_is_a_mistake_in_the_code():
    with pytest.raises(ValueError):
        Volume(np.zeros((3, 4)), np.eye(4))
    with pytest.raises(ValueError):
        Volume(np.zeros((3, 4, 5)), np.eye(3))


@pytest.mark.parametrize("value", [0, np.nan])
def test_degenerate_geometry_is_refused(value):
    affine = np.eye(4)
    affine[0, 0] = value
    with pytest.raises(SASANError, match="degenerate"):
        noise_volume(affine)


def test_itk_sees_the_same_points_in_lps():
    volume = noise_volume(OBLIQUE)
    image = image_from_volume(volume)
    point = image.TransformIndexToPhysicalPoint((2, 3, 4))
    np.testing.assert_allclose((OBLIQUE @ [2, 3, 4, 1])[:3], np.multiply(point, (-1, -1, 1)))
    assert image[2, 3, 4] == volume.array[4, 3, 2]
    back = volume_from_image(image)
    np.testing.assert_allclose(back.affine, OBLIQUE, atol=1e-12)
    np.testing.assert_array_equal(back.array, volume.array)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
@ROUND_TRIP
@given(affine=affines())
def test_nrrd_and_mha_round_trip_any_affine(tmp_path, suffix, affine):
    volume = noise_volume(affine)
    write_volume(volume, tmp_path / f"a{suffix}")
    back = read_volume(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(back.array, volume.array)
    assert back.array.dtype == np.float32
    np.testing.assert_allclose(back.affine, affine, rtol=0, atol=1e-10)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@ROUND_TRIP
@given(affine=affines(shear=0))
def test_nifti_round_trips_any_affine_with_perpendicular_axes(tmp_path, capfd, suffix, affine):
    volume = noise_volume(affine)
    write_volume(volume, tmp_path / f"a{suffix}")
    back = read_volume(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(back.array, volume.array)
    np.testing.assert_allclose(back.affine, affine, rtol=0, atol=2e-4)  # NIfTI stores float32
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_labelmaps_stay_uint8(tmp_path, suffix):
    labels = np.random.default_rng(0).integers(0, 256, (3, 4, 5)).astype(np.uint8)
    write_volume(Volume(labels, OBLIQUE), tmp_path / f"a{suffix}")
    back = read_labelmap(tmp_path / f"a{suffix}")
    assert back.array.dtype == np.uint8
    np.testing.assert_array_equal(back.array, labels)


def test_labelmaps_are_whole_numbers(tmp_path):
    path = tmp_path / "a.nrrd"
    write_volume(Volume(np.array([[[0, 200, 600]]], np.float32), np.eye(4)), path)
    assert read_labelmap(path).array.dtype == np.int32
    assert read_labelmap(path).array.max() == 600
    for value in (0.5, np.nan, 1e12):
        write_volume(Volume(np.array([[[0, value]]], np.float32), np.eye(4)), path)
        with pytest.raises(SASANError, match="not a labelmap") as caught:
            read_labelmap(path)
        assert str(path) in str(caught.value)


def test_a_single_slice_can_be_stored_though_not_translated(tmp_path):
    volume = noise_volume(OBLIQUE, shape=(1, 6, 7))
    write_volume(volume, tmp_path / "a.nii.gz")
    assert read_volume(tmp_path / "a.nii.gz").shape == (1, 6, 7)


def test_suffixes_in_capitals_are_read(tmp_path):
    for suffix in SUFFIXES:
        write_volume(noise_volume(), tmp_path / f"a{suffix}")
        (tmp_path / f"a{suffix}").rename(tmp_path / f"A{suffix.upper()}")
        np.testing.assert_array_equal(read_volume(tmp_path / f"A{suffix.upper()}").array, noise_volume().array)


def test_find_volumes(tmp_path):
    for name in ("b.nii.gz", "a.nrrd", ".half.nrrd", "notes.txt", "d.mha"):
        (tmp_path / name).write_text("x")
    (tmp_path / "empty").mkdir()
    assert [path.name for path in find_volumes(tmp_path)] == ["a.nrrd", "b.nii.gz", "d.mha"]
    assert find_volumes(tmp_path / "a.nrrd") == [tmp_path / "a.nrrd"]
    with pytest.raises(SASANError, match="holds no volumes"):
        find_volumes(tmp_path / "empty")
    with pytest.raises(SASANError, match="does not exist"):
        find_volumes(tmp_path / "missing")


def test_check_image_passes_an_image():
    check_image(noise_volume(), "a.nrrd")
    check_image(noise_volume().like(noise_volume().array / 7), "a.nrrd")
