"""Comparing a synthetic volume with its reference, against values computed by hand."""

import sys

import numpy as np
import pytest

from SASANLib.body import body_mask
from SASANLib.errors import Cancelled, SASANError
from SASANLib.evaluation.comparison import compare
from SASANLib.evaluation.metrics import CT_RANGE
from SASANLib.volumes import Volume

AIR = -1000.0
SHAPE = (14, 13, 12)
BODY = np.s_[3:12, 3:11, 2:10]  # 9 · 8 · 8 = 576 voxels of 20 mm, which nothing opens nor closes
LEFT, RIGHT = np.s_[3:12, 3:11, 2:6], np.s_[3:12, 3:11, 6:10]
GRID = np.diag([20.0, 20.0, 20.0, 1.0])
CT = {"modality": "CT", "units": "HU"}


def reference() -> Volume:
    array = np.full(SHAPE, AIR, np.float32)
    array[BODY] = np.random.default_rng(0).integers(0, 200, (9, 8, 8))
    assert body_mask(array, "HU", (20.0, 20.0, 20.0)).sum() == 576
    return Volume(array, GRID)


def synthetic() -> Volume:
    """30 HU too bright on the left, 10 too dark on the right; far off in the air, which does not count."""
    array = reference().array
    array[LEFT] += 30
    array[RIGHT] -= 10
    array[0] += 500
    return Volume(array, GRID)


def test_measures_by_hand():
    labels = np.zeros(SHAPE, np.uint8)
    labels[LEFT], labels[RIGHT] = 1, 2
    labels[5, 5, 6], labels[0, 0, 0] = 1, 1  # one voxel on the right, and one in the air
    names = [(1, "left"), (2, "right"), (3, "nowhere")]
    found = compare(synthetic(), reference(), **CT, segmentation=labels, labels=names)
    assert found.voxels == 576
    assert found.mae == pytest.approx(20)
    assert found.psnr == pytest.approx(10 * np.log10(4095**2 / ((30**2 + 10**2) / 2)))
    left, right, nowhere = found.classes
    assert (left.value, left.name, left.voxels) == (1, "left", 289)
    assert left.mae == pytest.approx((288 * 30 + 10) / 289) and left.bias == pytest.approx((288 * 30 - 10) / 289)
    assert (right.voxels, right.mae, right.bias) == (287, pytest.approx(10), pytest.approx(-10))
    assert (nowhere.voxels, nowhere.mae, nowhere.bias) == (0, None, None)
    expected = np.zeros(SHAPE, np.float32)
    expected[LEFT], expected[RIGHT] = 30, -10
    assert np.array_equal(found.difference, expected) and found.difference.dtype == np.float32


def test_equal_volumes():
    found = compare(reference(), reference(), **CT)
    assert (found.mae, found.psnr, found.ssim, found.classes) == (0, None, pytest.approx(1), [])
    assert not found.difference.any()


def test_ct_is_clipped_for_the_measures_but_not_in_the_difference():
    metal, dark = reference(), synthetic()
    metal.array[5, 5, 5] = 9000
    dark.array[5, 5, 5] = -3000
    found = compare(dark, metal, **CT)
    assert found.difference[5, 5, 5] == -12000
    assert found.mae == pytest.approx((287 * 30 + 288 * 10 + (CT_RANGE[1] - CT_RANGE[0])) / 576)


def test_other_modalities_have_the_range_of_the_reference_in_the_body():
    random = np.random.default_rng(0)
    mr = Volume(random.normal(2, 0.3, SHAPE).astype(np.float32), GRID)
    mr.array[BODY] = random.normal(400, 30, (9, 8, 8))
    bright = mr.like(mr.array + 8)
    span = float(np.ptp(mr.array[BODY]))
    found = compare(bright, mr, modality="MR", units="a.u.")
    assert found.voxels == 576 and found.mae == pytest.approx(8)
    assert found.psnr == pytest.approx(20 * np.log10(span / 8), abs=1e-3)
    assert 0.9 < found.ssim < 1
    mr.array[BODY] = 400
    found = compare(bright, mr, modality="MR", units="a.u.")
    assert found.psnr is None and found.ssim is None, "without contrast there is no range to refer to"


def test_the_reference_may_lie_on_another_grid():
    """Flipped along k, shifted by two voxels along i: what lies beyond its field of view does not count."""
    flipped = np.diag([1.0, 1, -1, 1])
    flipped[2, 3] = SHAPE[0] - 1
    shifted = np.eye(4)
    shifted[0, 3] = 4  # its first voxel along i is the synthetic's fifth
    moved = Volume(np.ascontiguousarray(reference().array[::-1, :, 4:]), GRID @ shifted @ flipped)
    found = compare(synthetic(), moved, **CT)
    assert found.voxels == 9 * 8 * 6
    assert found.mae == pytest.approx((2 * 30 + 4 * 10) / 6, abs=1e-3)
    assert not found.difference[:, :, :4].any()
    assert found.difference[5, 5, 4] == pytest.approx(30, abs=1e-3)


def test_no_common_voxel_no_body_and_unusable_volumes():
    far = GRID.copy()
    far[0, 3] = 5000
    nan = reference()
    nan.array[0, 0, 0] = np.nan
    ramp = np.linspace(-2000, -1500, np.prod(SHAPE), dtype=np.float32).reshape(SHAPE)
    for first, second, words in (
        (synthetic(), Volume(reference().array, far), "CT and the synthetic volume do not overlap"),
        (synthetic(), Volume(ramp, GRID), "No body was found in CT"),
        (synthetic(), nan, "CT contains NaN"),
        (nan, reference(), "synthetic volume contains NaN"),
        (synthetic(), Volume(np.full(SHAPE, 3, np.float32), GRID), "CT has the same value"),
    ):
        with pytest.raises(SASANError, match=words) as caught:
            compare(first, second, **CT, name="CT")
        assert caught.value.hint.endswith(".")


def test_without_monai_there_is_no_ssim_and_a_notice(monkeypatch):
    monkeypatch.setitem(sys.modules, "monai.metrics.regression", None)
    told = []
    found = compare(synthetic(), reference(), **CT, notice=told.append)
    assert found.ssim is None and found.mae == pytest.approx(20)
    assert len(told) == 1 and "monai" in told[0]


def test_it_can_be_stopped():
    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        compare(synthetic(), reference(), **CT, check=stop)
