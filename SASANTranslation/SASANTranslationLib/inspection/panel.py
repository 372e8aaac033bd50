"""Inspect: the panel that shows one run in the views, its maps, its values and its errors."""

from dataclasses import replace
from pathlib import Path

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from SASANTranslationLib.inspection import layouts
from SASANTranslationLib.inspection.compare_section import CompareSection
from SASANTranslationLib.inspection.comparison import remove_comparison
from SASANTranslationLib.inspection.map_picker import MapPicker
from SASANTranslationLib.inspection.readout import read_at
from SASANTranslationLib.inspection.readout_section import ReadoutSection
from SASANTranslationLib.inspection.stage import Look, Stage
from SASANTranslationLib.inspection.view_controls import ViewControls
from SASANTranslationLib.scene import is_in_scene

_UI = Path(__file__).resolve().parents[2] / "Resources" / "UI" / "SASANInspect.ui"

#: Slicer gives new views their size a moment after it made them (ms).
_VIEWS_SETTLE = 50


class InspectPanel(VTKObservationMixin):
    """Adds itself to `layout`, a QVBoxLayout, and follows a run and a parameter node, which may go at any moment.

    compare(nodes, reference, done, failed): asks the worker to compare the run with a reference volume, and calls
    done(event, difference) or failed(message) later.
    """

    def __init__(self, layout, compare):
        super().__init__()
        self.nodes = self.parameters = None
        self._entered = False
        self._flipped = False
        self._applied = None
        self._voxels = None
        self._choose_maps = False
        self.stage = Stage()
        self.widget = slicer.util.loadUI(str(_UI))
        layout.addWidget(self.widget)
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self.controls = ViewControls(self.ui, self.widget, self.flicker)
        self.picker = MapPicker(self.ui, lambda: self.controls.switch(True), self._on_restyled, self.jump)
        self.readout = ReadoutSection(self.ui)
        self.comparing = CompareSection(self.ui, compare, self._on_compared)
        self._fit_timer = qt.QTimer(self.widget)
        self._fit_timer.setSingleShot(True)
        self._fit_timer.setInterval(_VIEWS_SETTLE)
        self._fit_timer.connect("timeout()", self.stage.fit)
        layouts.register()
        scene = slicer.vtkMRMLScene
        for event in (scene.NodeRemovedEvent, scene.EndBatchProcessEvent):
            self.addObserver(slicer.mrmlScene, event, self._on_nodes_removed)
        self.addObserver(slicer.mrmlScene, scene.StartCloseEvent, self._on_scene_closing)
        self.addObserver(slicer.mrmlScene, scene.StartImportEvent, self._on_scene_importing)
        self.refresh()

    @property
    def active(self):
        """Whether the views show inspection, and nobody else should change them."""
        return self.stage.is_on

    def set_parameter_node(self, parameters):
        """Follow another parameter node (a wrapper), or none."""
        if self.parameters is not None:
            self.removeObserver(self.parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._on_parameters)
        self.parameters = parameters
        for section in (self.controls, self.picker, self.comparing):
            section.parameters = parameters
        if parameters is not None:
            self.addObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._on_parameters)
        self.refresh()

    def set_nodes(self, nodes):
        """Inspect a run (`TranslationNodes`), or none."""
        if nodes is not None and not nodes.outputs:
            nodes = None
        voxels = _voxels(nodes) if nodes is not None else None
        if nodes is not None and self._voxels is not None and self._voxels[0] == nodes.run and self._voxels != voxels:
            # The run was translated again in place: what was measured is not true of it any more.
            remove_comparison(nodes)
        if nodes is None or self.nodes is None or nodes.run != self.nodes.run:
            self._choose_maps = True
            self._flipped = False
        self._voxels = voxels
        self.nodes = nodes
        self.picker.set_nodes(nodes)
        self.comparing.set_nodes(nodes)
        self.readout.set_nodes(nodes, self.comparing.difference)
        self.refresh()

    def enter(self):
        """The user opened the module: inspection comes back if it was on."""
        if self._entered:
            return
        self._entered = True
        crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        if crosshair is not None:
            self.addObserver(crosshair, crosshair.CursorPositionModifiedEvent, self._on_cursor)
        layout = layouts.layout_node()
        if layout is not None:
            self.addObserver(layout, vtk.vtkCommand.ModifiedEvent, self._on_layout)
        self.refresh()

    def exit(self):
        """The user opened another module: the views are his again."""
        self._entered = False
        self._stop()
        self.readout.show(None)
        for method in (self._on_cursor, self._on_layout):
            self.removeObservers(method)

    def cleanup(self):
        """The panel is about to go."""
        self.comparing.forget()
        self.exit()
        self.set_parameter_node(None)
        self.picker.cleanup()
        self.controls.cleanup()
        self.removeObservers()
        self.nodes = None

    def refresh(self):
        """Bring widgets and views in line with the run and the parameter node."""
        usable = self.nodes is not None and self.parameters is not None
        if usable and self._choose_maps:
            self._choose_maps = False
            self.picker.choose_for_new_run()
        self.ui.inspectHintLabel.visible = not usable
        self.ui.inspectHintLabel.text = _("There is no result yet: translate an image, then inspect it here.")
        for widget in (self.ui.inspectMapsButton, self.ui.inspectReadoutButton, self.ui.inspectCompareButton):
            widget.enabled = usable
        self.controls.refresh()
        self.controls.set_usable(usable)
        self.picker.refresh()
        self.comparing.refresh()
        self._apply()

    def flicker(self, on):
        """Show source and synthetic volume in each other's place, or not."""
        self._flipped = bool(on)
        self._apply()

    def jump(self, ras):
        """Move the slices through a world point."""
        self.stage.jump(ras)

    def _apply(self):
        """Show in the views what is to be seen, if that is not what they show already."""
        name = self.controls.layout
        if self.nodes is None or not self._entered or not name:
            self._stop()
            return
        look = Look(
            layout=name,
            orientation=self.controls.orientation,
            overlays=self.picker.overlays(),
            overlay_on=self.parameters.overlayOn,
            opacity=self.parameters.overlayOpacity,
            difference=self.comparing.difference,
            flipped=self._flipped,
        )
        wanted = (look, [node.GetID() for node in self.nodes.volumes], self.nodes.source)
        if wanted != self._applied:
            self._applied = wanted
            if self.stage.show(self.nodes, look):
                self._fit_timer.start()
        self.controls.show_state(True, self._flipped)

    def _stop(self, with_layout=True):
        self._fit_timer.stop()
        self._applied = None
        self._flipped = False
        self.stage.stop(with_layout)
        self.controls.show_state(False, False)

    # What happens elsewhere

    def _on_parameters(self, _caller, _event):
        if not slicer.mrmlScene.IsBatchProcessing():
            self.refresh()

    def _on_cursor(self, crosshair, _event):
        if self.nodes is None:
            return
        ras = [0.0, 0.0, 0.0]
        inside = crosshair.GetCursorPositionRAS(ras)
        self.readout.show(read_at(self.nodes, ras, self.comparing.difference) if inside else None)

    def _on_restyled(self):
        self.readout.recolor()

    def _on_compared(self):
        self.readout.set_nodes(self.nodes, self.comparing.difference)
        self._apply()

    def _on_layout(self, _caller, _event):
        """The user chose another layout in the toolbar: that is his, and the end of inspection."""
        if self.stage.is_on and self.stage.user_left() and not slicer.mrmlScene.IsBatchProcessing():
            self._stop(with_layout=False)
            self.controls.switch(False)

    def _on_nodes_removed(self, _caller, _event):
        scene = slicer.mrmlScene
        if self.nodes is None or scene.IsBatchProcessing() or scene.IsClosing():
            return
        nodes, comparison = self.nodes, self.comparing.comparison
        parts = [*nodes.outputs, nodes.source]
        parts += [comparison.difference, comparison.table] if comparison is not None else []
        if all(node is None or is_in_scene(node) for node in parts):
            return
        single = ("source", "synthetic", "segmentation", "uncertainty", "segments", "reference")
        left = {name: getattr(nodes, name) if is_in_scene(getattr(nodes, name)) else None for name in single}
        self.set_nodes(replace(nodes, **left, attention=[node for node in nodes.attention if is_in_scene(node)]))

    def _on_scene_closing(self, _caller, _event):
        self.comparing.forget()
        self.set_nodes(None)

    def _on_scene_importing(self, _caller, _event):
        """The scene that comes has views of its own; whoever has the new parameter node begins again."""
        self._stop()


def _voxels(nodes):
    """A run and the state of its synthetic voxels."""
    image = nodes.synthetic.GetImageData() if nodes.synthetic is not None else None
    return nodes.run, image.GetMTime() if image is not None else None
