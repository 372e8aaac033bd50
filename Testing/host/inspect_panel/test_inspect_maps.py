"""The rows of attention maps: what they show, what they change, when they are measured."""

import fake_result
import numpy as np
import pytest
import qt_facade
import slicer
from inspect_examples import MARKED, choose, layers
from inspection_examples import add_run, world

from SASANTranslationLib import results, views


def test_each_map_has_a_row(panel, nodes):
    rows = panel.picker.rows
    assert [row.check_box.text for row in rows] == ["Map 1", "Map 2", "Map 3", "Map 4"]
    assert [row.share_label.text for row in rows] == ["2 %", "< 1 %", "0 %", "0 %"]
    assert [row.thumbnail.isEnabled() for row in rows] == [True, True, True, False]
    assert not rows[0].thumbnail.icon.isNull()
    color = rows[0].color_button.color
    assert (color.red(), color.green(), color.blue()) == (255, 89, 64)
    assert [row.slider.value for row in rows] == [0.5] * 4


def test_a_run_begins_with_its_best_map_and_another_choice_is_kept(panel, nodes, parameters):
    assert list(parameters.shownMaps) == [1]
    panel.picker.rows[1].check_box.click()
    assert list(parameters.shownMaps) == [1, 2]
    panel.set_nodes(add_run())
    assert list(parameters.shownMaps) == [1, 2], "the same maps of the next run"


def test_ticking_a_map_shows_it(host, panel, nodes, parameters):
    panel.picker.rows[1].check_box.click()
    assert panel.active, "to tick a map is to want to see it"
    assert layers("attention") == [nodes.source, *nodes.attention[:2]]
    panel.picker.rows[0].check_box.click()
    assert layers("attention") == [nodes.source, nodes.attention[1]]
    assert not panel.picker.rows[0].check_box.checked


def test_all_none_and_best(panel, nodes, parameters):
    panel.ui.allMapsButton.click()
    assert layers("attention") == [nodes.source, *nodes.attention]
    assert all(row.check_box.checked for row in panel.picker.rows)
    panel.ui.noMapsButton.click()
    assert layers("attention") == [nodes.source]
    panel.ui.bestMapsButton.click()
    assert layers("attention") == [nodes.source, nodes.attention[0]]


def test_over_the_synthetic_volume_and_as_opaque_as_set(panel, nodes, parameters):
    panel.ui.inspectButton.click()
    choose(panel.ui.overlayOnComboBox, "synthetic")
    panel.ui.overlayOpacitySlider.value = 0.25
    assert (parameters.overlayOn, parameters.overlayOpacity) == ("synthetic", 0.25)
    assert layers("attention") == [nodes.synthetic, nodes.attention[0]]
    assert views.slice_view("SASANAttention")[1].GetForegroundOpacity() == 0.25
    parameters.overlayOpacity = 0.75
    assert panel.ui.overlayOpacitySlider.value == 0.75
    assert views.slice_view("SASANAttention")[1].GetForegroundOpacity() == 0.75


def test_colour_and_threshold_are_seen_in_the_view_and_in_the_row(host, panel, nodes, parameters):
    import qt

    panel.ui.inspectButton.click()
    parameters.overlayOpacity = 1.0
    host.app.processEvents()
    point = world(MARKED)
    panel.jump(point)
    row = panel.picker.rows[0]
    assert _pixel(host, point) == pytest.approx((255, 89, 64), abs=2)
    before = row.thumbnail.icon.cacheKey()
    row.color_button.color = qt.QColor(20, 220, 40)
    assert _pixel(host, point) == pytest.approx((20, 220, 40), abs=2)
    assert row.thumbnail.icon.cacheKey() != before
    assert "rgb(20, 220, 40)" in panel.readout._bars[0]._bar.styleSheet
    slicer.util.arrayFromVolume(nodes.attention[0])[fake_result.MARKS[0]] = 0.6
    slicer.util.arrayFromVolumeModified(nodes.attention[0])
    row.slider.value = 0.7
    assert row.share_label.text == "0 %"
    red, green, blue = _pixel(host, point)
    assert red == green == blue, "the map is not drawn there any more"


def _pixel(host, point):
    widget = host._slice_widget("SASANAttention")
    row, column = widget.picture.pixel(point)
    return tuple(host.view_image("SASANAttention")[round(row), round(column)].astype(int))


def test_what_changes_elsewhere_is_seen_in_the_row(panel, nodes):
    nodes.attention[0].GetDisplayNode().SetWindowLevelMinMax(0.8, 1.0)
    assert panel.picker.rows[0].slider.value == pytest.approx(0.8)


def test_a_run_that_is_set_again_unchanged_is_not_measured_again(panel, nodes, monkeypatch):
    measured = []
    content_extent = views.content_extent
    monkeypatch.setattr(views, "content_extent", lambda volume: measured.append(volume) or content_extent(volume))
    panel.set_nodes(results.find_run(nodes.run))
    assert measured == []
    assert [row.share_label.text for row in panel.picker.rows] == ["2 %", "< 1 %", "0 %", "0 %"]


def test_the_window_of_the_image_below_is_followed_also_in_an_unchanged_run(panel, nodes):
    before = panel.picker.rows[0].thumbnail.icon.cacheKey()
    nodes.source.GetDisplayNode().SetWindowLevel(50, 20)
    panel.set_nodes(results.find_run(nodes.run))
    assert panel.picker.rows[0].thumbnail.icon.cacheKey() != before


@pytest.mark.parametrize("change", ["voxels", "anatomy", "geometry", "parent", "transform", "background"])
def test_a_run_that_is_set_again_with_something_else_is_measured_again(panel, nodes, monkeypatch, change):
    parent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    if change == "transform":
        nodes.source.SetAndObserveTransformNodeID(parent.GetID())
    panel.set_nodes(results.find_run(nodes.run))
    measured = []
    content_extent = views.content_extent
    monkeypatch.setattr(views, "content_extent", lambda volume: measured.append(volume) or content_extent(volume))
    if change == "voxels":
        nodes.attention[0].GetImageData().Modified()
    elif change == "anatomy":
        nodes.segmentation.GetImageData().Modified()
    elif change == "geometry":
        nodes.source.SetSpacing(2, 2, 2)
    elif change == "parent":
        nodes.source.SetAndObserveTransformNodeID(parent.GetID())
    elif change == "transform":
        matrix = slicer.util.vtkMatrixFromArray(np.diag([1.0, 1, 2, 1]))
        parent.SetMatrixTransformToParent(matrix)
    else:
        slicer.mrmlScene.RemoveNode(nodes.source)
    panel.set_nodes(results.find_run(nodes.run))
    assert measured


def test_what_is_under_the_mouse_is_above_the_maps(host, panel, nodes):
    layout = panel.widget.layout()
    order = [layout.itemAt(n).widget().name for n in range(layout.count()) if layout.itemAt(n).widget() is not None]
    assert order == ["inspectHintLabel", "inspectReadoutButton", "inspectMapsButton", "inspectCompareButton"]
    assert qt_facade.unwrap(panel.ui.inspectMapsButton.layout().itemAt(1)).layout().verticalSpacing() == 2


def test_a_click_on_the_picture_goes_where_the_map_is_strongest(host, panel, nodes):
    panel.ui.inspectButton.click()
    panel.picker.rows[1].thumbnail.click()
    offset = views.slice_view("SASANSource")[0].GetSliceOffset()
    marked = [world((k, j, i))[2] for k in (3, 5) for j in (6, 9) for i in (13, 17)]
    assert min(marked) <= offset <= max(marked)
