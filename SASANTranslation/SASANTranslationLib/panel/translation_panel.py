"""The whole panel: its sections, the parameter node they share, and what a click on Translate sets off."""

import logging
import time

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from SASANTranslationLib import dependencies, views
from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.inspection.panel import InspectPanel
from SASANTranslationLib.panel.input_section import InputSection
from SASANTranslationLib.panel.model_import import ModelImport
from SASANTranslationLib.panel.model_section import ModelSection
from SASANTranslationLib.panel.readiness import resolve_options
from SASANTranslationLib.panel.results_section import ResultsSection
from SASANTranslationLib.panel.run_section import RunSection
from SASANTranslationLib.states import RUNNING, State


class TranslationPanel(VTKObservationMixin):
    """Connects the sections on the widgets `ui` with the `logic`; it is the `RunListener` of what it starts."""

    def __init__(self, ui, logic):
        super().__init__()
        self.ui, self.logic = ui, logic
        self.parameters = None
        self._gui = None
        self._run = None
        # Of its own, because a mixin keeps the nodes that it ever observed until all of them are let go.
        self._input = None
        self._input_observer = VTKObservationMixin()
        self._updates = False
        self._started = 0.0
        self._unfamiliar = []
        self.inspect = InspectPanel(ui.inspectBoxLayout, self._compare)
        self.run_section = RunSection(ui, self.on_translate)
        self.input_section = InputSection(ui)
        self.model_import = ModelImport(logic, self.refresh, self._imported, self.run_section.say)
        self.model_section = ModelSection(ui, self.model_import.start)
        self.results_section = ResultsSection(ui, self.inspect.set_nodes, self.run_section.settle)
        logic.client.listen(log=self.run_section.add_log, devices=self.model_section.set_devices)
        scene = slicer.vtkMRMLScene
        self.addObserver(slicer.mrmlScene, scene.NodeAboutToBeRemovedEvent, self._on_node_leaving)
        self.addObserver(slicer.mrmlScene, scene.NodeRemovedEvent, self._on_node_removed)
        self.addObserver(slicer.mrmlScene, scene.EndBatchProcessEvent, self._on_batch_end)
        self.refresh()

    def set_parameter_node(self, parameters):
        """Follow another parameter node (a wrapper), or none, as while a scene is being closed."""
        if self.parameters is not None:
            self.parameters.disconnectGui(self._gui)
            self.removeObserver(self.parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._on_modified)
        self.parameters = parameters
        for section in (self.input_section, self.model_section, self.results_section):
            section.parameters = parameters
        self.inspect.set_parameter_node(parameters)
        if parameters is not None:
            self._gui = parameters.connectGui(self.ui.SASANTranslation)
            self.addObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._on_modified)
            self._choose_input()
        self.results_section.refresh()
        self.refresh()

    def refresh(self):
        """Show what the parameter node says, and whether Translate could work."""
        self._follow_input()
        for section in (self.input_section, self.model_section):
            section.refresh()
        self.results_section.select()
        problem = self._problem()
        self.run_section.set_reason(str(problem) if problem is not None else "")
        self.ui.hardenButton.visible = problem is not None and problem.kind == "transform"

    def enter(self):
        """The user opened the module."""
        if self.parameters is not None:
            self._choose_input()
        self.model_section.reload()
        self.results_section.refresh()
        self.refresh()
        self.inspect.enter()

    def exit(self):
        """The user opened another module: the views are theirs again."""
        self.inspect.exit()

    def cleanup(self):
        """The panel is about to go: end the worker, and leave nothing observed or running."""
        self.logic.stopWorker()  # and with it what it is doing
        self.set_parameter_node(None)
        self.inspect.cleanup()
        self.removeObservers()
        self.logic.client.listen(log=None, devices=None)

    # Translating

    def on_translate(self):
        """The button: begin, or cancel what is running."""
        if self.run_section.state in RUNNING:
            self.cancel()
            return
        try:
            options = resolve_options(self.parameters, self.logic)
            self._unfamiliar = []
            self.run_section.show_banner([])
            self._install_missing()
            if self.parameters is None:  # the scene was closed while pip was at it
                raise TranslationError(_("Cancelled: the scene was closed."), kind="cancelled")
            self.run_section.go(State.STARTING)
            self._started = time.monotonic()
            update = self.results_section.current if self.parameters.updateInPlace else None
            if update is not None and update.source is not self.parameters.inputVolume:
                update = None
            self._updates = update is not None
            self._run = self.logic.start(self.parameters.inputVolume, options, self, update)
        except TranslationError as error:
            self.failed(error)
        except Exception as error:
            # A bug; but a button that stays grey would be a second one.
            logging.exception("SASAN could not begin the translation")
            message = _("The translation could not begin ({error}).").format(error=error)
            self.failed(TranslationError(message, _("The application log has the details."), kind="internal"))

    def cancel(self):
        """End a running translation, if there is one."""
        if self._run is not None and not self._run.finished:
            if self.run_section.state is not State.CANCELLING:
                self.run_section.go(State.CANCELLING)
            self._run.cancel()

    def progress(self, fraction, stage, eta):
        self.run_section.progress(fraction, stage, eta)

    def notice(self, text, unfamiliar):
        self.run_section.add_log(text)
        if unfamiliar and text not in self._unfamiliar:
            self._unfamiliar.append(text)
            self.run_section.show_banner(self._unfamiliar)

    def done(self, nodes):
        updated = self._updates
        self._run, self._updates = None, False
        template = _("Updated “{name}” in {seconds:.0f} s.") if updated else _("Added “{name}” in {seconds:.0f} s.")
        seconds = time.monotonic() - self._started
        self.run_section.go(State.DONE, template.format(name=nodes.synthetic.GetName(), seconds=seconds))
        if self.parameters is not None:
            self.parameters.run = nodes.run
            self.results_section.refresh()
            if not self.inspect.active:
                views.show_in_slices(nodes)

    def failed(self, error):
        self._run = None
        if error.kind == "cancelled":
            self.run_section.go(State.CANCELLED, str(error) if error.hint else _("Cancelled: nothing was added."))
        else:
            self.run_section.add_log(str(error))
            self.run_section.go(State.FAILED, str(error))
        self.results_section.refresh()
        self.refresh()

    def _install_missing(self):
        """Install what is missing after a question.

        Raises:
            TranslationError: the user declined (kind "cancelled"), or it failed.
        """
        absent = dependencies.missing()
        if not absent:
            return
        self.run_section.go(State.INSTALLING)
        dependencies.ask_and_install(absent)

    # Following nodes

    def _problem(self):
        """Why a click on Translate could not work, as an error; None if it could."""
        if self.parameters is None:
            return TranslationError(_("There is no scene."))
        if self.model_import.running:
            return TranslationError(_("A model is being imported."))
        if self.logic.client.busy and self._run is None:
            return TranslationError(
                _("The worker process is busy: wait for the comparison, or another script, to end.")
            )
        try:
            resolve_options(self.parameters, self.logic)
        except TranslationError as error:
            return error
        return None

    def _choose_input(self):
        """A new panel takes the scene's first image, as Slicer's own modules do."""
        if self.parameters.inputVolume is None:
            for volume in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
                is_image = volume.GetClassName() == "vtkMRMLScalarVolumeNode"  # and no labelmap, which is one too
                if is_image and volume.GetAttribute("SASAN.role") is None:
                    self.parameters.inputVolume = volume
                    return

    def _follow_input(self):
        """Observe the input volume: its image, its transform and its name decide what can be done with it."""
        volume = self.parameters.inputVolume if self.parameters is not None else None
        if volume is self._input:
            return
        self._input = volume
        self._input_observer.removeObservers()
        if volume is not None:
            for event in (vtk.vtkCommand.ModifiedEvent, slicer.vtkMRMLTransformableNode.TransformModifiedEvent):
                self._input_observer.addObserver(volume, event, self._on_modified)
        if self.run_section.state not in RUNNING:
            self.run_section.show_banner([])  # it was about another image, and so is what the last run came to
            self.run_section.settle()

    def _on_modified(self, _caller, _event):
        if not slicer.mrmlScene.IsBatchProcessing():
            self.refresh()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_leaving(self, _scene, _event, node):
        """Before the selector hears of it, which would silently take the next volume for the input."""
        if node is self._input and self.parameters is not None and not slicer.mrmlScene.IsClosing():
            self.parameters.inputVolume = None

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_removed(self, _scene, _event, node):
        of_a_run = node.GetAttribute("SASAN.run") or any(run.source is node for run in self.results_section.runs)
        if of_a_run and not slicer.mrmlScene.IsBatchProcessing():
            self.results_section.refresh()

    def _on_batch_end(self, _scene, _event):
        """Many nodes came or went at once, as when a folder is deleted in the Subject Hierarchy."""
        if self.parameters is not None:
            self.results_section.refresh()

    # Models and comparison

    def _imported(self, name):
        self.model_section.reload()
        if name and self.parameters is not None:
            self.parameters.model = name
        self.refresh()

    def _compare(self, nodes, reference, done, failed):
        """`logic.compare`, after the question for the package that it needs; without it there is no SSIM.

        failed(message): the error as a sentence.
        """
        wanted = [*dependencies.requirements(), *dependencies.COMPARISON_REQUIREMENTS]
        absent = dependencies.missing(wanted)
        try:
            if absent:
                dependencies.ask_and_install(absent)
        except TranslationError as error:
            if dependencies.missing():
                failed(str(error))
                return

        def ended(report):
            def tell(*arguments):
                report(*arguments)
                self.refresh()  # the worker is free again

            return tell

        self.logic.compare(nodes, reference, ended(done), ended(lambda error: failed(str(error))))
        self.refresh()
