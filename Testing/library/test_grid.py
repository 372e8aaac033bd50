import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from volume_examples import affine_from, affines, indices, points, rotation

from SASANLib.errors import SASANError
from SASANLib.grid import PLANES, from_grid, resample, slice_grid, to_grid
from SASANLib.volumes import Volume

PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
R, A, S = np.eye(3)
DISPLAY = {"axial": (-R, -A, S), "coronal": (-R, -S, -A), "sagittal": (-A, -S, -R)}


@st.composite
def cases(draw):
    """A volume with awkward geometry (its voxels do not matter) and a slice grid over all of it."""
    affine = draw(affines())
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    shape = tuple(int(n) for n in np.clip(np.round(45 / spacing[::-1]), 10, 64))
    volume = Volume(np.zeros(shape, dtype=np.float32), affine)
    step = draw(st.floats(0.8, 2.5))
    grid = slice_grid(volume, np.ones(shape, bool), draw(st.sampled_from(PLANES)), step, 16)
    return volume, grid


def anti_alias_reach(affine_from, affine_to):
    """How far, in source voxels along (i, j, k), anti-aliasing and interpolation look."""
    scale = np.linalg.norm((np.linalg.inv(affine_from) @ affine_to)[:3, :3], axis=1)
    return 1 + np.where(scale > 1, np.ceil(4 * np.sqrt(np.maximum(scale**2 - 1, 0) / (8 * np.log(2)))) + 1, 0)


def interior(affine_from, shape_from, affine_to, shape_to):
    """Which target voxels see no border of the source."""
    index = np.tensordot(np.linalg.inv(affine_from) @ affine_to, indices(shape_to), 1)[:3]
    reach = anti_alias_reach(affine_from, affine_to)[:, None, None, None]
    last = np.array(shape_from[::-1])[:, None, None, None] - 1
    return ((index >= reach) & (index <= last - reach)).all(axis=0)


def within_centres(affine_from, shape_from, affine_to, shape_to):
    """Which target voxels lie between the source's outermost voxel centres, where nothing is extrapolated."""
    index = np.tensordot(np.linalg.inv(affine_from) @ affine_to, indices(shape_to), 1)[:3]
    last = np.array(shape_from[::-1])[:, None, None, None] - 1
    return ((index >= 0) & (index <= last)).all(axis=0)


def voxels_off(volume, grid, error):
    """The largest error (3, n) in mm along the volume's axes, in voxels of the coarser grid."""
    coarser = max(*volume.spacing, *np.linalg.norm(grid.affine[:3, :3], axis=0))
    along = np.linalg.inv(volume.affine[:3, :3]) @ error
    return (np.abs(along) * np.array(volume.spacing)[:, None]).max(initial=0) / coarser


@PROPERTY
@given(cases())
def test_every_point_keeps_its_place_on_the_way_to_the_grid(case):
    volume, grid = case
    found = np.stack([to_grid(volume.like(x), grid, np.nan) for x in points(volume.affine, volume.shape)])
    error = found - points(grid.affine, grid.shape)
    inside = np.isfinite(found).all(axis=0)
    between = inside & within_centres(volume.affine, volume.shape, grid.affine, grid.shape)
    assert voxels_off(volume, grid, error[:, between]) <= 0.5
    # The outermost voxel stands for its outer half, and smoothing there sees it repeated: 0.53 voxels at most.
    assert voxels_off(volume, grid, error[:, inside]) <= 0.55
    deep = inside & interior(volume.affine, volume.shape, grid.affine, grid.shape)
    if deep.any():
        assert np.abs(error[:, deep]).max() < 0.01  # mm


@PROPERTY
@given(cases())
def test_every_point_keeps_its_place_on_the_way_back(case):
    volume, grid = case
    found = np.stack([from_grid(x, grid, volume, np.nan) for x in points(grid.affine, grid.shape)])
    error = found - points(volume.affine, volume.shape)
    inside = np.isfinite(found).all(axis=0)
    assert inside.all()  # the grid covers the body, here all of the volume
    between = within_centres(grid.affine, grid.shape, volume.affine, volume.shape)
    assert voxels_off(volume, grid, error[:, between]) <= 0.5
    assert voxels_off(volume, grid, error[:, inside]) <= 0.55
    deep = interior(grid.affine, grid.shape, volume.affine, volume.shape)
    assert np.abs(error[:, deep]).max(initial=0) < 0.01  # mm


@PROPERTY
@given(case=cases(), where=st.tuples(*[st.floats(0.35, 0.65)] * 3))
def test_a_marker_keeps_its_place_there_and_back(case, where):
    volume, grid = case
    marker = volume.affine @ [*(np.array(where) * (np.array(volume.shape[::-1]) - 1)), 1]
    coarser = max(*volume.spacing, *np.linalg.norm(grid.affine[:3, :3], axis=0))

    def centre(array, affine):
        return (points(affine, array.shape) * array).sum(axis=(1, 2, 3)) / array.sum()

    distance = points(volume.affine, volume.shape) - marker[:3, None, None, None]
    blob = np.exp(-(distance**2).sum(axis=0) / (2 * 4.0**2)).astype(np.float32)
    blob[blob < 0.05] = 0
    there = to_grid(volume.like(blob), grid, 0)
    back = from_grid(there, grid, volume, 0)
    start = centre(blob, volume.affine)
    assert np.linalg.norm(centre(there, grid.affine) - start) <= coarser / 2
    assert np.linalg.norm(centre(back, volume.affine) - start) <= coarser / 2


@PROPERTY
@given(cases())
def test_size_and_affine_come_back_bit_for_bit(case):
    volume, grid = case
    before = volume.affine.tobytes()
    output = volume.like(from_grid(np.zeros(grid.shape, np.float32), grid, volume, -1))
    assert output.array.shape == volume.array.shape
    assert output.array.dtype == np.float32
    assert output.affine.tobytes() == before


@PROPERTY
@given(case=cases(), box=st.tuples(*[st.tuples(st.floats(0, 0.5), st.floats(0.5, 1))] * 3))
def test_the_grid_covers_and_centres_the_body(case, box):
    volume, whole = case
    body = np.zeros(volume.shape, bool)
    body[tuple(slice(int(a * (n - 1)), int(b * (n - 1)) + 1) for (a, b), n in zip(box, volume.shape, strict=True))] = (
        True
    )
    steps = np.linalg.norm(whole.affine[:3, :3], axis=0)
    grid = slice_grid(volume, body, whole.plane, steps[0], 16)
    for column, direction in zip(grid.affine[:3, :3].T, DISPLAY[grid.plane], strict=True):
        np.testing.assert_allclose(column / np.linalg.norm(column), direction, atol=1e-12)
    assert grid.shape[1] % 16 == 0
    assert grid.shape[2] % 16 == 0

    corners = np.array(np.meshgrid(*[[-0.5, 0.5]] * 3)).reshape(3, 8)
    index = indices(volume.shape)[:3, body]
    edges = volume.affine[:3, :3] @ (index[:, :, None] + corners[:, None]).reshape(3, -1) + volume.affine[:3, 3:]
    on_grid = np.linalg.inv(grid.affine) @ np.vstack([edges, np.ones(edges.shape[1])])
    low, high = on_grid[:3].min(axis=1), on_grid[:3].max(axis=1)
    size = np.array(grid.shape[::-1])
    assert (low >= -0.5 - 1e-4).all()
    assert (high <= size - 0.5 + 1e-4).all()
    assert np.abs((low + high) / 2 - (size - 1) / 2).max() <= 1 + 1e-4
    assert grid.shape[0] <= np.ceil(high[2] - low[2]) + 1  # and not a slice more than it needs


# A marker in each octant, by hand. Radiological display: the patient's right is on the viewer's left.
OCTANTS = [(r, a, s) for r in (-1, 1) for a in (-1, 1) for s in (-1, 1)]
ACQUISITIONS = {
    "axial, LPS": affine_from([[-1, 0, 0], [0, -1, 0], [0, 0, 1]], (1, 1, 2), (30, 40, -50)),
    "axial, RAS": affine_from(np.eye(3), (1.5, 1.5, 1.5), (-45, -45, -45)),
    "coronal": affine_from([[-1, 0, 0], [0, 0, -1], [0, -1, 0]], (1, 1, 3), (35, 50, 40)),
    "sagittal, left-handed": affine_from([[0, 0, 1], [-1, 0, 0], [0, -1, 0]], (1, 1, 2), (-50, 45, 45)),
    "oblique": affine_from(rotation((0.4, -0.3, 0.7)), (1.2, 0.9, 2), (-20, -70, -50)),
}


def expected_pixel(plane, position, middle, step):
    """(column, row, slice) counted from the middle of the field, for an RAS position in mm."""
    right, anterior, superior = np.asarray(position) - middle
    leftwards, backwards, downwards = -right, -anterior, -superior
    return {
        "axial": (leftwards / step[0], backwards / step[1], superior / step[2]),
        "coronal": (leftwards / step[0], downwards / step[1], backwards / step[2]),
        "sagittal": (backwards / step[0], downwards / step[1], leftwards / step[2]),
    }[plane]


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("acquisition", ACQUISITIONS)
def test_a_marker_in_each_octant_is_where_the_display_convention_says(plane, acquisition):
    affine = ACQUISITIONS[acquisition]
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    shape = tuple(round(90 / mm) + 1 for mm in spacing[::-1])
    middle = (affine @ [*(np.array(shape[::-1]) - 1) / 2, 1])[:3].round()
    empty = np.zeros(shape, np.float32)
    volume = Volume(empty, affine)
    grid = slice_grid(volume, np.ones(shape, bool), plane, 1.0, 96)
    step = np.linalg.norm(grid.affine[:3, :3], axis=0)
    field_middle = (grid.affine @ [*(np.array(grid.shape[::-1]) - 1) / 2, 1])[:3]

    for octant in OCTANTS:
        voxel = np.round(np.linalg.inv(affine) @ [*(middle + np.multiply(octant, (14, 18, 22))), 1])[:3].astype(int)
        position = (affine @ [*voxel, 1])[:3]
        array = empty.copy()
        array[tuple(voxel[::-1])] = 1000
        there = to_grid(volume.like(array), grid, 0)
        found = np.unravel_index(there.argmax(), there.shape)[::-1]
        from_middle = np.array(found) - (np.array(grid.shape[::-1]) - 1) / 2
        coarser = max(*spacing, *step)
        expected = expected_pixel(plane, position, field_middle, step)
        assert (np.abs(from_middle - expected) * step).max() <= coarser / 2 + 1e-6
        back = from_grid(there, grid, volume, 0)
        assert np.unravel_index(back.argmax(), back.shape)[::-1] == tuple(voxel)


@pytest.mark.parametrize("plane", PLANES)
def test_the_training_slices_own_grid_gives_them_back_untouched(plane):
    """One-slice volumes in display orientation, as the training data have them: no pixel may move or blur."""
    directions = np.array(DISPLAY[plane]).T
    volume = Volume(
        np.random.default_rng(0).normal(size=(1, 64, 64)).astype(np.float32),
        affine_from(directions, (1, 1, 1), (12.3, -45.6, 78.9)),
    )
    body = np.zeros(volume.shape, bool)
    body[0, 10:51, 7:40] = True  # odd and even extents: the field must not fall between the pixels
    grid = slice_grid(volume, body, plane, 1.0, 48)
    assert grid.shape == (1, 48, 48)
    there = to_grid(volume, grid, 0)
    back = from_grid(there, grid, volume, np.nan)
    np.testing.assert_allclose(back[body], volume.array[body], atol=1e-5)


def test_a_body_wider_than_the_field_enlarges_it_to_the_next_multiple():
    volume = Volume(np.zeros((4, 30, 50), np.float32), np.eye(4))
    body = np.ones(volume.shape, bool)
    assert slice_grid(volume, body, "axial", 1.0, 32).shape == (4, 32, 64)
    assert slice_grid(volume, body, "coronal", 1.0, 32).shape == (30, 32, 64)
    assert slice_grid(volume, body, "axial", 1.0, 40, multiple=1).shape == (4, 40, 50)


def test_the_slice_step_follows_a_coarser_input():
    volume = Volume(np.zeros((6, 20, 20), np.float32), np.diag([1.0, 1.0, 5.0, 1.0]))
    body = np.ones(volume.shape, bool)
    axial = slice_grid(volume, body, "axial", 1.0, 32)
    assert axial.shape[0] == 6
    np.testing.assert_allclose(np.linalg.norm(axial.affine[:3, 2]), 5)
    np.testing.assert_allclose(axial.affine[2, 3], 0)  # each slice lies on an input slice
    assert slice_grid(volume, body, "coronal", 2.0, 32).shape[0] == 11  # 20 mm, and slices on voxel centres


def test_what_shrinks_is_averaged_and_not_sampled():
    k, j, i = np.indices((32, 32, 32))
    checkers = ((i + j + k) % 2).astype(np.float32)
    coarse = np.diag([4.0, 4.0, 4.0, 1.0])
    coarse[:3, 3] = 2
    sampled = resample(checkers, np.eye(4), coarse, (7, 7, 7), interpolation="linear", fill=0)
    np.testing.assert_allclose(sampled[1:-1, 1:-1, 1:-1], 0.5, atol=0.01)


def test_only_the_axes_that_shrink_are_smoothed():
    i = np.indices((8, 8, 24))[2]
    stripes = (i % 2).astype(np.float32)
    thick = np.diag([1.0, 1.0, 4.0, 1.0])
    result = resample(stripes, np.eye(4), thick, (2, 8, 24), interpolation="linear", fill=0)
    np.testing.assert_array_equal(result, stripes[:2])


def test_nearest_invents_no_label():
    labels = np.random.default_rng(0).choice([0, 3, 7], (12, 12, 12)).astype(np.uint8)
    to = affine_from(rotation((0.3, 0.2, 0.1)), (2.5, 2.5, 2.5), (2, 2, 2))
    result = resample(labels, np.eye(4), to, (4, 4, 4), interpolation="nearest", fill=0)
    assert set(np.unique(result)) <= {0, 3, 7}
    assert len(np.unique(result)) > 1


@pytest.mark.parametrize("interpolation", ["linear", "nearest"])
def test_a_voxel_reaches_half_a_step_and_beyond_is_fill(interpolation):
    array = np.full((1, 2, 2), 7, np.float32)
    fine = np.diag([0.25, 0.25, 0.25, 1.0])
    fine[:3, 3] = -1.0 + 0.05
    result = resample(array, np.eye(4), fine, (8, 12, 12), interpolation=interpolation, fill=-5)
    inside = (
        np.abs(points(fine, result.shape) - np.array([0.5, 0.5, 0])[:, None, None, None])
        < [[[[1]]], [[[1]]], [[[0.5]]]]
    ).all(axis=0)
    np.testing.assert_array_equal(result == 7, inside)
    np.testing.assert_array_equal(result == -5, ~inside)


def test_an_unknown_plane_and_an_empty_body_are_sentences():
    volume = Volume(np.zeros((4, 4, 4), np.float32), np.eye(4))
    with pytest.raises(SASANError, match="axial, coronal, sagittal"):
        slice_grid(volume, np.ones(volume.shape, bool), "transverse", 1.0, 32)
    with pytest.raises(SASANError, match="No body"):
        slice_grid(volume, np.zeros(volume.shape, bool), "axial", 1.0, 32)
