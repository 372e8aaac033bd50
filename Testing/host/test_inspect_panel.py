"""The panel Inspect in the host: what a user sees in it and in the views, and what he gets back."""

import time

import fake_result
import numpy as np
import pytest
import qt_facade
import slicer
from inspection_examples import add_run, center, world

from SASANTranslationLib import results, views
from SASANTranslationLib.inspection import comparison, layouts

FOUR_UP = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
MARKED = center(fake_result.MARKS[0])

EVENT = {
    "metrics": {"mae": 61.5, "psnr": 28.25, "ssim": 0.875, "voxels": 6336},
    "classes": [{"value": 2, "name": "tissue <2>", "voxels": 6216, "mae": 40.0, "bias": -12.5}],
}


class Worker:
    """Keeps what it is asked to compare; a test answers."""

    def __init__(self):
        self.asked = []

    def __call__(self, nodes, reference, done, failed):
        self.asked.append((nodes, reference))
        self.done, self.failed = done, failed


@pytest.fixture
def worker():
    return Worker()


@pytest.fixture
def parameters(host):
    from SASANTranslationLib.parameter_node import SASANTranslationParameterNode

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", "SASANTranslation")
    return SASANTranslationParameterNode(node)


@pytest.fixture
def panel(host, worker, parameters):
    """The panel, in the window, entered, without a run."""
    import qt

    from SASANTranslationLib.inspection.panel import InspectPanel

    widget = qt.QWidget()
    panel = InspectPanel(qt.QVBoxLayout(widget), worker)
    host.window.show_panel(qt_facade.unwrap(widget), "Inspect")
    panel.set_parameter_node(parameters)
    panel.enter()
    host.app.processEvents()
    yield panel
    panel.cleanup()
    host.window.show_panel(None, "")


@pytest.fixture
def nodes(panel):
    nodes = add_run()
    panel.set_nodes(nodes)
    return nodes


def arrangement():
    return layouts.layout_node().GetViewArrangement()


def layers(view):
    _node, composite = views.slice_view(layouts.VIEWS.get(view, view))
    volumes = [composite.GetNthLayerVolume(n) for n in range(3 + composite.GetNumberOfAdditionalLayers())]
    return [node for node in volumes if node is not None]


def choose(combo, data):
    """As a user does."""
    index = combo.findData(data)
    assert index >= 0
    combo.setCurrentIndex(index)


def hover(host, point):
    """Move the slice of the red view to a world point, and the mouse there."""
    views.slice_view("Red")[0].JumpSliceByOffsetting(*point)
    host.hover("Red", point)


# Without a run


def test_without_a_run_the_panel_says_so_and_is_disabled(host, panel):
    ui = panel.ui
    assert ui.inspectHintLabel.visible
    assert "translate an image" in ui.inspectHintLabel.text
    controls = (ui.inspectButton, ui.inspectLayoutComboBox, ui.inspectOrientationComboBox, ui.flickerButton)
    for widget in (*controls, ui.inspectMapsButton, ui.inspectReadoutButton, ui.inspectCompareButton):
        assert not widget.isEnabled()
    assert arrangement() == FOUR_UP
    host.hover("Red", (0, 0, 0))
    assert ui.sourceValueLabel.text == "–"


def test_with_a_run_the_hint_goes(panel, nodes):
    assert not panel.ui.inspectHintLabel.visible
    assert panel.ui.inspectButton.isEnabled()
    panel.set_nodes(None)
    assert panel.ui.inspectHintLabel.visible
    assert not panel.ui.inspectButton.isEnabled()


# Views


def test_inspection_goes_on_and_off_by_its_button(host, panel, nodes, parameters):
    assert not panel.active
    panel.ui.inspectButton.click()
    assert parameters.inspectLayout == "four Axial"
    assert panel.active
    assert arrangement() == layouts.LAYOUTS["four"].number
    assert layers("source") == [nodes.source]
    panel.ui.inspectButton.click()
    assert parameters.inspectLayout == ""
    assert not panel.active
    assert arrangement() == FOUR_UP


def test_the_views_are_filled_once_they_have_their_size(host, panel, nodes):
    """Slicer gives new views their size later; the picture is then fitted again."""
    panel.ui.inspectButton.click()
    deadline = time.monotonic() + 5
    while panel._fit_timer.active and time.monotonic() < deadline:
        host.app.processEvents()
    extent = views.content_extent(nodes.source)
    for name in layouts.VIEWS.values():
        node, _composite = views.slice_view(name)
        assert node.GetDimensions()[0] != 256, "it has been resized"
        width, height = views.in_plane_size(node, extent)
        columns, rows, _ = node.GetDimensions()
        field = node.GetFieldOfView()
        assert field[0] / columns == pytest.approx(field[1] / rows), "pixels are square"
        assert field[0] >= width * 0.999 and field[1] >= height * 0.999
        assert field[0] <= width * 1.001 or field[1] <= height * 1.001
        picture = host.view_image(name)
        assert picture.any()


def test_layout_and_orientation_are_chosen_and_kept(panel, nodes, parameters):
    panel.ui.inspectButton.click()
    choose(panel.ui.inspectLayoutComboBox, "three")
    choose(panel.ui.inspectOrientationComboBox, "Sagittal")
    assert parameters.inspectLayout == "three Sagittal"
    assert arrangement() == layouts.LAYOUTS["three"].number
    assert views.slice_view("SASANSource")[0].GetOrientation() == "Sagittal"
    panel.ui.inspectButton.click()
    assert panel.ui.inspectLayoutComboBox.currentData == "three", "kept for the next time"
    panel.ui.inspectButton.click()
    assert parameters.inspectLayout == "three Sagittal"


def test_choosing_while_off_changes_no_view(panel, nodes, parameters):
    choose(panel.ui.inspectLayoutComboBox, "row")
    assert parameters.inspectLayout == ""
    assert arrangement() == FOUR_UP


@pytest.mark.parametrize("text", ["nonsense", "four", "four Oblique", " "])
def test_a_layout_that_is_not_known_is_replaced(panel, nodes, parameters, text):
    parameters.inspectLayout = text
    assert panel.active == bool(text.strip())
    assert arrangement() in (FOUR_UP, layouts.LAYOUTS["four"].number)


def test_leaving_the_module_gives_the_views_back_and_coming_back_resumes(panel, nodes, parameters):
    red = views.slice_view("Red")[1]
    red.SetBackgroundVolumeID(nodes.synthetic.GetID())
    nodes.source.GetDisplayNode().SetWindowLevel(300, 40)
    panel.ui.inspectButton.click()
    nodes.source.GetDisplayNode().SetWindowLevel(1, 2)
    panel.exit()
    assert arrangement() == FOUR_UP
    assert layers("Red") == [nodes.synthetic]
    assert nodes.source.GetDisplayNode().GetWindow() == 300
    assert parameters.inspectLayout == "four Axial"
    panel.enter()
    assert arrangement() == layouts.LAYOUTS["four"].number
    assert panel.active


def test_the_users_own_layout_ends_inspection(panel, nodes, parameters):
    panel.ui.inspectButton.click()
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    assert not panel.active
    assert parameters.inspectLayout == ""
    assert not panel.ui.inspectButton.checked
    assert arrangement() == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView
    panel.exit()
    assert arrangement() == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView


def test_flicker_by_button_and_by_key(host, panel, nodes):
    import qt

    assert not panel.ui.flickerButton.isEnabled()
    panel.ui.inspectButton.click()
    panel.ui.flickerButton.click()
    assert layers("source") == [nodes.synthetic]
    _press(host, qt.Qt.Key_K)
    assert layers("source") == [nodes.source]
    assert not panel.ui.flickerButton.checked
    _press(host, qt.Qt.Key_K)
    assert layers("source") == [nodes.synthetic]
    panel.ui.inspectButton.click()
    assert not panel.controls._shortcut.enabled, "the key is not taken while inspection is off"


def _press(host, key):
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    host.window.activateWindow()
    host.app.processEvents()
    QTest.keyClick(host.window, Qt.Key(int(key)))
    host.app.processEvents()


# Maps


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


# Under the mouse


def test_the_values_follow_the_mouse(host, panel, nodes):
    ui = panel.ui
    hover(host, world(MARKED))
    assert ui.sourceValueLabel.text == "100"
    assert ui.syntheticValueLabel.text.endswith(" HU")
    assert ui.uncertaintyValueLabel.text == "0 HU"
    assert ui.classValueLabel.text == '<span style="color: #f0d791">■</span> tissue 3'
    bars = panel.readout._bars
    assert [bar._bar.value for bar in bars] == [1000, 0, 1000, 0]
    assert [bar._label.text for bar in bars] == ["1.00", "0.00", "1.00", "0.00"]
    host.hover("Red", (900, 900, 900))
    assert ui.sourceValueLabel.text == ui.classValueLabel.text == "–"
    hover(host, world(MARKED))
    host.hover("Red", None)
    assert ui.sourceValueLabel.text == ui.syntheticValueLabel.text == bars[0]._label.text == "–"
    assert bars[0]._bar.value == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [(-1000, "−1000 HU"), (-12.34, "−12.3 HU"), (-2e-6, "−2e−06 HU"), (-0.0, "0 HU"), (7, "7 HU"), (np.nan, "–")],
)
def test_negative_values_have_a_minus(host, panel, nodes, value, text):
    slicer.util.updateVolumeFromArray(nodes.synthetic, np.full(fake_result.SHAPE, value, np.float32))
    hover(host, world(MARKED))
    assert panel.ui.syntheticValueLabel.text == text


def test_after_the_module_is_left_nothing_follows_the_mouse(host, panel, nodes):
    panel.exit()
    hover(host, world(MARKED))
    assert panel.ui.sourceValueLabel.text == "–"


def test_outputs_that_were_not_asked_for_take_no_room(host, panel):
    panel.set_nodes(add_run(only=("attention",)))
    assert not panel.ui.uncertaintyValueLabel.visible
    assert not panel.ui.classTitleLabel.visible
    assert not panel.ui.differenceValueLabel.visible
    hover(host, world(MARKED))
    assert panel.ui.sourceValueLabel.text == "100"


# Comparison


@pytest.fixture
def reference(nodes, parameters):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "planning CT")
    parameters.referenceVolume = node
    return node


def test_the_button_says_why_it_is_grey(panel, nodes, parameters):
    button = panel.ui.compareButton
    assert not button.isEnabled() and "Choose a reference" in button.toolTip
    parameters.referenceVolume = nodes.synthetic
    assert not button.isEnabled() and "itself" in button.toolTip
    parameters.referenceVolume = nodes.source
    assert button.isEnabled()
    assert panel.ui.referenceSelector.currentNode() is nodes.source


def test_a_comparison_fills_the_fourth_view_and_the_panel(host, panel, nodes, parameters, reference, worker):
    panel.ui.inspectCompareButton.collapsed = False
    panel.ui.inspectButton.click()
    assert layers("difference") == [nodes.uncertainty]
    panel.ui.compareButton.click()
    assert worker.asked == [(nodes, reference)]
    assert not panel.ui.compareButton.isEnabled() and panel.ui.compareButton.text == "Comparing…"
    difference = np.full(fake_result.SHAPE, 25, np.float32)
    worker.done(EVENT, difference)
    made = comparison.find_comparison(nodes)
    assert layers("difference") == [made.difference]
    text = panel.ui.metricsLabel.text
    assert "MAE 61.5 HU" in text and "PSNR 28.2 dB" in text and "SSIM 0.875" in text and "planning CT" in text
    assert "tissue &lt;2&gt;" in text and ">−12.5" in text
    assert panel.ui.metricsLabel.visible
    assert panel.ui.compareButton.isEnabled()
    hover(host, world(MARKED))
    assert panel.ui.differenceValueLabel.text == "25 HU"
    # The run is left and looked at again.
    panel.set_nodes(add_run())
    assert not panel.ui.metricsLabel.visible
    panel.set_nodes(nodes)
    assert "MAE 61.5 HU" in panel.ui.metricsLabel.text


def test_the_errors_in_the_table_node_stay_numbers(panel, nodes, reference, worker):
    panel.ui.compareButton.click()
    rounded = {**EVENT, "classes": [{**EVENT["classes"][0], "mae": 0.01, "bias": -0.01}]}
    worker.done(rounded, np.zeros(fake_result.SHAPE, np.float32))
    assert ">0.0&" in panel.ui.metricsLabel.text
    assert "−0.0" not in panel.ui.metricsLabel.text and "-0.0" not in panel.ui.metricsLabel.text
    table = comparison.find_comparison(nodes).table.GetTable()
    assert table.GetColumn(3).GetValue(1) == -0.01


def test_a_failure_is_told_and_can_be_tried_again(panel, nodes, reference, worker):
    panel.ui.inspectCompareButton.collapsed = False
    panel.ui.compareButton.click()
    worker.failed("The volumes do not overlap. Choose another.")
    assert panel.ui.compareStatusLabel.text == "The volumes do not overlap. Choose another."
    assert panel.ui.compareStatusLabel.visible
    assert panel.ui.compareButton.isEnabled()
    panel.ui.compareButton.click()
    assert not panel.ui.compareStatusLabel.visible


@pytest.mark.parametrize("event", ["run removed", "reference removed", "scene closed"])
def test_an_answer_that_comes_too_late_does_no_harm(host, panel, nodes, reference, worker, event):
    panel.ui.compareButton.click()
    if event == "run removed":
        results.remove_run(nodes)
    elif event == "reference removed":
        slicer.mrmlScene.RemoveNode(reference)
    else:
        host.close_scene()
        assert panel.ui.compareButton.text == "Compare", "nobody waits for it any more"
    worker.done(EVENT, np.zeros(fake_result.SHAPE, np.float32))
    assert slicer.util.getNodesByClass("vtkMRMLTableNode") == []


def test_an_answer_for_another_run_goes_to_that_run(panel, nodes, reference, worker):
    panel.ui.compareButton.click()
    other = add_run()
    panel.set_nodes(other)
    worker.done(EVENT, np.zeros(fake_result.SHAPE, np.float32))
    assert comparison.find_comparison(nodes) is not None
    assert comparison.find_comparison(other) is None
    assert not panel.ui.metricsLabel.visible


def test_a_run_that_is_translated_again_in_place_loses_its_comparison(panel, nodes, reference, worker):
    panel.ui.compareButton.click()
    worker.done(EVENT, np.zeros(fake_result.SHAPE, np.float32))
    panel.set_nodes(results.find_run(nodes.run))
    assert comparison.find_comparison(nodes) is not None, "only looked at again"
    slicer.util.updateVolumeFromArray(nodes.synthetic, np.zeros(fake_result.SHAPE, np.float32))
    panel.set_nodes(results.find_run(nodes.run))
    assert comparison.find_comparison(nodes) is None
    assert panel.comparing.difference is None


def test_another_volume_is_not_taken_for_a_deleted_reference(panel, nodes, reference, parameters):
    slicer.mrmlScene.RemoveNode(reference)
    assert parameters.referenceVolume is None


# Nodes and scenes that go


def test_a_deleted_map_loses_its_row(panel, nodes, parameters):
    panel.ui.allMapsButton.click()
    slicer.mrmlScene.RemoveNode(nodes.attention[1])
    assert [row.number for row in panel.picker.rows] == [1, 3, 4]
    assert layers("attention") == [nodes.source, nodes.attention[0], *nodes.attention[2:]]


def test_a_deleted_source_is_missed_only_where_it_was(host, panel, nodes):
    panel.ui.inspectButton.click()
    slicer.mrmlScene.RemoveNode(nodes.source)
    hover(host, world(MARKED))
    assert panel.ui.sourceValueLabel.text == "–"
    assert panel.ui.syntheticValueLabel.text.endswith("HU")
    assert layers("synthetic") == [nodes.synthetic]


def test_a_removed_run_ends_inspection(panel, nodes):
    panel.ui.inspectButton.click()
    results.remove_run(nodes)
    assert panel.nodes is None
    assert not panel.active
    assert arrangement() == FOUR_UP
    assert panel.ui.inspectHintLabel.visible
    assert panel.picker.rows == []


def test_a_deleted_difference_gives_way_to_the_uncertainty(panel, nodes, reference, worker):
    panel.ui.inspectButton.click()
    panel.ui.compareButton.click()
    worker.done(EVENT, np.ones(fake_result.SHAPE, np.float32))
    slicer.mrmlScene.RemoveNode(panel.comparing.difference)
    assert layers("difference") == [nodes.uncertainty]


def test_closing_the_scene_while_inspecting(host, panel, nodes):
    panel.ui.allMapsButton.click()
    host.close_scene()
    assert arrangement() == FOUR_UP
    assert panel.nodes is None and not panel.active
    assert not panel.ui.inspectButton.isEnabled()


def test_a_scene_that_is_loaded_while_inspecting(host, panel, nodes, parameters, tmp_path):
    panel.ui.inspectButton.click()
    host.save_scene(tmp_path / "scene.mrb")
    host.load_scene(tmp_path / "scene.mrb")
    from SASANTranslationLib.parameter_node import SASANTranslationParameterNode

    assert not panel.active
    node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScriptedModuleNode")
    loaded = SASANTranslationParameterNode(node)
    assert loaded.inspectLayout == "four Axial"
    panel.set_parameter_node(loaded)
    panel.set_nodes(results.find_runs()[-1])
    assert panel.active
    assert len(panel.picker.rows) == 4
    assert arrangement() == layouts.LAYOUTS["four"].number
    panel.exit()
    assert arrangement() == FOUR_UP, "that of the user when he saved"


def test_a_scene_that_is_added_while_inspecting_brings_its_own_layout(host, panel, nodes, parameters, tmp_path):
    one_up = slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView
    slicer.app.layoutManager().setLayout(one_up)
    host.save_scene(tmp_path / "scene.mrb")
    slicer.app.layoutManager().setLayout(FOUR_UP)
    panel.ui.inspectButton.click()
    host.load_scene(tmp_path / "scene.mrb", clear=False)
    assert not panel.active
    assert arrangement() == one_up
    panel.exit()
    assert arrangement() == one_up


def test_cleanup_leaves_nothing_behind(host, worker, parameters):
    import qt

    from SASANTranslationLib.inspection.panel import InspectPanel

    widget = qt.QWidget()
    panel = InspectPanel(qt.QVBoxLayout(widget), worker)
    panel.set_parameter_node(parameters)
    panel.enter()
    panel.set_nodes(add_run())
    panel.ui.inspectButton.click()
    panel.cleanup()
    assert arrangement() == FOUR_UP
    qt_facade.unwrap(widget).deleteLater()
    host.app.processEvents()
    hover(host, world(MARKED))
    parameters.overlayOpacity = 0.1
    host.close_scene()
