from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from SASANLib.body import body_mask, bounding_box
from SASANLib.errors import SASANError

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "brain_mr_ct"
SHAPE = (40, 90, 80)


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def ellipsoid(radius, shape=SHAPE):
    middle = (np.array(shape) - 1) / 2
    return sum((x - c) ** 2 / r**2 for x, c, r in zip(np.indices(shape), middle, radius, strict=True)) <= 1


HEAD = ellipsoid((60, 36, 30))  # cut by the field of view above and below, as a head in a short stack


def ct_head():
    hu = np.full(SHAPE, -1000.0)
    hu[HEAD] = 40
    hu[ellipsoid((55, 33, 27)) & ~ellipsoid((50, 29, 23))] = 1200
    hu[ellipsoid((8, 7, 6))] = -1000  # a sinus
    hu[:, 83:86, 5:75] = -100  # a couch of 3 mm, off the head
    hu[:, 78:83, 38:42] = 0  # and a strut that joins them
    return hu + np.random.default_rng(0).normal(0, 20, SHAPE)


def mr_head():
    mr = np.zeros(SHAPE)
    mr[HEAD] = 300  # scalp
    mr[ellipsoid((55, 33, 27))] = 15  # skull: as dark as air
    mr[ellipsoid((50, 29, 23))] = 120
    mr[ellipsoid((10, 12, 8))] = 40
    mr *= np.linspace(0.4, 1.6, SHAPE[2])  # receive field
    return np.abs(mr + np.random.default_rng(0).normal(0, 6, SHAPE))


@pytest.mark.parametrize(("units", "make"), [("HU", ct_head), ("a.u.", mr_head)])
@pytest.mark.parametrize("slices", [slice(None), slice(20, 21)])
def test_the_head_is_found_whole_without_couch_in_stacks_and_single_slices(units, make, slices):
    mask = body_mask(make()[slices], units)
    assert mask.dtype == bool
    assert mask.shape == HEAD[slices].shape
    assert dice(mask, HEAD[slices]) > 0.97
    assert mask[-1, 45, 40]  # the sinus, dark ventricles and skull belong to the body
    assert not mask[:, 82:].any()


@pytest.mark.parametrize("axis", range(3))
def test_a_single_slice_may_lie_in_any_plane(axis):
    head = np.expand_dims(np.take(HEAD, HEAD.shape[axis] // 2, axis), axis)
    mr = np.expand_dims(np.take(mr_head(), HEAD.shape[axis] // 2, axis), axis)
    assert dice(body_mask(mr, "a.u."), head) > 0.96


def test_the_mr_threshold_needs_no_scale_and_no_zero_point():
    mr = mr_head()[18:22]
    mask = body_mask(mr, "a.u.")
    for other in (mr * 1e-4, mr * 50, (mr - 200) / 80):
        assert dice(body_mask(other, "a.u."), mask) > 0.99


def test_the_couch_is_judged_in_millimetres():
    """The same couch of 3 voxels is 3 mm or 30 mm thick: only the thin one is a couch."""
    hu = np.full((1, 60, 60), -1000.0)
    hu[0, 30:33, :] = 0
    assert not body_mask(hu, "HU", spacing=(1, 1, 1)).any()
    assert body_mask(hu, "HU", spacing=(10, 10, 10)).any()


def test_the_body_is_not_drawn_towards_a_border_nearby():
    hu = np.full((1, 60, 60), -1000.0)
    hu[0, 3:57, 3:57] = 0
    assert dice(body_mask(hu, "HU"), hu == 0) > 0.99
    assert not body_mask(hu, "HU")[hu < 0].any()


def test_a_body_that_fills_the_field_of_view_keeps_its_corners():
    assert body_mask(np.zeros((5, 30, 30)), "HU").all()


@pytest.mark.parametrize("units", ["HU", "a.u."])
def test_air_alone_has_no_body(units):
    assert not body_mask(np.full((3, 30, 30), -1000.0), units).any()


def test_bounding_box():
    mask = np.zeros((4, 5, 6), bool)
    mask[1, 2, 3] = mask[2, 2, 5] = True
    assert bounding_box(mask) == (slice(1, 3), slice(2, 3), slice(3, 6))
    with pytest.raises(SASANError, match="No body"):
        bounding_box(mask & False)


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_real_heads_in_mr_and_ct(plane):
    """The data's own mask has a margin of air, so the bodies of MR and CT are compared with each other in it."""
    if not REAL.is_dir():
        pytest.skip(f"no real data at {REAL}")
    same, outside = [], []
    for path in sorted((REAL / "CT").glob(f"*_{plane}.nii.gz"))[:100:10]:
        ct, mr, mask = (
            sitk.GetArrayFromImage(sitk.ReadImage(REAL / folder / path.name)).astype(np.float32)
            for folder in ("CT", "MR", "mask")
        )
        head = mask > 0
        ct_body = body_mask(ct, "HU")
        same.append(dice(ct_body & head, body_mask(mr, "a.u.") & head))
        outside.append((ct_body & ~head).sum() / ct_body.sum())
    assert np.mean(same) > 0.95
    assert min(same) > 0.91
    assert np.mean(outside) < 0.04
