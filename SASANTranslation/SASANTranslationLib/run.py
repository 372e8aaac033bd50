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

    update: the `TranslationNodes` of an earlier run, to be filled anew.
    """

    def __init__(self, client, volume, options, model, listener, update=None):
        self._client, self._volume, self._options, self._model = client, volume, options, model
        self._listener = listener
        self._update = update
        self._frames = frames_of(volume) if options.all_frames else None
        # Many frames take long and may be cancelled: the earlier run stays until the last one is there.
        self._replaced = update if self._frames is not None else None
        if self._frames is not None:
            self._update = None
        self._recorder = None
        self._frame = 0
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

    @property
    def _count(self):
        return self._frames.count if self._frames is not None else 1

    def _send(self):
        volume = self._frames.frame(self._frame) if self._frames is not None else self._volume
        options = self._options
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
                Request("translate", fields, self._on_result, self._on_error, self._on_progress, self._listener.notice)
            )
        except BaseException:
            self._folder.remove()
            raise

    def _on_progress(self, done, total, stage, eta):
        if self._frames is not None:
            stage = _("Frame {number} of {count}: {stage}").format(
                number=self._frame + 1, count=self._count, stage=stage
            )
            if eta is not None and self._frame > 0:
                eta += (time.monotonic() - self._started) / self._frame * (self._count - self._frame - 1)
            elif eta is not None:
                eta *= self._count
        share = done / total if total else 0.0
        self._listener.progress((self._frame + share) / self._count, stage, eta)

    def _on_result(self, event):
        try:
            self._take(event)
            self._folder.remove()
            self._frame += 1
            if self._frame < self._count:
                self._send()
                return
        except TranslationError as error:
            self._on_error(error)
            return
        except Exception as error:
            # A bug, or a scene that is not what it was: whatever it is, the panel stays usable.
            logging.exception("SASAN could not add the results to the scene")
            message = _("The results could not be added to the scene ({error}).").format(error=error)
            self._on_error(TranslationError(message, _("The application log has the details."), kind="internal"))
            return
        if self._replaced is not None:
            results.remove_run(self._replaced)
        self._finish()
        logging.info("SASAN added %s in %.1f s", self.nodes.title, time.monotonic() - self._started)
        self._listener.done(self.nodes)

    def _take(self, event):
        """Make nodes of a result, or fill those of the frame before."""
        self.seconds = event["seconds"]
        files = event["files"]
        arrays = {key: self._folder.read(file) for key, file in files.items() if key != "attention"}
        for number, file in enumerate(files.get("attention", ()), start=1):
            arrays[f"attention_{number}"] = self._folder.read(file)
        self.nodes = results.add_results(
            event["description"],
            arrays,
            self._volume,
            segmentation_node=self._options.segmentation_node,
            update=self._update if self.nodes is None else self.nodes,
            geometry=self._frames.frame(self._frame) if self._frames is not None else None,
        )
        if self._frames is not None:
            if self._recorder is None:
                self._recorder = FrameRecorder(self._frames, self.nodes)
            self._recorder.record(self._frame)

    def _on_error(self, error):
        self._folder.remove()
        if self.nodes is not None:
            results.remove_run(self.nodes)  # frames that were done before this one: all or nothing
            self.nodes = None
        self._finish()
        self.error = error
        self._listener.failed(error)

    def _finish(self):
        self.finished = True
