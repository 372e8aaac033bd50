"""QUiLoader, and the functions of the real slicer.util that build on Qt."""

import gc

import pytest
import qt_facade
import slicer.util
from facade_session import ctk, fresh_facade, qt  # noqa: F401
from PySide6 import QtCore, QtWidgets
from slicer_host import Host


class sceneWidget(QtWidgets.QWidget):
    """A top widget with a scene, like qMRMLWidget."""

    sceneChanged = QtCore.Signal(object)
    SIGNATURES = {"sceneChanged(vtkMRMLScene*)": "sceneChanged"}  # noqa: RUF012


class nodeSelector(QtWidgets.QWidget):
    """A widget that is told the scene, like qMRMLNodeComboBox."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene, self._types = None, []

    def setTypes(self, types):
        self._types = types

    def setScene(self, scene):
        self._scene = scene

    def scene(self):
        return self._scene

    nodeTypes = QtCore.Property("QStringList", lambda self: self._types, setTypes)


UI = """<?xml version="1.0" encoding="UTF-8"?>
<ui version="4.0">
 <class>Panel</class>
 <widget class="sceneWidget" name="Panel">
  <layout class="QVBoxLayout" name="verticalLayout">
   <item>
    <widget class="ctkCollapsibleButton" name="inputs">
     <property name="text"><string>Inputs</string></property>
     <property name="collapsed"><bool>true</bool></property>
     <layout class="QFormLayout" name="formLayout">
      <item row="0" column="0"><widget class="QLabel" name="volumeLabel">
        <property name="text"><string>Volume:</string></property></widget></item>
      <item row="0" column="1"><widget class="nodeSelector" name="volume">
        <property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist></property>
        <property name="SlicerParameterName" stdset="0"><string>volume</string></property></widget></item>
      <item row="1" column="1"><widget class="ctkSliderWidget" name="opacity">
        <property name="maximum"><double>1.000000000000000</double></property>
        <property name="singleStep"><double>0.100000000000000</double></property>
        <property name="value"><double>0.500000000000000</double></property></widget></item>
     </layout>
    </widget>
   </item>
   <item><widget class="noSuchWidget" name="dropped"/></item>
   <item><widget class="QCheckBox" name="details">
     <property name="text"><string>Details</string></property></widget></item>
   <item><widget class="QPlainTextEdit" name="log"/></item>
  </layout>
 </widget>
 <customwidgets>
  <customwidget><class>sceneWidget</class><extends>QWidget</extends><header>q.h</header><container>1</container></customwidget>
  <customwidget><class>nodeSelector</class><extends>QWidget</extends><header>q.h</header></customwidget>
  <customwidget><class>ctkSliderWidget</class><extends>QWidget</extends><header>c.h</header></customwidget>
  <customwidget><class>ctkCollapsibleButton</class><extends>QWidget</extends><header>c.h</header>
   <container>1</container></customwidget>
 </customwidgets>
 <connections>
  <connection><sender>Panel</sender><signal>sceneChanged(vtkMRMLScene*)</signal>
   <receiver>volume</receiver><slot>setScene(vtkMRMLScene*)</slot></connection>
  <connection><sender>details</sender><signal>toggled(bool)</signal>
   <receiver>log</receiver><slot>setHidden(bool)</slot></connection>
  <connection><sender>details</sender><signal>toggled(bool)</signal>
   <receiver>volumeLabel</receiver><slot>clear()</slot></connection>
 </connections>
</ui>
"""


@pytest.fixture
def host():
    with Host(testing=False) as host:
        yield host


@pytest.fixture
def panel(host, tmp_path):
    qt_facade.register_custom_widget("sceneWidget", sceneWidget)
    qt_facade.register_custom_widget("nodeSelector", nodeSelector)
    path = tmp_path / "panel.ui"
    path.write_text(UI, encoding="utf-8")
    panel = slicer.util.loadUI(str(path))
    gc.collect()
    return panel


def test_loadUI_makes_the_widgets(panel):
    assert type(panel) is qt_facade.create_proxy_class(sceneWidget)
    assert panel.name == "Panel"
    section = panel.findChild(ctk.ctkCollapsibleButton)
    assert type(section) is ctk.ctkCollapsibleButton and section.className() == "ctkCollapsibleButton"
    assert (section.text, section.collapsed) == ("Inputs", True)
    slider = panel.findChild("ctkSliderWidget")
    assert (slider.maximum, slider.value) == (1.0, 0.5)
    selector = section.findChild("QWidget", "volume")
    assert selector.nodeTypes == ("vtkMRMLScalarVolumeNode",)
    assert selector.property("SlicerParameterName") == "volume"


def test_what_is_in_a_collapsed_section_of_a_ui_file_is_hidden_until_it_opens(panel):
    section = panel.findChild(ctk.ctkCollapsibleButton)
    panel.show()
    qt.QApplication.processEvents()
    label = section.findChild("QLabel", "volumeLabel")
    assert label.visible is False
    section.collapsed = False
    assert label.visible is True


def test_unknown_widget_classes_are_dropped_with_a_line(host, tmp_path, capfd):
    path = tmp_path / "panel.ui"
    path.write_text(UI.replace('class="sceneWidget" name="Panel"', 'class="QWidget" name="Panel"'), encoding="utf-8")
    panel = slicer.util.loadUI(str(path))
    assert panel.findChild("QWidget", "dropped") is None
    assert panel.findChild("QCheckBox", "details") is not None
    assert "unable to create a widget of the class 'noSuchWidget'" in capfd.readouterr().err


def test_connections_of_a_ui_file(panel):
    scene = object()
    qt_facade.unwrap(panel).sceneChanged.emit(scene)
    assert panel.findChild("QWidget", "volume").scene() is scene
    log = panel.findChild("QPlainTextEdit")
    panel.show()
    assert log.visible is True
    panel.findChild("QCheckBox").checked = True
    assert log.visible is False
    assert panel.findChild("QLabel", "volumeLabel").text == ""


def test_loadUI_says_when_there_is_no_file(host):
    with pytest.raises(RuntimeError, match="file not found"):
        slicer.util.loadUI("/no/such/file.ui")


def test_findChildren_of_slicer_util(panel):
    assert [child.name for child in slicer.util.findChildren(panel, text="Details")] == ["details"]
    assert [child.name for child in slicer.util.findChildren(panel, className="QCheckBox")] == ["details"]
    assert slicer.util.findChild(panel, "log") is panel.findChild("QPlainTextEdit")
    found = slicer.util.findChild(panel, None, {"SlicerParameterName": "volume"})
    assert found.name == "volume"


def test_childWidgetVariables_has_every_named_descendant_internals_too(panel):
    ui = slicer.util.childWidgetVariables(panel)
    assert ui.details.text == "Details"
    assert ui.opacity.value == 0.5
    assert {"inputs", "volume", "verticalLayout", "Slider", "SpinBox", "hboxLayout"} <= set(vars(ui))
    assert not hasattr(ui, "dropped")


def test_settingsValue(host):
    key = "SASAN/deterministic"
    assert slicer.util.settingsValue(key, True, converter=slicer.util.toBool) is True
    qt.QSettings().setValue(key, False)
    assert slicer.util.settingsValue(key, True, converter=slicer.util.toBool) is False
    assert slicer.util.settingsValue("SASAN/none", "default") == "default"


def test_messageBox_of_slicer_util(host):
    host.answers.expect("exec", qt.QMessageBox.No)
    assert slicer.util.confirmYesNoDisplay("Replace it?", windowTitle="Model") is False
    kind, details = host.answers.asked[-1]
    assert kind == "exec" and details["dialog"].className() == "ctkMessageBox"
    assert (details["title"], details["text"], details["buttons"]) == ("Model", "Replace it?", ("Yes", "No"))
    host.answers.expect("exec", "OK")
    slicer.util.messageBox("Done", detailedText="All of it", dontShowAgainSettingsKey="SASAN/done")


def test_delayDisplay_and_progress_of_slicer_util(host):
    host.answers.expect("exec", 0)
    slicer.util.delayDisplay("One moment", autoCloseMsec=500)
    progress = slicer.util.createProgressDialog(value=1, maximum=3, labelText="Working", windowTitle="SASAN")
    assert (progress.value, progress.maximum, progress.labelText, progress.windowTitle) == (1, 3, "Working", "SASAN")
    progress.close()


def test_tempDirectory_of_slicer_util(host):
    assert slicer.util.tempDirectory(key="sasan").startswith(slicer.app.temporaryPath)
