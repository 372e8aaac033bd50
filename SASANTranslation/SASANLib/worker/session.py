"""Answers requests, one after the other, until the process ends. What is heavy is imported when a request needs it."""

import time
import traceback
from dataclasses import asdict

import SASANLib
from SASANLib.worker.channel import Channel
from SASANLib.worker.failures import Failure, blaming, failure
from SASANLib.worker.inbox import Inbox
from SASANLib.worker.reporter import Reporter
from SASANLib.worker.requests import Compare, Devices, Hello, Import, Request, Translate


class Session:
    """The thread that answers; the inbox's thread reads in the meantime."""

    def __init__(self, channel: Channel, inbox: Inbox) -> None:
        self._channel = channel
        self._inbox = inbox
        self._model = None

    def serve(self) -> None:
        """Answer requests for ever: the inbox ends the process."""
        while True:
            self._answer(self._inbox.take())

    def _answer(self, request: Request) -> None:
        def send(event: str, **fields) -> None:
            self._channel.send(event, request.id, **fields)

        reporter = Reporter(send, lambda: self._inbox.is_cancelled(request))
        began = time.monotonic()
        try:
            reporter.check()
            event, fields = self._handle(request, reporter)
            outcome = event
        except Exception as error:
            end = failure(error)
            event, fields = "error", {"kind": end.kind, "message": end.message, "hint": end.hint}
            outcome = f"{end.kind} error: {end}"
            if end.kind == "internal":
                self._model = None  # who knows what state it is in
                traceback.print_exc()
        print(f"{request.request} {request.id}: {outcome} ({time.monotonic() - began:.1f} s)")
        self._inbox.answered(request)
        send(event, **fields)

    def _handle(self, request: Request, reporter: Reporter) -> tuple[str, dict]:
        """(event, its fields)."""
        match request:
            case Hello():
                return "ready", _greeting()
            case Devices():
                return "result", {"devices": _devices()}
            case Translate():
                return "result", self._translate(request, reporter)
            case Compare():
                from SASANLib.worker.comparing import compare

                return "result", compare(request, reporter)
            case Import():
                return "result", self._import(request)
        raise TypeError(f"no answer to {request!r}")

    def _translate(self, request: Translate, reporter: Reporter) -> dict:
        from SASANLib.worker.translating import translate
        from SASANLib.worker.warm_model import WarmModel

        self._model = self._model or WarmModel()
        return translate(request, self._model, reporter)

    def _import(self, request: Import) -> dict:
        from SASANLib.model import import_bundle

        try:
            with blaming("model"), self._inbox.finishing():
                return {"folder": str(import_bundle(request.source, request.root, replace=request.replace))}
        except Failure as error:
            if error.kind == "exists":
                error.hint = "Replace it, or keep the one that is there."
            raise


def _greeting() -> dict:
    import torch

    return {"version": SASANLib.__version__, "torch": torch.__version__, "devices": _devices()}


def _devices() -> list[dict]:
    from SASANLib.devices import list_devices

    return [asdict(device) for device in list_devices()]
