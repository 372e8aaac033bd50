"""Translations without the panel: what `SASANTranslationLogic` offers to scripts, and the panel is built on."""

import logging
import time

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from SASANTranslationLib import dependencies
from SASANTranslationLib.comparison_request import comparison_request
from SASANTranslationLib.direction import guess_modality
from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.models import find_model, user_root
from SASANTranslationLib.options import TranslationOptions
from SASANTranslationLib.parameter_node import SASANTranslationParameterNode
from SASANTranslationLib.run import TranslationRun
from SASANTranslationLib.transfer import ExchangeFolder
from SASANTranslationLib.worker_client import Request, shared_client


class SASANTranslationLogic(ScriptedLoadableModuleLogic):
    """Translate volumes of the scene with the worker process, which stays warm between calls.

    client: a `WorkerClient`, or what behaves like one; by default the one that all logics share.
    """

    def __init__(self, client=None):
        super().__init__()
        self.client = client or shared_client()

    def getParameterNode(self):
        return SASANTranslationParameterNode(super().getParameterNode())

    def translate(
        self,
        volumeNode,
        model="brain-mr-ct",
        direction=None,
        *,
        outputs=("attention", "segmentation"),
        fusePlanes=False,
        segmentationNode=False,
        device="auto",
        allFrames=False,
        update=None,
        progress=None,
        notice=None,
    ):
        """Translate a scalar volume and wait for it; Slicer stays responsive meanwhile.

        model: an installed model's name or a bundle's folder. direction: like "mr-to-ct"; None guesses it.
        outputs: beside the synthetic volume, any of "attention", "segmentation" and "uncertainty".
        fusePlanes: average the slices of all the model's planes. segmentationNode: with terminology.
        device: "auto", "cpu", "cuda:0", "mps". allFrames: of the sequence that the volume is a frame of.
        update: the `TranslationNodes` of an earlier run, to fill them anew.
        progress(fraction, stage, eta): called as it goes on. notice(text): of everything unusual.

        Returns:
            TranslationNodes: source, synthetic, attention, segmentation, uncertainty, segments, folder.

        Raises:
            TranslationError: `kind` "dependencies" when Python packages are missing (nothing is installed
                without a question, and scripts are not asked: see `installDependencies`); "cancelled"; and
                whatever else is wrong with the input, the model or the machine.
        """
        absent = dependencies.missing()
        if absent:
            raise TranslationError(
                _("These Python packages are missing: {packages}.").format(packages=", ".join(absent)),
                _("Install them with SASANTranslationLogic().installDependencies()."),
                kind="dependencies",
            )
        options = TranslationOptions(
            model=str(model),
            direction=direction or self.guessDirection(volumeNode, model),
            outputs=tuple(outputs),
            fuse_planes=fusePlanes,
            segmentation_node=segmentationNode,
            device=device,
            all_frames=allFrames,
        )
        run = self.start(volumeNode, options, _Callbacks(progress, notice), update)
        while not run.finished:
            slicer.app.processEvents()
            time.sleep(0.005)
        if run.error is not None:
            raise run.error
        return run.nodes

    def start(self, volumeNode, options, listener, update=None):
        """Begin a translation and return at once.

        options: `TranslationOptions`. listener: a `run.RunListener`.

        Returns:
            TranslationRun: with `cancel()`, `finished`, and in the end `nodes` or `error`.

        Raises:
            TranslationError: the input or the model is unusable, or another translation is running.
        """
        run = TranslationRun(self.client, volumeNode, options, find_model(options.model), listener, update)
        run.start()
        return run

    def guessDirection(self, volumeNode, model="brain-mr-ct"):
        """The model's direction for this volume ("mr-to-ct"), from its DICOM modality, units or values.

        Raises:
            TranslationError: nothing tells, or the model does not know the volume's modality.
        """
        model = find_model(model)
        modality = guess_modality(volumeNode) if volumeNode is not None else None
        direction = model.direction_from(modality) if modality else None
        if direction is None:
            what = _("is {modality}").format(modality=modality) if modality else _("does not tell its modality")
            raise TranslationError(
                _("{name} {what}, so the direction is not clear.").format(
                    name=volumeNode.GetName() if volumeNode is not None else _("The volume"), what=what
                ),
                _("Choose one of: {directions}.").format(directions=model.direction_choice),
            )
        return direction

    def installDependencies(self):
        """Install the Python packages that a translation needs and that are missing."""
        absent = dependencies.missing()
        if absent:
            dependencies.install(absent)

    def compare(self, nodes, reference, done, failed):
        """Measure a run's synthetic volume against a reference volume in the worker.

        done(event, difference): the worker's "result" of "compare", and the difference (k, j, i) as an array
        on the synthetic's grid. failed(error): a `TranslationError`.
        """
        folder = ExchangeFolder()

        def end(report, *arguments):
            try:
                report(*arguments)
            finally:
                folder.remove()

        def on_result(event):
            try:
                # Copied: Windows deletes no file that is mapped.
                difference = folder.read(event["files"]["difference"]).copy()
            except TranslationError as error:
                end(failed, error)
            else:
                end(done, event, difference)

        try:
            fields = comparison_request(nodes, reference, folder)
            self.client.send(Request("compare", fields, on_result, lambda error: end(failed, error)))
        except TranslationError as error:
            end(failed, error)
        except Exception as error:
            logging.exception("SASAN could not begin the comparison")
            message = _("The comparison could not begin ({error}).").format(error=error)
            end(failed, TranslationError(message, _("The application log has the details."), kind="internal"))

    def importModel(self, source, replace, done, failed):
        """Check a model's folder or .zip in the worker and copy it to the user's models.

        done(folder): the new model's. failed(error): a `TranslationError`; of kind "exists" when there is one
        of that name and `replace` is false.
        """
        fields = {"source": str(source), "root": str(user_root()), "replace": bool(replace)}
        self.client.send(Request("import", fields, lambda event: done(event["folder"]), failed))

    def stopWorker(self):
        """End the worker process; the next translation starts another one."""
        self.client.stop()


class _Callbacks:
    """The listener of a translation that is waited for."""

    def __init__(self, progress, notice):
        self.progress = progress or (lambda *_: None)
        self._notice = notice

    def notice(self, text, unfamiliar):
        if self._notice is not None:
            self._notice(text)

    def done(self, nodes):
        pass

    def failed(self, error):
        pass
