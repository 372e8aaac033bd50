"""Inspection in the views: on and off, layouts, flicker, and what the user gets back."""

import time

import pytest
import slicer
from inspect_examples import FOUR_UP, arrangement, choose, layers

from SASANTranslationLib import views
from SASANTranslationLib.inspection import layouts


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
