"""Which part of the results is drawn where, in the real slice views of slicer-core, pixel by pixel."""

import fake_result
import numpy as np
import pytest
import slicer
from slicer.util import arrayFromVolume, arrayFromVTKMatrix
from slicer_session import SliceView
from test_harden import bspline_transform

from SASANTranslationLib import attention, colors, results, views

PLANES = ("Axial", "Coronal", "Sagittal")


@pytest.fixture
def nodes(source):
    return results.add_results(fake_result.description(), fake_result.result(), source)


def center_ras(mark, affine=None):
    """The RAS centre of a box of voxels given as slices (k, j, i)."""
    k, j, i = ((part.start + part.stop - 1) / 2 for part in mark)
    return ((fake_result.oblique_affine() if affine is None else affine) @ (i, j, k, 1))[:3]


def saturation(pixels):
    """How colourful each pixel is: largest minus smallest channel."""
    return np.ptp(pixels.astype(int), axis=-1)


# Choice of maps


def test_maps_are_chosen_that_mark_different_places(nodes):
    first, second, same_as_first, empty = nodes.attention
    arrayFromVolume(first)[4:16, 16:22, 5:10] = 1
    chosen = attention.complementary_maps(nodes.attention, nodes.segmentation)
    assert chosen == [first], "the second marks 1 % of the body, which is not worth a colour"
    arrayFromVolume(second)[4:16, 6:10, 13:18] = 1
    chosen = attention.complementary_maps(nodes.attention, nodes.segmentation)
    assert chosen == [first, second], "largest first; neither the repetition nor the empty one"
    assert attention.complementary_maps(nodes.attention, nodes.segmentation, count=1) == [first]
    assert attention.complementary_maps([same_as_first], nodes.segmentation) == [same_as_first]
    assert attention.complementary_maps([empty], nodes.segmentation) == [empty]


def test_a_map_of_the_background_is_not_chosen(nodes):
    first, background = nodes.attention[:2]
    arrayFromVolume(background)[:] = arrayFromVolume(nodes.segmentation) == 0
    assert attention.complementary_maps([background, first], nodes.segmentation) == [first]


def test_a_dense_map_is_drawn_where_it_is_strongest(nodes):
    node = nodes.attention[0]
    inside = arrayFromVolume(nodes.segmentation) > 0
    values = np.linspace(0, 1, inside.sum())
    arrayFromVolume(node)[inside] = values
    attention.show_strong_part(node, nodes.segmentation)
    drawn = arrayFromVolume(node) > node.GetDisplayNode().GetWindowLevelMin()
    assert drawn.sum() / inside.sum() == pytest.approx(0.15, abs=0.01)


# Pictures


@pytest.mark.parametrize("plane", PLANES)
def test_the_overlay_is_drawn_where_the_map_is_high_and_nowhere_else(nodes, plane):
    mark = fake_result.MARKS[0]
    view = SliceView("Test", 240, 200)
    views.set_layers(view.composite, nodes.source, nodes.attention[:1])
    view.node.SetOrientation(plane)
    views.fit(view.node, views.content_extent(nodes.source))
    center = center_ras(mark)
    view.node.JumpSliceByOffsetting(*center)
    picture = view.image()
    colored = saturation(picture) > 40

    row, column = view.pixel(center)
    red, green, blue = picture[round(row), round(column)].astype(int)
    assert red > green + 40 and red > blue + 40, "map 1 is red"
    assert np.argwhere(colored).mean(axis=0) == pytest.approx((row, column), abs=2)
    mirrored = picture.shape[0] - 1 - row, picture.shape[1] - 1 - column
    assert not colored[round(mirrored[0]), round(mirrored[1])]
    rows, columns = np.indices(colored.shape)
    inside = _in_box(view, rows, columns, mark, margin=0.6)
    assert colored[_in_box(view, rows, columns, mark, margin=-1.0)].all()
    assert not colored[~inside].any()


def _in_box(view, rows, columns, mark, margin):
    """Which pixels lie in a box of voxels, grown by `margin` voxels."""
    xy = np.stack([columns, view.node.GetDimensions()[1] - 1 - rows, 0 * rows, 0 * rows + 1], axis=-1)
    ras = xy @ arrayFromVTKMatrix(view.node.GetXYToRAS()).T
    ijk = (ras @ np.linalg.inv(fake_result.oblique_affine()).T)[..., :3]
    inside = np.ones(rows.shape, bool)
    for axis, part in zip((2, 1, 0), mark, strict=True):
        inside &= (ijk[..., axis] >= part.start - 0.5 - margin) & (ijk[..., axis] <= part.stop - 0.5 + margin)
    return inside


def test_several_maps_are_drawn_at_once_each_in_its_colour(nodes):
    view = SliceView("Test", 200, 200)
    views.set_layers(view.composite, nodes.source, nodes.attention)
    for map_number in (2, 3):  # 3 lies on 1, above it
        center = center_ras(fake_result.MARKS[map_number - 1])
        view.node.JumpSliceByCentering(*center)
        row, column = view.pixel(center)
        pixel = view.image()[round(row), round(column)]
        hue = int(np.argmax(colors.attention_color(map_number)))
        assert np.argmax(pixel) == hue
        assert saturation(pixel) > 40


def test_the_segmentation_is_drawn_in_the_labels_colours(nodes):
    view = SliceView("Test", 200, 200)
    views.set_layers(view.composite, nodes.source, (), nodes.segmentation)
    center = center_ras(fake_result.MARKS[0])
    view.node.JumpSliceByCentering(*center)
    row, column = (round(float(part)) for part in view.pixel(center))
    with_labels = view.image()[row, column]
    views.set_layers(view.composite, nodes.source)
    without = view.image()[row, column]
    share = views.SEGMENTATION_OPACITY
    expected = (1 - share) * without + share * np.array(fake_result.COLORS[3])
    np.testing.assert_allclose(with_labels, expected, atol=2)


def test_layers_of_an_earlier_overlay_do_not_stay(nodes):
    _, composite = views.slice_view("Test")
    views.set_layers(composite, nodes.source, nodes.attention)
    views.set_layers(composite, nodes.synthetic, nodes.attention[:2])
    assert composite.GetNumberOfAdditionalLayers() == 1
    views.set_layers(composite, nodes.synthetic)
    assert composite.GetNumberOfAdditionalLayers() == 0
    assert composite.GetForegroundVolumeID() is None
    assert composite.GetBackgroundVolumeID() == nodes.synthetic.GetID()


@pytest.mark.parametrize("plane", PLANES)
def test_a_fitted_view_is_filled_by_the_anatomy_and_cuts_nothing_off(nodes, plane):
    extent = views.content_extent(nodes.source)
    view = SliceView("Test", 300, 200)
    view.node.SetOrientation(plane)
    views.fit(view.node, extent)
    corners = np.array(np.meshgrid(*zip(extent.lower, extent.upper, strict=True))).reshape(3, -1).T
    pixels = np.array([view.pixel(corner) for corner in corners])
    assert pixels.min() >= 0
    assert (pixels <= (199, 299)).all()
    used = np.ptp(pixels, axis=0) / (200, 300)
    assert used.max() > 0.9
    field = view.node.GetFieldOfView()
    assert field[0] / 300 == pytest.approx(field[1] / 200), "pixels are square"


def test_the_extent_is_that_of_the_body_in_patient_space(nodes):
    extent = views.content_extent(nodes.source)
    k, j, i = np.mgrid[fake_result.BODY]
    points = np.stack([i, j, k, 0 * i + 1], axis=-1).reshape(-1, 4) @ fake_result.oblique_affine().T
    np.testing.assert_allclose(extent.lower, points.min(axis=0)[:3], atol=2)
    np.testing.assert_allclose(extent.upper, points.max(axis=0)[:3], atol=2)


def test_the_first_look_is_radiological(nodes):
    views.show_translation(nodes)
    ends = {"Red": ("R", "A"), "Green": ("R", "S"), "Yellow": ("A", "S")}
    towards = {"R": (1, 0, 0), "A": (0, 1, 0), "S": (0, 0, 1)}
    for name, (left, above) in ends.items():
        view = SliceView(name, 200, 200)
        center = views.content_extent(nodes.source).center
        row, column = view.pixel(center)
        assert view.pixel(np.add(center, towards[left]))[1] < column
        assert view.pixel(np.add(center, towards[above]))[0] < row


# Without some of the outputs


def test_without_a_segmentation_the_anatomy_is_that_of_the_input(source):
    arrayFromVolume(source)[:] = 100
    arrayFromVolume(source)[:, :14] = 3  # half of it is dark
    body = np.linspace(0, 1, fake_result.arrays()["source"].size).reshape(fake_result.SHAPE).astype(np.float32)
    body[:, :14] = 1
    result = {"attention_1": body}
    nodes = results.add_results(fake_result.description(), result, source)
    assert attention.anatomy_volume(nodes) is source
    inside = body[:, 14:]
    drawn = inside > nodes.attention[0].GetDisplayNode().GetWindowLevelMin()
    assert drawn.mean() == pytest.approx(0.15, abs=0.02)
    background = dict(result, attention_2=(np.indices(fake_result.SHAPE)[1] < 14).astype(np.float32))
    maps = results.add_results(fake_result.description(), background, source).attention
    arrayFromVolume(maps[0])[:, :14] = 0
    assert attention.complementary_maps(maps, source) == [maps[0]], "the second marks background only"


def test_without_an_input_the_anatomy_is_that_of_the_synthetic_volume(source):
    nodes = results.add_results(fake_result.description(), fake_result.result("synthetic", "attention"), source)
    slicer.mrmlScene.RemoveNode(source)
    nodes = results.find_run(nodes.run)
    assert attention.anatomy_volume(nodes) is nodes.synthetic
    assert attention.complementary_maps(nodes.attention, nodes.synthetic) == [nodes.attention[0]]
    assert attention.anatomy_volume(results.TranslationNodes()) is None
    assert attention.complementary_maps(nodes.attention[:1], None) == nodes.attention[:1]
    assert attention.complementary_maps([], None) == []


def test_anatomy_of_another_grid_counts_as_none(nodes):
    slicer.util.updateVolumeFromArray(nodes.source, np.ones((2, 3, 4), np.float32))
    assert attention.complementary_maps(nodes.attention, nodes.source)


def test_an_image_that_is_all_the_same_is_body_everywhere():
    assert attention.body_mask(np.full((2, 3, 4), -5.0)).all()


@pytest.mark.parametrize(
    ("roles", "rows"),
    [
        (("synthetic",), ["source", "synthetic", "source"]),
        (("uncertainty",), ["source", "uncertainty", "source"]),
        (("segmentation",), ["source", "source", "source + label"]),
        (("attention",), ["source", "source", "source + attention 1"]),
        (("synthetic", "segmentation", "attention"), ["source", "synthetic", "source + attention 1"]),
    ],
)
def test_the_first_look_copes_with_missing_outputs(source, roles, rows):
    nodes = results.add_results(fake_result.description(), fake_result.result(*roles), source)
    views.show_translation(nodes)
    assert [shown(nodes, name) for name in ("Red", "Slice4", "Slice7")] == rows


def test_the_first_look_copes_without_the_input(nodes):
    slicer.mrmlScene.RemoveNode(nodes.source)
    nodes = results.find_run(nodes.run)
    views.show_translation(nodes)
    assert shown(nodes, "Red") == shown(nodes, "Slice4") == "synthetic"
    assert SliceView("Red", 60, 60).image().any()


def shown(nodes, name):
    """What a view shows, in words."""
    _, composite = views.slice_view(name)
    words = {None: ""}
    for kind in ("source", "synthetic", "uncertainty"):
        node = getattr(nodes, kind)
        words[node.GetID() if node else "-"] = kind
    text = words[composite.GetBackgroundVolumeID()]
    if composite.GetForegroundVolumeID():
        node = slicer.mrmlScene.GetNodeByID(composite.GetForegroundVolumeID())
        text += f" + attention {node.GetAttribute('SASAN.attention_map')}"
    return text + (" + label" if composite.GetLabelVolumeID() else "")


def test_a_view_is_fitted_even_under_a_transform_that_is_not_linear(nodes, capfd):
    before = views.content_extent(nodes.source)
    grid = bspline_transform()
    nodes.source.SetAndObserveTransformNodeID(grid.GetID())
    capfd.readouterr()
    assert views.content_extent(nodes.source) == before
    assert capfd.readouterr().err == "", "Slicer complains when it is asked for the matrix of such a transform"
    linear = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    linear.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.diag([2.0, 2.0, 2.0, 1.0])))
    nodes.source.SetAndObserveTransformNodeID(linear.GetID())
    assert views.content_extent(nodes.source).size == pytest.approx([2 * size for size in before.size])


def test_an_input_whose_image_is_gone_is_not_what_outputs_are_shown_on(nodes):
    nodes.source.SetAndObserveImageData(None)
    assert views.image_to_show(nodes) is nodes.synthetic
