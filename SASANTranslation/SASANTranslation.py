"""The Slicer module SASANTranslation: what Slicer asks of a module; the work is in SASANTranslationLib."""

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from SASANTranslationLib.logic import SASANTranslationLogic
from SASANTranslationLib.self_test import SASANTranslationTest

__all__ = ["SASANTranslation", "SASANTranslationLogic", "SASANTranslationTest", "SASANTranslationWidget"]


class SASANTranslation(ScriptedLoadableModule):
    """Describes the module. Nothing of the library is imported: torch lives in the worker process only."""

    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("SASAN Translation")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Image Synthesis")]
        parent.dependencies = []
        parent.contributors = ["SASAN contributors"]
        parent.helpText = _(
            "Translates a CT into an MR and an MR into a CT, with attention maps, a segmentation and an uncertainty"
            " map that show what the network looked at and where it is unsure. See the"
            ' <a href="https://github.com/SASAN-project/SlicerSASAN">project page</a>.'
            " Synthetic images are not for diagnosis."
        )
        parent.acknowledgementText = _(
            "The method is that of Tomar, Lortkipanidze, Vray, Bozorgtabar and Thiran, Self-Attentive"
            " Spatial Adaptive Normalization for Cross-Modality Domain Adaptation, IEEE Transactions on"
            " Medical Imaging 40(10), 2021."
        )
        slicer.app.connect("startupCompleted()", self._on_startup_completed)

    def _on_startup_completed(self):
        """Make the layouts known, so that a scene saved while inspecting opens before the panel has been."""
        from SASANTranslationLib.inspection import layouts

        layouts.register()


class SASANTranslationWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The module's panel in Slicer's terms: set up, entered, left, reloaded; `panel` does the rest."""

    #: Whether the panel followed a parameter node before a scene began to be closed or read.
    _resume = False

    def setup(self):
        super().setup()
        # Here, so that Slicer's start does not have to read the panel's files.
        from SASANTranslationLib.panel.translation_panel import TranslationPanel

        widget = slicer.util.loadUI(self.resourcePath("UI/SASANTranslation.ui"))
        self.layout.addWidget(widget)
        widget.setMRMLScene(slicer.mrmlScene)
        self.ui = slicer.util.childWidgetVariables(widget)
        self.ui.SASANTranslation = widget
        self.logic = SASANTranslationLogic()
        self.panel = TranslationPanel(self.ui, self.logic)
        scene = slicer.vtkMRMLScene
        self.addObserver(slicer.mrmlScene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, scene.StartImportEvent, self.onSceneStartImport)
        for event in (scene.EndCloseEvent, scene.EndImportEvent):
            self.addObserver(slicer.mrmlScene, event, self.onSceneEnd)
        self._follow()
        if self._is_entered():  # reloaded while it is open: Slicer does not enter it again
            self.panel.enter()

    def enter(self):
        """Called each time the user opens the module."""
        self._follow()
        self.panel.enter()

    def exit(self):
        """Called each time the user opens another module; a translation goes on."""
        self.panel.exit()

    def cleanup(self):
        """Called when the module is reloaded and when Slicer ends."""
        self.removeObservers()
        self.panel.cleanup()

    def onSceneStartClose(self, caller, event):
        self.panel.cancel()
        self.onSceneStartImport(caller, event)

    def onSceneStartImport(self, _caller, _event):
        """While a scene is read, selectors lose their nodes: that must not reach the parameter node."""
        self._resume = self.panel.parameters is not None
        self.panel.set_parameter_node(None)

    def onSceneEnd(self, _caller, _event):
        if self._is_entered() or self._resume:  # otherwise `enter` will
            self._follow()

    def _follow(self):
        if self.panel.parameters is None:
            self.panel.set_parameter_node(self.logic.getParameterNode())

    def _is_entered(self):
        return bool(getattr(self.parent, "isEntered", False))

    def onReload(self):
        """Reload the module with all of its files, not only this one."""
        import sys

        for name in [name for name in sys.modules if name.split(".")[0] == "SASANTranslationLib"]:
            del sys.modules[name]
        super().onReload()
