"""`slicer.qMRMLWidget`: a widget that knows the scene."""

import slicer
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget


class qMRMLWidget(QWidget):
    """The usual top widget of a panel's .ui file: it hands the scene on to the selectors in it."""

    mrmlSceneChanged = Signal(object)
    SIGNATURES = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}  # noqa: RUF012

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None

    @Slot(result=object)
    def mrmlScene(self):
        return self._scene

    @Slot(object)
    def setMRMLScene(self, scene):
        check_scene(scene)
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


def check_scene(scene):
    """Refuse what is neither a scene nor None."""
    if scene is not None and not isinstance(scene, slicer.vtkMRMLScene):
        raise TypeError(f"setMRMLScene takes a scene or None, not {type(scene).__name__}")
