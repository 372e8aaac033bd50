"""Windows of neighbouring slices, averages of what they say, and the part of a slice that is computed."""

import numpy as np
import pytest

from SASANLib.cropping import RAMP, body_box
from SASANLib.errors import SASANError
from SASANLib.field import MARGIN, MULTIPLE, SMALLEST
from SASANLib.fusion import Fusion, PlanePrediction, fade, scale_map
from SASANLib.grid import SliceGrid, slice_grid
from SASANLib.slicing import RunningMoments, add_window_predictions, windows
from SASANLib.volumes import Volume


def test_windows_repeat_the_edge_slices():
    assert windows(4, 3).tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 3]]
    assert windows(3, 1).tolist() == [[0], [1], [2]]
    assert windows(1, 5).tolist() == [[0, 0, 0, 0, 0]]


def test_moments_are_numpys_mean_and_variance(rng):
    values = rng.normal(5, 0.1, (7, 3, 4, 5)).astype(np.float32)
    moments = RunningMoments((3, 4, 5))
    for value in values:
        moments.add(value, np.arange(3))
    assert np.allclose(moments.mean, values.mean(0), atol=1e-6)
    assert np.allclose(moments.take_variance(), values.var(0), atol=1e-6)


def test_moments_of_identical_values_have_no_spread():
    moments = RunningMoments((2, 1, 1))
    for _ in range(3):
        moments.add(np.full((2, 1, 1), 0.9137, np.float32), slice(None))
    assert moments.take_variance().max() == 0


def test_moments_count_slices_apart():
    moments = RunningMoments((2, 1, 1))
    moments.add(np.ones((1, 1, 1), np.float32), np.array([1]))
    moments.add(np.full((1, 1, 1), 3, np.float32), slice(1, 2))
    assert moments.count.tolist() == [0, 2]
    assert moments.mean.ravel().tolist() == [0, 2]
    assert moments.take_variance().ravel().tolist() == [0, 1]


def window_predictions(offsets=(-0.3, 0.0, 0.3), slices=4):
    """Each slice's number, plus an offset that depends on where in the window the slice was."""
    numbers = windows(slices, len(offsets)) + np.array(offsets)
    return numbers.reshape(slices, len(offsets), 1, 1).astype(np.float32)


@pytest.mark.parametrize("batch", [1, 3, 4])
def test_overlapping_predictions_are_averaged(batch):
    moments = RunningMoments((4, 1, 1))
    predictions = window_predictions()
    for start in range(0, 4, batch):
        add_window_predictions(moments, predictions[start : start + batch], start, overlap="average")
    # An edge slice is the middle of its own window and the lower (or upper) neighbour in one other.
    assert moments.count.tolist() == [2, 3, 3, 2]
    assert moments.mean.ravel() == pytest.approx([-0.15, 1, 2, 3.15], abs=1e-6)
    expected = [0.15, 0.3 * np.sqrt(2 / 3), 0.3 * np.sqrt(2 / 3), 0.15]
    assert np.sqrt(moments.take_variance()).ravel() == pytest.approx(expected, abs=1e-6)


def test_centre_mode_takes_each_windows_own_slice():
    moments = RunningMoments((4, 1, 1))
    add_window_predictions(moments, window_predictions(), 0, overlap="centre")
    assert moments.count.tolist() == [1, 1, 1, 1]
    assert moments.mean.ravel().tolist() == [0, 1, 2, 3]


def blob(shape=(6, 90, 120), box=(slice(1, 5), slice(20, 61), slice(30, 95))) -> Volume:
    mask = np.zeros(shape, np.uint8)
    mask[box] = 1
    return Volume(mask, np.diag([-1.0, -1.0, 1.0, 1.0]))


def test_box_holds_the_body_with_a_margin_in_multiples_of_16():
    body = blob()
    grid = slice_grid(body, body.array > 0, "axial", 1.0, 256)
    box = body_box(body, grid)
    assert box.grid.shape == (4, 64, 96)
    assert all(n % MULTIPLE == 0 for n in box.grid.shape[1:])
    # The pixels of the box keep their place in the patient.
    offset = np.linalg.inv(grid.affine) @ box.grid.affine
    assert np.allclose(offset[:3, 3], np.round(offset[:3, 3]))
    first = np.linalg.inv(body.affine) @ box.grid.affine @ [0, 0, 0, 1]
    last = np.linalg.inv(body.affine) @ box.grid.affine @ [95, 63, 3, 1]
    assert first[0] <= 30 - MARGIN and first[1] <= 20 - MARGIN and first[2] == 1
    assert last[0] >= 94 + MARGIN and last[1] >= 60 + MARGIN and last[2] == 4


def test_box_is_not_larger_than_the_models_field():
    body = blob(box=(slice(1, 5), slice(2, 88), slice(1, 119)))
    grid = slice_grid(body, body.array > 0, "axial", 1.0, 96)
    assert grid.shape == (4, 96, 128)
    box = body_box(body, grid)
    assert box.grid.shape == (4, 96, 128)
    # 118 of 128 pixels are body: five of air at each side, four of which fade.
    assert box.weights[48, 0] == pytest.approx(0.2)
    assert (box.weights[10:80, 8:120] == 1).all()


def test_box_of_a_tiny_body_has_the_smallest_size():
    body = blob(box=(slice(1, 3), slice(20, 23), slice(30, 34)))
    box = body_box(body, slice_grid(body, body.array > 0, "axial", 1.0, 256))
    assert box.grid.shape == (2, SMALLEST, SMALLEST)


def test_box_of_nothing_is_refused():
    grid = SliceGrid("axial", np.eye(4), (4, 64, 64))
    with pytest.raises(SASANError, match="No body"):
        body_box(Volume(np.zeros((4, 8, 8), np.uint8), np.eye(4)), grid)


def test_weights_fall_evenly_outside_of_the_body_only():
    body = blob()
    box = body_box(body, slice_grid(body, body.array > 0, "axial", 1.0, 256))
    row = box.weights[32]
    assert row[: RAMP + 1] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert row[-RAMP - 1 :] == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2])
    assert (row[RAMP:-RAMP] == 1).all()


def test_fade_leaves_no_seam():
    values = np.full((2, 1, 5), 0.5, np.float32)
    fade(values, np.array([[0.2, 0.6, 1, 1, 0.5]], np.float32), -1.0)
    assert values[1, 0] == pytest.approx([-0.7, -0.1, 0.5, 0.5, -0.25])


def constant_plane(volume, value, variance=0.0, map_value=0.0, probabilities=(1.0, 0.0)) -> PlanePrediction:
    def full(number, dtype=np.float32):
        return np.full(volume.shape, number, dtype)

    return PlanePrediction(
        grid=SliceGrid("axial", volume.affine, volume.shape),
        image=full(value),
        variance=full(variance),
        maps=[full(map_value, np.float16)],
        outside=[map_value],
        probabilities=[full(p, np.float16) for p in probabilities],
        estimates=1,
    )


def test_fusion_averages_planes_and_adds_both_spreads():
    volume = Volume(np.zeros((3, 4, 5), np.float32), np.eye(4))
    fusion = Fusion(volume, 3, background=-1.0)
    checks = []
    for value, variance in ((0.0, 0.01), (0.3, 0.04), (0.6, 0.01)):
        fusion.add(constant_plane(volume, value, variance), lambda: checks.append(1))
    assert np.allclose(fusion.image(), 0.3, atol=1e-6)
    # law of total variance: mean of the variances + variance of the means
    assert np.allclose(fusion.take_spread(), np.sqrt(0.02 + 0.06), atol=1e-6)
    assert len(checks) >= 9


def test_fusion_votes_with_probabilities_not_with_labels():
    volume = Volume(np.zeros((3, 4, 5), np.float32), np.eye(4))
    fusion = Fusion(volume, 3, background=-1.0)
    # Two planes lean a little to class 1, one is sure of class 2.
    for probabilities in ((0.0, 0.55, 0.45), (0.0, 0.55, 0.45), (0.0, 0.1, 0.9)):
        fusion.add(constant_plane(volume, 0.0, probabilities=probabilities), lambda: None)
    labels = fusion.take_labels()
    assert labels.dtype == np.uint8 and (labels == 2).all()


def test_outside_of_a_planes_grid_everything_is_background():
    volume = Volume(np.zeros((3, 4, 10), np.float32), np.eye(4))
    plane = constant_plane(Volume(np.zeros((3, 4, 5), np.float32), np.eye(4)), 0.5, 0.04, 7.0, (0.0, 1.0))
    fusion = Fusion(volume, 1, background=-1.0)
    fusion.add(plane, lambda: None)
    assert (fusion.image()[..., 5:] == -1).all() and np.allclose(fusion.image()[..., :5], 0.5)
    maps = list(fusion.take_maps(np.ones(volume.shape, bool)))
    # A map continues with its value in air: this one is the same everywhere, so it has no contrast.
    assert len(maps) == 1 and (maps[0] == 0).all()
    labels = fusion.take_labels()
    assert (labels[..., 5:] == 0).all() and (labels[..., :5] == 1).all()
    spread = fusion.take_spread()
    assert (spread[..., 5:] == 0).all() and np.allclose(spread[..., :5], 0.2)


def test_map_scale_is_set_by_the_bodys_percentiles():
    values = np.linspace(0, 100, 10_001, dtype=np.float32).reshape(1, 1, -1)
    scaled = scale_map(values.copy(), np.ones(values.shape, bool))
    assert scaled.min() == 0 and scaled.max() == 1
    assert scaled[0, 0, 5_000] == pytest.approx(0.5, abs=1e-4)
    assert scaled[0, 0, 2_000] == pytest.approx((20 - 1) / 98, abs=1e-4)
    # One bright voxel, or whatever lies outside of the body, does not darken the rest.
    body = np.ones(values.shape, bool)
    values[0, 0, -1] = 1e6
    body[0, 0, :10] = False
    values[0, 0, :10] = -1e6
    assert scale_map(values.copy(), body)[0, 0, 5_000] == pytest.approx(0.5, abs=2e-3)


def test_map_without_contrast_is_zero():
    values = np.full((2, 2, 2), 3.7, np.float32)
    assert (scale_map(values, np.ones((2, 2, 2), bool)) == 0).all()


@pytest.fixture
def rng():
    return np.random.default_rng(3)
