"""Attention maps in the picker: shares, thresholds, colours in the views, thumbnails."""

import fake_result
import numpy as np
import pytest
import slicer
import vtk
from inspection_examples import add_run, center, transform, world
from slicer.util import arrayFromVolume
from slicer_session import Session, SliceView
from vtk.util.numpy_support import vtk_to_numpy

from SASANTranslationLib import colors, translation_nodes, views
from SASANTranslationLib.attention import anatomy_volume
from SASANTranslationLib.inspection import maps, thumbnails

#: Voxels of the labelled body, and of the boxes that the first two maps mark in it.
BODY = 16 * 22 * 18
MARKED = (4 * 6 * 5, 3 * 4 * 5)


@pytest.fixture(autouse=True)
def session():
    with Session() as session:
        yield session


@pytest.fixture
def nodes(session):
    return add_run()


# Shares and thresholds


def test_the_share_is_that_of_the_anatomy_in_which_a_map_is_the_strongest(nodes):
    shares = maps.Shares(nodes)
    assert shares.share(nodes.attention[0]) == pytest.approx(MARKED[0] / BODY)
    assert shares.share(nodes.attention[1]) == pytest.approx(MARKED[1] / BODY)
    assert shares.share(nodes.attention[3]) == 0


def test_the_shares_add_up_where_maps_overlap(nodes):
    arrayFromVolume(nodes.attention[3])[fake_result.BODY] = 0.5
    arrayFromVolume(nodes.attention[2])[:] = 0
    shares = [maps.Shares(nodes).share(node) for node in nodes.attention]
    assert shares[3] == pytest.approx(1 - sum(MARKED) / BODY)
    assert sum(shares) == pytest.approx(1)


def test_what_lies_outside_the_anatomy_does_not_count(nodes):
    arrayFromVolume(nodes.attention[0])[:2] = 1
    assert maps.Shares(nodes).share(nodes.attention[0]) == pytest.approx(MARKED[0] / BODY)


def test_without_a_segmentation_the_body_in_the_source_is_the_anatomy():
    nodes = add_run(only=("attention",))
    assert maps.Shares(nodes).share(nodes.attention[0]) == pytest.approx(MARKED[0] / BODY)


def test_changed_voxels_are_counted_anew_and_the_threshold_does_not_matter(nodes):
    node, shares = nodes.attention[0], maps.Shares(nodes)
    assert shares.share(node) == pytest.approx(MARKED[0] / BODY)
    maps.set_threshold(node, 0.7)
    assert maps.threshold(node) == pytest.approx(0.7)
    assert shares.share(node) == pytest.approx(MARKED[0] / BODY)
    arrayFromVolume(node)[fake_result.MARKS[0]] = 0.6  # the third map marks the same, and is stronger now
    node.GetImageData().Modified()
    assert shares.share(node) == 0


@pytest.mark.parametrize(("asked", "kept"), [(-1, 0), (2, 0.99), (0.25, 0.25)])
def test_the_window_never_closes(nodes, asked, kept):
    maps.set_threshold(nodes.attention[0], asked)
    display = nodes.attention[0].GetDisplayNode()
    assert display.GetWindowLevelMin() == pytest.approx(kept)
    assert display.GetWindowLevelMax() == pytest.approx(1)


# Colours


def _pixel(nodes):
    """The pixel of the first map's middle in a view that shows it alone, opaque, over the source."""
    view = SliceView("Test", 200, 200)
    views.set_layers(view.composite, nodes.source, nodes.attention[:1], opacity=1.0)
    point = world(center(fake_result.MARKS[0]))
    view.node.JumpSliceByCentering(*point)
    row, column = view.pixel(point)
    return view.image()[round(row), round(column)]


def test_another_colour_is_seen_in_the_view_at_once(nodes):
    node = nodes.attention[0]
    assert maps.color(node) == colors.attention_color(1)
    np.testing.assert_allclose(_pixel(nodes), colors.attention_color(1), atol=2)
    table = node.GetDisplayNode().GetColorNode()
    maps.set_color(node, (10, 200, 30))
    assert maps.color(node) == (10, 200, 30)
    assert node.GetDisplayNode().GetColorNode() is table, "its own table is written anew"
    np.testing.assert_allclose(_pixel(nodes), (10, 200, 30), atol=2)
    assert maps.color(nodes.attention[2]) == colors.attention_color(3), "the others keep theirs"


def test_slicers_own_tables_are_not_written(nodes):
    node = nodes.attention[0]
    own = node.GetDisplayNode().GetColorNode()
    grey = slicer.util.getNode("Grey")
    node.GetDisplayNode().SetAndObserveColorNodeID(grey.GetID())
    before = [grey.GetLookupTable().GetTableValue(n) for n in (0, 128, 255)]
    maps.set_color(node, (1, 2, 250))
    assert [grey.GetLookupTable().GetTableValue(n) for n in (0, 128, 255)] == before
    assert node.GetDisplayNode().GetColorNode() is own
    assert maps.color(node) == (1, 2, 250)


def test_a_map_whose_table_was_deleted_gets_one_that_belongs_to_the_run(nodes):
    node = nodes.attention[0]
    slicer.mrmlScene.RemoveNode(node.GetDisplayNode().GetColorNode())
    node.GetDisplayNode().SetAndObserveColorNodeID(slicer.util.getNode("Grey").GetID())
    maps.set_color(node, (1, 2, 250))
    table = node.GetDisplayNode().GetColorNode()
    assert translation_nodes.tables_of(nodes.run)["attention_1"] is table
    assert maps.color(node) == (1, 2, 250)


# Thumbnails


def _decoded(data, folder):
    (folder / "thumbnail.png").write_bytes(data)
    reader = vtk.vtkPNGReader()
    reader.SetFileName(str(folder / "thumbnail.png"))
    reader.Update()
    columns, rows, _ = reader.GetOutput().GetDimensions()
    return vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(rows, columns, 3)[::-1].astype(int)


@pytest.mark.parametrize("moved", [False, True])
def test_the_thumbnail_is_what_an_axial_view_shows(nodes, tmp_path, moved):
    """Where its pixels are coloured, the slice view through the same point is too: no side is mirrored."""
    if moved:
        node = transform([[0, -1, 0, 12.5], [1, 0, 0, -7.25], [0, 0, 1.5, 31], [0, 0, 0, 1]])
        for volume in (nodes.source, *nodes.volumes):
            volume.SetAndObserveTransformNodeID(node.GetID())
    extent = views.content_extent(nodes.source)
    point = thumbnails.strongest_point(nodes.attention[0], anatomy_volume(nodes))
    picture = _decoded(thumbnails.thumbnail(nodes.attention[0], nodes.source, extent, point, 64), tmp_path)
    assert picture.shape == (64, 64, 3)
    colored = np.ptp(picture, axis=-1) > 40
    assert 10 < colored.sum() < 1500

    view = SliceView("Test", 64, 64)
    views.set_layers(view.composite, nodes.source, nodes.attention[:1])
    view.node.SetOrientation("Axial")
    view.node.JumpSliceByCentering(*extent.center)
    view.node.JumpSliceByOffsetting(*point)
    side = max(extent.size[:2])
    view.node.SetFieldOfView(side, side, 1)
    in_view = np.ptp(view.image().astype(int), axis=-1) > 40
    overlap = (colored & in_view).sum() / (colored | in_view).sum()
    assert overlap > 0.7
    assert np.argwhere(colored).mean(axis=0) == pytest.approx(np.argwhere(in_view).mean(axis=0), abs=1.5)


def test_the_strongest_point_is_marked_and_inside_the_anatomy(nodes):
    arrayFromVolume(nodes.attention[1])[:2] = 1
    point = thumbnails.strongest_point(nodes.attention[1], anatomy_volume(nodes))
    ijk = np.linalg.inv(fake_result.oblique_affine()) @ (*point, 1)
    voxel = np.round(ijk[2::-1]).astype(int)
    assert all(part.start <= v < part.stop for v, part in zip(voxel, fake_result.MARKS[1], strict=True))


def test_an_empty_map_has_no_strongest_point(nodes):
    assert thumbnails.strongest_point(nodes.attention[3], anatomy_volume(nodes)) is None


def test_the_strongest_point_of_a_large_flat_volume_is_found_among_its_own_voxels():
    """Only every few voxels are looked at, also along an axis shorter than that."""
    nodes = add_run()
    array = np.zeros((4, 1600, 1600), np.float32)
    array[2:, 1200:1300, 300:400] = 1
    for node in (nodes.attention[0], nodes.source):
        slicer.util.updateVolumeFromArray(node, array)
        node.SetIJKToRASMatrix(vtk.vtkMatrix4x4())
    i, j, k = thumbnails.strongest_point(nodes.attention[0], nodes.source)
    assert k == 2 and 1200 <= j < 1300 and 300 <= i < 400


#: Parents under which a volume has no extent, or lies nowhere.
SINGULAR = [np.diag([1, 0, 1, 1]), np.diag([0, 0, 0, 1]), np.diag([np.nan, 1, 1, 1])]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("matrix", SINGULAR)
def test_a_volume_squeezed_flat_has_an_empty_picture_and_can_be_shown(nodes, matrix, tmp_path):
    extent = views.content_extent(nodes.source)
    view = SliceView("Test", 64, 64)
    parent = transform(matrix)
    for volume in (nodes.source, *nodes.volumes):
        volume.SetAndObserveTransformNodeID(parent.GetID())
    assert thumbnails.strongest_point(nodes.attention[0], anatomy_volume(nodes)) is None
    picture = thumbnails.thumbnail(nodes.attention[0], nodes.source, extent, extent.focus, 16)
    assert not _decoded(picture, tmp_path).any()
    views.fit(view.node, views.content_extent(nodes.source))
    assert np.isfinite(view.node.GetFieldOfView()).all() and min(view.node.GetFieldOfView()) > 0
    assert all(np.isfinite(view.node.GetSliceToRAS().GetElement(n, 3)) for n in range(3))


def test_a_volume_without_spacing_has_an_empty_picture(nodes, tmp_path):
    extent = views.content_extent(nodes.source)
    for volume in (nodes.source, *nodes.volumes):
        volume.SetSpacing(0, 1, 1)
    picture = thumbnails.thumbnail(nodes.attention[0], nodes.source, extent, extent.focus, 16)
    assert not _decoded(picture, tmp_path).any()
