"""The values under the crosshair, held to voxels placed by hand."""

import time

import fake_result
import numpy as np
import pytest
import slicer
import vtk
from inspection_examples import add_run, center, transform, world
from slicer_session import Session

from SASANTranslationLib.inspection.readout import Reading, read_at, units_of

MARKED = center(fake_result.MARKS[0])

#: Turned, scaled along one axis, and moved.
MOVED = np.array([[0, -1, 0, 12.5], [1, 0, 0, -7.25], [0, 0, 1.5, 31], [0, 0, 0, 1]], float)


@pytest.fixture(autouse=True)
def session():
    with Session() as session:
        yield session


def test_every_volume_is_read_in_the_voxel_that_holds_the_point():
    nodes = add_run()
    arrays = fake_result.arrays()
    reading = read_at(nodes, world(MARKED))
    assert reading.source == 100
    assert reading.synthetic == pytest.approx(float(arrays["synthetic"][MARKED]))
    assert reading.uncertainty == 0
    assert (reading.label, reading.class_name) == (3, "tissue 3")
    assert reading.class_color == fake_result.COLORS[3]
    assert reading.attention == (1, 0, 1, 0)
    assert reading.difference is None


@pytest.mark.parametrize("offset", [0.49, -0.49])
@pytest.mark.parametrize("axis", range(3))
def test_a_voxel_reaches_half_way_to_its_neighbours(axis, offset):
    """Along each axis: just within the first and last marked voxel the map is read, a voxel further out it is not."""
    nodes = add_run()
    voxel = list(MARKED)
    mark = fake_result.MARKS[0][axis]
    edge = mark.stop - 1 if offset > 0 else mark.start
    voxel[axis] = edge + offset
    assert read_at(nodes, world(voxel)).attention[0] == 1
    voxel[axis] = edge + (0.51 if offset > 0 else -0.51)
    assert read_at(nodes, world(voxel)).attention[0] == 0


def test_a_right_handed_axis_aligned_grid_reads_the_same_voxels():
    affine = np.array([[-1, 0, 0, 90], [0, -2, 0, 80], [0, 0, 3, -70], [0, 0, 0, 1]], float)
    nodes = add_run(affine)
    assert read_at(nodes, world(MARKED, affine)).attention == (1, 0, 1, 0)
    mirrored = tuple(size - 1 - index for size, index in zip(fake_result.SHAPE, MARKED, strict=True))
    assert read_at(nodes, world(mirrored, affine)).attention == (0, 0, 0, 0)


def test_a_transform_above_the_volumes_moves_what_is_read():
    nodes = add_run(parent=transform(MOVED))
    assert read_at(nodes, world(MARKED, parent=MOVED)).attention == (1, 0, 1, 0)
    assert read_at(nodes, world(MARKED)).attention != (1, 0, 1, 0)


def test_each_volume_is_read_where_it_is_now():
    """The user has moved the source alone: it is read there, the others where they are."""
    nodes = add_run()
    nodes.source.SetAndObserveTransformNodeID(transform(np.diag([1, 1, 1, 1]) + 1000 * np.eye(4, k=3)).GetID())
    reading = read_at(nodes, world(MARKED))
    assert reading.source is None
    assert reading.attention == (1, 0, 1, 0)


def test_a_warp_is_followed():
    """A thin-plate spline that moves its landmarks by (3, 2, 1) mm moves everything by that."""
    nodes = add_run()
    corners = [(x, y, z) for x in (-200, 200) for y in (-200, 200) for z in (-200, 200)]
    before, after = vtk.vtkPoints(), vtk.vtkPoints()
    for corner in corners:
        before.InsertNextPoint(corner)
        after.InsertNextPoint(np.add(corner, (3, 2, 1)))
    spline = vtk.vtkThinPlateSplineTransform()
    spline.SetBasisToR()
    spline.SetSourceLandmarks(before)
    spline.SetTargetLandmarks(after)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "warp")
    node.SetAndObserveTransformToParent(spline)
    for volume in nodes.volumes:
        volume.SetAndObserveTransformNodeID(node.GetID())
    assert not node.IsTransformToWorldLinear()
    point = np.add(world(MARKED), (3, 2, 1))
    assert read_at(nodes, point).attention == (1, 0, 1, 0)


def test_beyond_the_volumes_there_is_nothing():
    nodes = add_run()
    reading = read_at(nodes, (900, -900, 900))
    assert reading == Reading(attention=(None,) * 4)
    for axis, size in enumerate(fake_result.SHAPE):
        voxel = list(MARKED)
        voxel[axis] = size - 0.51
        assert read_at(nodes, world(voxel)).source is not None
        voxel[axis] = size - 0.49
        assert read_at(nodes, world(voxel)).source is None
        voxel[axis] = -0.51
        assert read_at(nodes, world(voxel)).source is None


def test_missing_outputs_and_a_deleted_source_are_passed_over():
    nodes = add_run(only=("attention",))
    nodes.source = None
    reading = read_at(nodes, world(MARKED))
    assert (reading.source, reading.uncertainty, reading.label, reading.class_name) == (None,) * 4
    assert reading.synthetic is not None
    assert reading.attention == (1, 0, 1, 0)


def test_a_volume_without_voxels_has_no_value():
    nodes = add_run()
    nodes.source.SetAndObserveImageData(None)
    assert read_at(nodes, world(MARKED)).source is None


def test_the_background_has_a_name_and_no_colour():
    reading = read_at(add_run(), world((0, 0, 0)))
    assert (reading.label, reading.class_name, reading.class_color) == (0, "background", None)


def test_a_difference_volume_is_read_too():
    nodes = add_run()
    assert read_at(nodes, world(MARKED), nodes.source).difference == 100


def test_units_are_short():
    nodes = add_run()
    assert units_of(nodes.synthetic) == "HU"
    assert units_of(nodes.source) == ""
    assert units_of(nodes.attention[0]) == ""
    assert units_of(None) == ""


def test_a_reading_takes_less_than_a_millisecond_under_a_transform():
    nodes = add_run(parent=transform(MOVED))
    point = world(MARKED, parent=MOVED)
    read_at(nodes, point)
    best = min(_seconds(lambda: read_at(nodes, point)) for _ in range(20))
    assert best < 1e-3


def _seconds(call):
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


@pytest.mark.parametrize("matrix", [np.diag([1, 0, 1, 1]), np.diag([0, 0, 0, 1]), np.diag([np.nan, 1, 1, 1])])
def test_a_volume_squeezed_flat_has_no_values(matrix):
    nodes = add_run(parent=transform(matrix))
    for point in ((0.0, 0.0, 0.0), world(MARKED)):
        assert read_at(nodes, point) == Reading(attention=(None,) * 4)


@pytest.mark.parametrize("spacing", [0, np.nan])
def test_a_volume_without_spacing_has_no_values(spacing):
    nodes = add_run(only=())
    nodes.synthetic.SetSpacing(spacing, 1, 1)
    reading = read_at(nodes, world(MARKED))
    assert reading.synthetic is None
    assert reading.source == 100
