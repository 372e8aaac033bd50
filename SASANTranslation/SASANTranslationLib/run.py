"""One translation from click to nodes: input to the worker, its answers to the listener, its results to nodes."""

import logging
import time
from typing import Protocol

from slicer.i18n import tr as _

from SASANTranslationLib import results
from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.frames import FrameRecorder, frames_of
from SASANTranslationLib.transfer import ExchangeFolder, check_input
from SASANTranslationLib.worker_client import Request


class RunListener(Protocol):
    """Who watches a run. Exactly one of `done` and `failed` is called, at the end."""

    def progress(self, fraction: float, stage: str, eta: float | None) -> None:
        """fraction: 0 to 1 of the whole run; eta: seconds left, or None."""

    def notice(self, text: str, unfamiliar: bool) -> None:
        """unfamiliar: whether it says how the input is unlike what the model knows."""

    def done(self, nodes) -> None: ...

    def failed(self, error: TranslationError) -> None:
        """error.kind is "cancelled" when the run was cancelled."""


class TranslationRun:
    """Translates a volume, or all frames of its sequence one after the other.

    The scene is not touched before the last frame is there, so there is nothing to take back when that never comes.
    update: the `TranslationNodes` of an earlier run, to be filled anew.
    """

    def __init__(self, client, volume, options, model, listener, update=None):
        self._client, self._volume, self._options, self._model = client, volume, options, model
        self._listener = listener
        self._update = update
        self._frames = frames_of(volume) if options.all_frames else None
        self._count = self._frames.count if self._frames is not None else 1
        #: (exchange folder, the worker's answer) of each frame that is done.
        self._results = []
        self._folder = None
        self._started = time.monotonic()
        self.nodes = None
        self.error = None
        self.finished = False
        #: Of the last frame, as the worker measured them: "total" and, of these, "networks".
        self.seconds = None

    def start(self):
        """Send the first request; TranslationError when the input is unusable or another run is at it."""
        check_input(self._volume)
        logging.info("SASAN translates %s (%s)", self._volume.GetName(), self._options.direction)
        self._send()

    def cancel(self):
        """End the run; the listener hears of it within a little more than a second."""
        if not self.finished:
            self._client.cancel()

    def _frame(self, number):
        """The volume node of a frame: the input itself, where it is not one of a sequence."""
        return self._volume if self._frames is None else self._frames.frame(number)

    def _send(self):
        options, volume = self._options, self._frame(len(self._results))
        if volume is None:
            raise results.source_removed()
        self._folder = ExchangeFolder()
        try:
            fields = {
                "model": str(self._model.folder),
                "direction": options.direction,
                "device": options.device,
                "planes": list(self._model.planes) if options.fuse_planes else None,
                "flips": options.flips,
                "input": self._folder.write_input(volume, self._volume, maps=self._model.maps),
                "folder": str(self._folder.path),
                "outputs": ["synthetic", *options.outputs],
            }
            self._client.send(
                Request("translate", fields, self._on_result, self._fail, self._on_progress, self._listener.notice)
            )
        except BaseException:
            self._folder.remove()
            raise

    def _on_progress(self, done, total, stage, eta):
        frames_done = len(self._results)
        if self._frames is not None:
            template = _("Frame {number} of {count}: {stage}")
            stage = template.format(number=frames_done + 1, count=self._count, stage=stage)
            if eta is not None:
                # The frames to come take as long as those up to the end of this one did.
                a_frame = (time.monotonic() - self._started + eta) / (frames_done + 1)
                eta += a_frame * (self._count - frames_done - 1)
        share = done / total if total else 0.0
        self._listener.progress((frames_done + share) / self._count, stage, eta)

    def _on_result(self, event):
        self._results.append((self._folder, event))
        self.seconds = event["seconds"]
        try:
            if len(self._results) < self._count:
                self._send()
                return
            self._add_nodes()
        except TranslationError as error:
            self._fail(error)
            return
        except Exception as error:
            # A bug, or a scene that is not what it was: whatever it is, the panel stays usable.
            logging.exception("SASAN could not add the results to the scene")
            message = _("The results could not be added to the scene ({error}).").format(error=error)
            self._fail(TranslationError(message, _("The application log has the details."), kind="internal"))
            return
        self._finish()
        logging.info("SASAN added %s in %.1f s", self.nodes.title, time.monotonic() - self._started)
        self._listener.done(self.nodes)

    def _add_nodes(self):
        """Make nodes of the results, or fill those of an earlier run; of frames, one after the other."""
        nodes, recorder = self._update, None
        try:
            for number, (folder, event) in enumerate(self._results):
                nodes = results.add_results(
                    event["description"],
                    _arrays(folder, event["files"]),
                    self._volume,
                    segmentation_node=self._options.segmentation_node,
                    update=nodes,
                    geometry=self._frame(number),
                )
                if self._frames is not None:
                    recorder = recorder or FrameRecorder(self._frames, nodes)
                    recorder.record(number)
        except BaseException:
            if nodes is not None and self._update is None:
                results.remove_run(nodes)
            raise
        self.nodes = nodes

    def _fail(self, error):
        self._finish()
        self.error = error
        self._listener.failed(error)

    def _finish(self):
        self.finished = True
        for folder in {self._folder, *(folder for folder, _event in self._results)}:
            folder.remove()
        self._results = []


def _arrays(folder, files):
    """The arrays of a result by key, memory-mapped."""
    arrays = {key: folder.read(file) for key, file in files.items() if key != "attention"}
    for number, file in enumerate(files.get("attention", ()), start=1):
        arrays[f"attention_{number}"] = folder.read(file)
    return arrays
