"""Layouts and slice views of the host: real logics, real pixels."""

import numpy as np
import pytest
import slicer
from slicer_host import Host

BRIGHT = (slice(10, 14), slice(20, 26), slice(4, 9))  # k, j, i

CUSTOM = """
<layout type="horizontal">
 <item splitSize="2"><view class="vtkMRMLSliceNode" singletontag="Left">
  <property name="orientation" action="default">Axial</property>
  <property name="viewlabel" action="default">L</property>
  <property name="viewcolor" action="default">#3070C0</property></view></item>
 <item><layout type="vertical">
  <item><view class="vtkMRMLSliceNode" singletontag="Upper">
   <property name="orientation" action="default">Axial</property></view></item>
  <item><view class="vtkMRMLSliceNode" singletontag="Lower">
   <property name="orientation" action="default">Axial</property></view></item>
 </layout></item>
</layout>"""


@pytest.fixture
def manager(host):
    return slicer.app.layoutManager()


@pytest.fixture
def volume(host):
    array = np.zeros((24, 40, 30), np.int16)
    array[BRIGHT] = 100
    node = slicer.util.addVolumeFromArray(array, np.diag([2.0, 1.5, 3.0, 1.0]), "Marked")
    node.GetDisplayNode().SetAutoWindowLevel(False)
    node.GetDisplayNode().SetWindowLevel(100, 50)
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


def centre():
    k, j, i = ((part.start + part.stop - 1) / 2 for part in BRIGHT)
    return (i * 2.0, j * 1.5, k * 3.0)


def corners(widget):
    """Left, top, right and bottom of a shown widget in the viewport."""
    import qt

    place = widget.mapTo(slicer.app.layoutManager().viewport(), qt.QPoint(0, 0))
    return place.x(), place.y(), place.x() + widget.width, place.y() + widget.height


def test_a_view_shows_the_volume_where_it_is(host, manager, volume):
    node = manager.sliceWidget("Red").mrmlSliceNode()
    node.JumpSliceByOffsetting(*centre())
    image = host.view_image("Red")
    assert image.dtype == np.uint8 and image.shape[2] == 3
    assert image.shape[:2] == node.GetDimensions()[1::-1]
    lit = np.argwhere(image[:, :, 0] > 128)
    row, column = pixel(node, centre())
    assert lit.mean(axis=0) == pytest.approx((row, column), abs=1.5)
    millimetres = node.GetFieldOfView()[0] / node.GetDimensions()[0]
    assert np.ptp(lit, axis=0) * millimetres == pytest.approx((6 * 1.5, 5 * 2.0), abs=4 * millimetres)
    node.JumpSliceByOffsetting(0, 0, 66)
    assert host.view_image("Red").max() == 0


def pixel(node, ras):
    import vtk

    inverse = vtk.vtkMatrix4x4()
    vtk.vtkMatrix4x4.Invert(node.GetXYToRAS(), inverse)
    x, y, *_ = inverse.MultiplyPoint((*ras, 1))
    return node.GetDimensions()[1] - 1 - y, x


def test_the_standard_layout_is_four_up(host, manager):
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    assert manager.sliceViewNames() == ("Red", "Green", "Yellow")
    red, green, yellow = (corners(manager.sliceWidget(name)) for name in ("Red", "Green", "Yellow"))
    assert red[0] == green[0] < yellow[0] and red[1] < green[1] == yellow[1]
    assert manager.sliceWidget("Violet") is None
    assert manager.sliceWidget("Red").mrmlSliceNode().GetOrientation() == "Axial"
    logic = slicer.app.applicationLogic().GetSliceLogicByLayoutName("Red")
    assert logic is manager.sliceWidget("Red").sliceLogic()
    assert manager.sliceWidget("Red").objectName == "qMRMLSliceWidgetRed"


def test_a_custom_layout_is_arranged_as_its_description_says(host, manager, volume):
    seen = []
    manager.connect("layoutChanged(int)", seen.append)
    node = manager.layoutLogic().GetLayoutNode()
    assert node.AddLayoutDescription(700, CUSTOM)
    manager.setLayout(700)
    host.app.processEvents()
    assert manager.layout == 700 == node.GetViewArrangement() and seen == [700]
    assert manager.sliceViewNames() == ("Red", "Green", "Yellow", "Left", "Upper", "Lower")
    left, upper, lower = (corners(manager.sliceWidget(name)) for name in ("Left", "Upper", "Lower"))
    assert left[2] <= upper[0] == lower[0] and upper[3] <= lower[1]
    assert (left[2] - left[0]) / (upper[2] - upper[0]) == pytest.approx(2, abs=0.05)
    assert not manager.sliceWidget("Red").visible
    nodes = {name: manager.sliceWidget(name).mrmlSliceNode() for name in ("Left", "Red")}
    assert nodes["Left"].IsMappedInLayout() and not nodes["Red"].IsMappedInLayout()
    assert nodes["Left"].GetLayoutLabel() == "L"
    manager.layout = slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView
    host.app.processEvents()
    assert manager.sliceWidget("Red").visible and not manager.sliceWidget("Left").visible
    assert manager.sliceWidget("Red").height > 0.95 * manager.viewport().height
    manager.setLayout(12345)
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView, "nobody described that one"


def test_a_view_keeps_its_settings_over_layouts_and_its_node_over_a_closed_scene(host, manager, volume):
    widget = manager.sliceWidget("Red")
    widget.sliceController().setSliceOffsetValue(12.0)
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutThreeByThreeSliceView)
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    assert manager.sliceWidget("Red") == widget
    assert widget.sliceLogic().GetSliceOffset() == pytest.approx(12)
    host.close_scene()
    assert widget.mrmlSliceCompositeNode().GetBackgroundVolumeID() is None
    assert host.view_image("Red").max() == 0
    assert set(manager.sliceViewNames()) >= {"Red", "Green", "Yellow"}


def test_linked_views_move_together(host, manager, volume):
    manager.layoutLogic().GetLayoutNode().AddLayoutDescription(700, CUSTOM)
    manager.setLayout(700)
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    left, upper = (manager.sliceWidget(name) for name in ("Left", "Upper"))
    left.sliceController().setSliceOffsetValue(9.0)
    assert upper.sliceLogic().GetSliceOffset() != pytest.approx(9)
    for name in ("Left", "Upper", "Lower"):
        manager.sliceWidget(name).mrmlSliceCompositeNode().SetLinkedControl(True)
    left.sliceController().setSliceOffsetValue(30.0)
    assert upper.sliceLogic().GetSliceOffset() == pytest.approx(30)


def test_reset_shows_the_whole_volume(host, manager, volume):
    node = manager.sliceWidget("Red").mrmlSliceNode()
    node.SetFieldOfView(1.0, 1.0, 1.0)
    slicer.util.resetSliceViews()
    assert min(node.GetFieldOfView()[:2]) > 50


def test_the_mouse_over_a_view_moves_the_cursor(host, manager, volume):
    positions = []
    node = slicer.util.getNode("Crosshair")
    event = slicer.vtkMRMLCrosshairNode.CursorPositionModifiedEvent

    def note(*_):
        ras = [0.0, 0.0, 0.0]
        positions.append(ras if node.GetCursorPositionRAS(ras) else None)

    node.AddObserver(event, note)
    manager.sliceWidget("Red").mrmlSliceNode().JumpSliceByOffsetting(*centre())
    host.hover("Red", centre())
    assert positions[-1] == pytest.approx(centre(), abs=1e-6)
    host.hover("Red")
    assert positions[-1] is None


def test_a_real_mouse_does_the_same(host, manager, volume):
    import qt_facade
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    node = manager.sliceWidget("Red").mrmlSliceNode()
    node.JumpSliceByOffsetting(*centre())
    row, column = pixel(node, centre())
    view = qt_facade.unwrap(manager.sliceWidget("Red").sliceView())
    place, none = QPointF(column, row), Qt.MouseButton.NoButton
    kind, keys = QEvent.Type.MouseMove, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(view, QMouseEvent(kind, place, place, none, none, keys))
    ras = [0.0, 0.0, 0.0]
    assert host.crosshair.GetCursorPositionRAS(ras) and ras == pytest.approx(centre(), abs=1e-6)
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert not host.crosshair.GetCursorPositionRAS(ras)


def test_the_layout_comes_back_with_the_scene(host, manager, volume, tmp_path):
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpYellowSliceView)
    host.save_scene(tmp_path / "scene.mrb")
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    host.load_scene(tmp_path / "scene.mrb")
    host.app.processEvents()
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpYellowSliceView
    yellow = manager.sliceWidget("Yellow")
    assert yellow.visible and not manager.sliceWidget("Red").visible
    assert yellow.mrmlSliceCompositeNode().GetBackgroundVolumeID() == slicer.util.getNode("Marked").GetID()
    yellow.mrmlSliceNode().JumpSliceByOffsetting(*centre())
    assert host.view_image("Yellow").max() > 128


def test_a_screenshot_shows_panel_and_views(host, manager, volume, tmp_path):
    import qt

    manager.sliceWidget("Red").mrmlSliceNode().JumpSliceByOffsetting(*centre())
    host.screenshot(tmp_path / "window.png", 1000, 700)
    picture = qt.QPixmap(str(tmp_path / "window.png")).toImage()
    assert (picture.width(), picture.height()) == (1000, 700)
    views = manager.viewport().mapTo(manager.viewport().window(), qt.QPoint(0, 0))
    _left, top, right, _bottom = corners(manager.sliceWidget("Red"))
    bar = picture.pixelColor(views.x() + right - 5, views.y() + top + 5)
    assert (bar.red(), bar.green(), bar.blue()) == (243, 74, 51)
    row, column = pixel(manager.sliceWidget("Red").mrmlSliceNode(), centre())
    area = manager.sliceWidget("Red").sliceView().mapTo(manager.viewport().window(), qt.QPoint(0, 0))
    assert picture.pixelColor(area.x() + round(column), area.y() + round(row)).red() > 128
    assert picture.pixelColor(views.x() - 20, 400).red() > 200, "the panel's side is light"
    with pytest.raises(OSError, match="cannot be written"):
        host.screenshot(tmp_path / "missing/window.png")


def test_an_unknown_view_is_refused(host):
    with pytest.raises(KeyError, match="Violet"):
        host.view_image("Violet")


def test_hosts_do_not_share_views():
    images = []
    for value in (50, 100):
        with Host() as host:
            node = slicer.util.addVolumeFromArray(np.full((9, 9, 9), value, np.int16), np.eye(4))
            node.GetDisplayNode().SetAutoWindowLevel(False)
            node.GetDisplayNode().SetWindowLevel(100, 50)
            slicer.util.setSliceViewerLayers(background=node, fit=True)
            images.append(host.view_image("Red"))
            assert slicer.app.layoutManager().sliceViewNames() == ("Red", "Green", "Yellow")
    assert [int(image.max()) for image in images] == pytest.approx([127, 255], abs=2)


# The panel beside the views


@pytest.fixture
def panel(host):
    """A panel with a button of a width that a test may change, shown in the window."""
    import qt
    import qt_facade

    top, button = qt.QWidget(), qt.QPushButton("wide")
    qt.QVBoxLayout(top).addWidget(button)
    host.window.show_panel(qt_facade.unwrap(top), "Example")
    host.app.processEvents()
    yield top, button
    host.window.show_panel(None, "")


def test_a_panel_has_its_place_and_fills_it(host, panel):
    top, button = panel
    assert host.window.panel_width() == 480 == top.width == button.width
    assert top.height > 800


def test_a_panel_that_is_too_wide_widens_its_place_and_the_views_shrink(host, manager, panel):
    import qt

    top, button = panel
    views = manager.viewport().width
    button.setMinimumWidth(700)
    scroll_bar = qt.QScrollBar(qt.Qt.Horizontal).sizeHint.width()
    assert host.window.panel_width() == 700 + scroll_bar == top.width
    assert manager.viewport().width == views - (host.window.panel_width() - 480)
    host.window.show_panel(None, "")
    assert host.window.panel_width() == 480


def test_a_panel_that_is_too_high_scrolls(host, panel):
    top, button = panel
    button.setMinimumHeight(3000)
    assert host.window.panel_width() == 480
    assert top.height >= 3000 and host.window.height() < 1000
