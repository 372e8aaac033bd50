"""A little scripted module that uses what panels use, written into a folder by the tests of the host."""

MODULE = """
import enum
import os
from typing import Annotated

import ctk
import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import Choice, Default, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import *
from slicer.util import VTKObservationMixin

import ExampleLib.helper


class Example(ScriptedLoadableModule):
    started = 0

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("An Example")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Examples")]
        self.parent.dependencies = []
        self.parent.contributors = ["Nobody"]
        slicer.app.connect("startupCompleted()", self.onStarted)

    def onStarted(self):
        Example.started += 1


class Side(enum.Enum):
    LEFT = 10
    RIGHT = 20


@parameterNodeWrapper
class ExampleParameters:
    inputVolume: slicer.vtkMRMLScalarVolumeNode
    name: str = "head"
    count: Annotated[int, WithinRange(1, 9)] = 3
    opacity: Annotated[float, WithinRange(0.0, 1.0), Default(0.5)]
    invert: bool
    plane: Annotated[str, Choice(["axial", "coronal"]), Default("coronal")]
    side: Side
    shown: list[int]
    notes: list[str]


class ExampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None
        self.calls = []

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/Example.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = ExampleLogic()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.ui.applyButton.connect("clicked(bool)", self.onApplyButton)
        self.ui.inputSelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onInput)
        self.initializeParameterNode()

    def cleanup(self):
        self.calls.append("cleanup")
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self):
        self.calls.append("enter")
        self.initializeParameterNode()

    def exit(self):
        self.calls.append("exit")

    def onSceneStartClose(self, caller, event):
        self.calls.append("close")
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        self.calls.append("closed")
        self.initializeParameterNode()

    def initializeParameterNode(self):
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, parameterNode):
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onModified)
        self._parameterNode = parameterNode
        if self._parameterNode:
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onModified)
            self.onModified()

    def onModified(self, caller=None, event=None):
        self.ui.applyButton.enabled = self._parameterNode.inputVolume is not None

    def onInput(self, node):
        self.calls.append(node.GetName() if node else None)

    def onApplyButton(self):
        with slicer.util.tryWithErrorDisplay(_("It failed."), waitCursor=True):
            self.logic.process(self._parameterNode.inputVolume, self._parameterNode.count)


class ExampleLogic(ScriptedLoadableModuleLogic):
    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)

    def getParameterNode(self):
        return ExampleParameters(super().getParameterNode())

    def process(self, volume, count):
        if not volume:
            raise ValueError("There is no input.")
        array = slicer.util.arrayFromVolume(volume) * count
        return slicer.util.addVolumeFromArray(array, ExampleLib.helper.matrix(volume), volume.GetName() + " times")


class ExampleTest(ScriptedLoadableModuleTest):
    ran = []

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_process(self):
        import numpy as np

        self.delayDisplay("Starting")
        volume = slicer.util.addVolumeFromArray(np.ones((2, 3, 4)), np.diag([1, 2, 3, 1]), "in")
        result = ExampleLogic().process(volume, 3)
        self.assertEqual(slicer.util.arrayFromVolume(result).max(), 3)
        ExampleTest.ran.append("process")

    def test_fails_if_told(self):
        self.assertFalse(getattr(ExampleTest, "broken", False))
        ExampleTest.ran.append("told")
"""

HELPER = """
import vtk


def matrix(volume):
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return matrix
"""


def _widget(kind, name, parameter, properties=""):
    tag = f'<property name="SlicerParameterName" stdset="0"><string>{parameter}</string></property>'
    return f'<item><widget class="{kind}" name="{name}">{tag if parameter else ""}{properties}</widget></item>'


_FLAG = '<property name="{}"><bool>{}</bool></property>'
_SELECTOR = (
    '<property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist></property>'
    + _FLAG.format("noneEnabled", "true")
    + _FLAG.format("addEnabled", "false")
    + _FLAG.format("removeEnabled", "false")
)
_DECLARED = "".join(
    f"<customwidget><class>{name}</class><extends>QWidget</extends><header>{name}.h</header></customwidget>"
    for name in ("qMRMLWidget", "qMRMLNodeComboBox", "ctkSliderWidget")
)
_ITEMS = (
    _widget("qMRMLNodeComboBox", "inputSelector", "inputVolume", _SELECTOR)
    + _widget("QLineEdit", "nameEdit", "name")
    + _widget("QSpinBox", "countSpin", "count")
    + _widget("ctkSliderWidget", "opacitySlider", "opacity")
    + _widget("QCheckBox", "invertCheck", "invert")
    + _widget("QComboBox", "planeCombo", "plane")
    + _widget("QComboBox", "sideCombo", "side")
    + _widget("QPushButton", "applyButton", "", '<property name="text"><string>Apply</string></property>')
)
UI = (
    '<?xml version="1.0" encoding="UTF-8"?><ui version="4.0"><class>Example</class>'
    f'<widget class="qMRMLWidget" name="Example"><layout class="QVBoxLayout" name="rows">{_ITEMS}</layout></widget>'
    f"<customwidgets>{_DECLARED}</customwidgets><resources/><connections><connection><sender>Example</sender>"
    "<signal>mrmlSceneChanged(vtkMRMLScene*)</signal><receiver>inputSelector</receiver>"
    "<slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>"
)


def write(folder):
    """Write the module into `folder`/Example; returns that folder."""
    folder = folder / "Example"
    (folder / "ExampleLib").mkdir(parents=True)
    (folder / "Resources/UI").mkdir(parents=True)
    (folder / "Example.py").write_text(MODULE, encoding="utf-8")
    (folder / "ExampleLib/__init__.py").write_text("")
    (folder / "ExampleLib/helper.py").write_text(HELPER)
    (folder / "Resources/UI/Example.ui").write_text(UI, encoding="utf-8")
    return folder
