"""A pair brought onto each other: a known motion of a head is found again, and no image is moved without gain."""

import numpy as np
import pytest
from volume_examples import points, rotation

from SASANLib.body import body_mask
from SASANLib.errors import SASANError
from SASANLib.phantom import Phantom, head_phantom
from SASANLib.training.pair_report import moved
from SASANLib.training.registration import Shown, fit_when_shifted, mutual_information, register
from SASANLib.volumes import Volume

SPACING = 6.0


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return head_phantom((32, 40, 40), SPACING)


def shown(volume: Volume, units: str) -> Shown:
    return Shown.of(volume, body_mask(volume.array, units, volume.spacing))


def motion(degrees, millimetres) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation(np.radians(degrees)), millimetres
    return matrix


def largest_error_mm(found: np.ndarray, truth: np.ndarray, mr: Shown) -> float:
    """How far any voxel of the head ends from where it was before `truth` moved it away."""
    before = points(mr.volume.affine, mr.volume.shape)[:, mr.body]
    error = found @ truth
    return float(np.linalg.norm(error[:3, :3] @ before + error[:3, 3:] - before, axis=0).max())


@pytest.mark.parametrize(
    ("degrees", "millimetres"),
    [((8, -6, 12), (14, -18, 9)), ((-17, 11, 19), (-20, 6, 25)), ((0, 0, 0), (90, 150, -260))],
    ids=["off", "far off and turned", "another origin"],
)
def test_a_known_motion_is_found_to_within_a_voxel(phantom, degrees, millimetres):
    truth = motion(degrees, millimetres)
    mr, ct = shown(phantom.mr, "a.u."), shown(moved(phantom.ct, truth), "HU")
    found = register(mr, ct)
    assert largest_error_mm(found.matrix, truth, mr) < SPACING / 4
    assert found.gained and found.after > 3 * found.before
    assert np.allclose(found.matrix[:3, :3] @ found.matrix[:3, :3].T, np.eye(3), atol=1e-6)
    assert np.linalg.det(found.matrix[:3, :3]) == pytest.approx(1)
    angle = np.degrees(np.arccos((np.trace(truth[:3, :3]) - 1) / 2))
    assert found.rotation_degrees == pytest.approx(angle, abs=1)
    # The middle of the body goes back by as much as it was moved away.
    middle = np.linalg.inv(truth) @ [*ct.centre, 1]
    assert found.shift_mm == pytest.approx(np.linalg.norm(ct.centre - middle[:3]), abs=SPACING / 4)


def test_another_grid_and_thick_slices(phantom):
    """The CT in 12 mm slices of half the head, its axes exchanged and flipped, and moved."""
    truth = motion((5, 4, -9), (10, 8, -12))
    array = phantom.ct.array[:, 4:36, ::2].transpose(2, 0, 1)[:, :, ::-1]
    flip = np.array([[0, 0, 2, 0], [-1, 0, 0, 35], [0, 1, 0, 0], [0, 0, 0, 1.0]])  # new i, j, k → old i, j, k
    ct = Volume(np.ascontiguousarray(array), truth @ phantom.ct.affine @ flip)
    assert ct.array[3, 7, 5] == phantom.ct.array[7, 30, 6]
    mr = shown(phantom.mr, "a.u.")
    assert largest_error_mm(register(mr, shown(ct, "HU")).matrix, truth, mr) < SPACING / 2


def test_a_pair_in_its_place_is_left_there(phantom):
    found = register(shown(phantom.mr, "a.u."), shown(phantom.ct, "HU"))
    assert not found.gained and found.shift_mm < 1


def test_the_same_motion_every_time(phantom):
    ct = shown(moved(phantom.ct, motion((3, 0, 0), (5, 0, 0))), "HU")
    first, second = (register(shown(phantom.mr, "a.u."), ct) for _ in range(2))
    assert np.allclose(first.matrix, second.matrix, rtol=0, atol=1e-6)


@pytest.fixture(scope="module")
def fine() -> Phantom:
    return head_phantom((80, 104, 104), 2.4)


def single(volume: Volume, axis: int, thickness: float) -> Volume:
    """The middle slice across i (0), j (1) or k (2)."""
    middle = volume.shape[2 - axis] // 2
    affine = volume.affine.copy()
    affine[:3, 3] += middle * affine[:3, axis]
    affine[:3, axis] *= thickness / volume.spacing[axis]
    return Volume(np.ascontiguousarray(volume.array.take([middle], 2 - axis)), affine)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_single_slices_are_moved_in_their_plane(fine, axis):
    mr, ct = (single(volume, axis, 3.0) for volume in (fine.mr, fine.ct))
    normal = mr.affine[:3, axis] / np.linalg.norm(mr.affine[:3, axis])
    across = np.cross(normal, [0.3, 0.5, 0.8])
    a = np.radians(9)
    skew = np.cross(np.eye(3), normal)
    truth = np.eye(4)
    truth[:3, :3] = np.cos(a) * np.eye(3) + np.sin(a) * -skew + (1 - np.cos(a)) * np.outer(normal, normal)
    truth[:3, 3] = 11 * across / np.linalg.norm(across)
    mr = shown(mr, "a.u.")
    centre = mr.centre
    truth[:3, 3] += centre - truth[:3, :3] @ centre
    found = register(mr, shown(moved(ct, truth), "HU"))
    assert largest_error_mm(found.matrix, truth, mr) < 2.4
    assert np.allclose(found.matrix[:3, :3] @ normal, normal, atol=1e-6)
    assert abs((found.matrix[:3, :3] @ centre + found.matrix[:3, 3] - centre) @ normal) < 1e-6


def test_slices_that_do_not_lie_in_one_plane_are_refused(phantom):
    whole, one, other = shown(phantom.mr, "a.u."), single(phantom.ct, 0, 6.0), single(phantom.ct, 1, 6.0)
    with pytest.raises(SASANError, match="with a volume"):
        register(whole, shown(one, "HU"))
    with pytest.raises(SASANError, match="two planes"):
        register(shown(one, "HU"), shown(other, "HU"))


def test_a_coarse_image_shows_every_place_where_it_was():
    """A ramp in mm stays that ramp: along i and k, whose voxels are finer than the steps, and j, whose are not."""
    affine = np.array([[0, 4.0, 0, 7], [-1.5, 0, 0, -3], [0, 0, 1.25, 11], [0, 0, 0, 1]])
    slope = np.array([1.0, -2.0, 0.5])

    def ramp(shape, affine):
        return np.tensordot(slope, points(affine, shape), 1)

    volume = Volume(ramp((37, 20, 43), affine).astype(np.float32), affine)
    coarse = Shown(volume, np.ones(volume.shape, bool)).coarse(3.0).volume
    assert coarse.shape == (15, 20, 21) and np.allclose(coarse.spacing, (3, 4, 3))
    inner = (slice(2, -2), slice(None), slice(2, -2))
    assert np.allclose(coarse.array[inner], ramp(coarse.shape, coarse.affine)[inner], atol=1e-2)
    centres = [(v.affine @ [*((np.array(v.shape[::-1]) - 1) / 2), 1])[:3] for v in (volume, coarse)]
    assert np.allclose(*centres)


# ---- the measure


def block(array) -> Shown:
    """The images as they are, all of them body, so that the region is everything."""
    array = np.asarray(array, np.float32)
    return Shown(Volume(array, np.eye(4)), np.ones(array.shape, bool))


def test_mutual_information_of_known_images():
    quarter = np.indices((4, 4, 4))[0] // 2  # two values, equally often
    other = np.indices((4, 4, 4))[1] // 2
    assert mutual_information(block(quarter), block(quarter)) == pytest.approx(np.log(2))
    assert mutual_information(block(quarter), block(5 - 3 * quarter)) == pytest.approx(np.log(2))
    assert mutual_information(block(quarter), block(other)) == pytest.approx(0)
    four = np.indices((4, 4, 4))[0]
    assert mutual_information(block(four), block(four)) == pytest.approx(np.log(4))
    # Moved by a voxel along k, 0 0 1 1 becomes 0 0 0 1: joint 1/2, 1/4, 1/4 of (1/2, 1/2) and (3/4, 1/4).
    step = np.eye(4)
    step[2, 3] = 1
    expected = 0.5 * np.log(0.5 / (0.5 * 0.75)) + 0.25 * np.log(0.25 / (0.5 * 0.75)) + 0.25 * np.log(0.25 / 0.125)
    assert mutual_information(block(quarter), block(quarter), step) == pytest.approx(expected)


def test_a_shifted_pair_fits_better_when_shifted_back(phantom):
    mr = shown(phantom.mr, "a.u.")
    assert fit_when_shifted(mr, shown(phantom.ct, "HU"), np.eye(4)) < 0.9
    off = shown(moved(phantom.ct, motion((0, 0, 0), (0, 10, 0))), "HU")
    assert fit_when_shifted(mr, off, np.eye(4)) > 1.2
    assert fit_when_shifted(mr, off, motion((0, 0, 0), (0, -10, 0))) < 0.9
