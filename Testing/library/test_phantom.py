"""The head phantom: the same by seed, the same anatomy on any grid, tissues where and as they should be."""

import numpy as np
import pytest

from SASANLib.errors import SASANError
from SASANLib.phantom import head_phantom
from SASANLib.phantom.tissues import AIR_CAVITY, BACKGROUND, BONE, SOFT_TISSUE

SMALL = {"shape": (48, 60, 60), "spacing_mm": 4.0}


@pytest.fixture(scope="module")
def phantom():
    return head_phantom(**SMALL)


def value_at(volume, point) -> float:
    """The voxel of a volume nearest to a point (RAS, mm)."""
    i, j, k = np.rint(np.linalg.solve(volume.affine, [*point, 1])[:3]).astype(int)
    assert min(i, j, k) >= 0, "outside the grid"
    return float(volume.array[k, j, i])


def litres(phantom, label) -> float:
    return float((phantom.labels.array == label).sum() * np.prod(phantom.labels.spacing) / 1e6)


def test_same_seed_same_voxels_other_seed_other_head(phantom):
    again, other = head_phantom(**SMALL), head_phantom(**SMALL, seed=1)
    for name in ("mr", "ct", "labels"):
        assert np.array_equal(getattr(phantom, name).array, getattr(again, name).array)
    assert not np.array_equal(phantom.mr.array, other.mr.array)
    assert 0.005 < np.mean(phantom.labels.array != other.labels.array) < 0.2


def test_types_and_one_grid(phantom):
    assert [v.array.dtype for v in (phantom.mr, phantom.ct, phantom.labels)] == [
        np.float32,
        np.float32,
        np.uint8,
    ]
    assert phantom.mr.shape == phantom.ct.shape == phantom.labels.shape == SMALL["shape"]
    assert np.array_equal(phantom.mr.affine, phantom.ct.affine)
    assert np.array_equal(phantom.mr.affine, phantom.labels.affine)
    assert np.isfinite(phantom.mr.array).all() and np.isfinite(phantom.ct.array).all()


def test_geometry_is_oblique_and_the_voxels_are_cubes(phantom):
    assert phantom.mr.spacing == pytest.approx((4, 4, 4))
    axes = phantom.mr.affine[:3, :3] / 4
    assert np.allclose(axes.T @ axes, np.eye(3))
    assert (np.sort(np.abs(axes), axis=0)[1] > 0.03).all(), "an axis lies along the patient's"
    straight = head_phantom(**SMALL, oblique=False)
    assert set(np.round(np.abs(straight.mr.affine[:3, :3] / 4), 9).ravel()) == {0.0, 1.0}


def test_the_anatomy_stays_in_place_when_the_grid_turns(phantom):
    straight = head_phantom(**SMALL, oblique=False)
    places = np.random.default_rng(0).uniform(-60, 60, size=(400, 3))
    same = [value_at(phantom.labels, p) == value_at(straight.labels, p) for p in places]
    assert np.mean(same) > 0.9


def test_tissue_volumes_are_those_of_a_head(phantom):
    assert 2.8 < litres(phantom, SOFT_TISSUE) < 6
    assert 0.5 < litres(phantom, BONE) < 1.3
    assert 0.03 < litres(phantom, AIR_CAVITY) < 0.3


def test_hounsfield_units_follow_the_labels(phantom):
    ct, labels = phantom.ct.array, phantom.labels.array
    assert np.median(ct[labels == BACKGROUND]) == pytest.approx(-1000, abs=5)
    assert np.median(ct[labels == AIR_CAVITY]) < -500
    assert -110 < np.percentile(ct[labels == SOFT_TISSUE], 10) < np.median(ct[labels == SOFT_TISSUE]) < 70
    assert 500 < np.median(ct[labels == BONE]) < 1400
    assert ct.min() >= -1024 and 1300 < ct.max() < 2200


@pytest.mark.parametrize(
    ("point", "label", "hu", "mr"),
    [
        ((22, 0, 36), SOFT_TISSUE, (0, 70), (400, 800)),  # white matter of the centrum semiovale
        ((0, -10, -30), SOFT_TISSUE, (0, 70), (350, 800)),  # pons
        ((11, -10, 19), SOFT_TISSUE, (-40, 60), (30, 350)),  # lateral ventricle
        ((32, 67, -17), SOFT_TISSUE, (-30, 70), (30, 300)),  # eye
        ((27, 56, -47), AIR_CAVITY, (-1024, -800), (0, 90)),  # maxillary sinus
        ((9, 24, -28), AIR_CAVITY, (-1024, -600), (0, 120)),  # sphenoid sinus
        ((40, -15, -35), BONE, (700, 2000), (0, 150)),  # petrous bone
        ((40, 100, 50), BACKGROUND, (-1024, -950), (0, 60)),  # air before the forehead
    ],
)
def test_landmarks(phantom, point, label, hu, mr):
    assert value_at(phantom.labels, point) == label
    assert hu[0] <= value_at(phantom.ct, point) <= hu[1]
    assert mr[0] <= value_at(phantom.mr, point) <= mr[1]


def test_upwards_from_the_brain_come_skull_scalp_and_air():
    # A thin sagittal slab, high enough to reach over the head from its centre at S = −30.
    fine = head_phantom(shape=(8, 140, 30), spacing_mm=2.0, oblique=False)
    labels = [value_at(fine.labels, (0.0, 2.0, z)) for z in range(40, 108, 2)]
    changes = [label for n, label in enumerate(labels) if n == 0 or label != labels[n - 1]]
    assert changes == [SOFT_TISSUE, BONE, SOFT_TISSUE, BACKGROUND]


def test_mr_has_noise_and_a_smooth_bias(phantom):
    background = phantom.mr.array[:3, :3, :3]
    # Rayleigh: the mean of the magnitude of pure noise is 1.25 σ, and it is never negative.
    assert 8 < background.mean() < 25 and background.min() >= 0


def test_white_matter_is_brighter_than_cortex_and_both_than_csf():
    fine = head_phantom(shape=(40, 40, 40), spacing_mm=1.5)
    brain = fine.mr.array[fine.labels.array == SOFT_TISSUE]
    grey = np.mean((brain > 330) & (brain < 480))
    white = np.mean((brain > 500) & (brain < 750))
    assert grey > 0.1 and white > 0.1


def test_tiny_grids_work_and_senseless_ones_are_refused():
    assert head_phantom(shape=(24, 32, 32), spacing_mm=7.0).mr.shape == (24, 32, 32)
    assert head_phantom(shape=(2, 2, 2)).mr.shape == (2, 2, 2)
    for shape, spacing in (((1, 8, 8), 1.5), ((8, 8, 8), 0.0), ((8, 8, 8), float("nan"))):
        with pytest.raises(SASANError, match="head phantom"):
            head_phantom(shape=shape, spacing_mm=spacing)
