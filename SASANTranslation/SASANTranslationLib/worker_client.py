"""The panel's end of the worker: starts it, keeps it warm, sends requests, and survives whatever it does.

The protocol is that of `SASANLib.worker`: JSON lines. One request at a time; its end is always told, once.
"""

import json
import shutil
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.process import QtProcess, end_process_tree
from SASANTranslationLib.worker_events import parse_event

#: How long the worker has to obey before it is ended.
CANCEL_MILLISECONDS = 1000
QUIT_MILLISECONDS = 1000

_LIBRARY = Path(__file__).resolve().parents[1]


def worker_command():
    """(program, arguments) of the worker: Slicer's own Python, or this one outside Slicer."""
    # Not `-m`, which would need the library on PYTHONPATH, and PythonSlicer sets that itself.
    # In ASCII: Qt writes arguments in the locale's encoding, which may know little else.
    find = f"import sys; sys.path.insert(0, {str(_LIBRARY)!a})"
    run = "from SASANLib.worker.__main__ import main; sys.exit(main())"
    return shutil.which("PythonSlicer") or sys.executable, ["-c", f"{find}; {run}"]


class WorkerState(Enum):
    STOPPED = "stopped"
    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"


@dataclass
class Request:
    """What to ask, and who hears the answers: exactly one of `done` and `failed` is called, at the end.

    done(event): the "result" event as a dict. failed(error): a `TranslationError`.
    progress(done, total, stage, eta): `eta` in seconds, or None.
    notice(message, unfamiliar): of every fallback, and of what is `unfamiliar` about the input.
    """

    name: str
    fields: dict
    done: object
    failed: object
    progress: object = None
    notice: object = None
    id: int = 0


class WorkerClient:
    """One worker, started when it is first needed and kept for the next request.

    process: makes a `process.Process` from its three callables.
    command: a callable that gives (program, arguments).
    `pid` is that of the worker, the leader of its process group, once it has told it.
    """

    def __init__(self, process=QtProcess, command=worker_command):
        self._make_process, self.command = process, command
        self._log = self._devices = None
        self._process = None
        self.pid = None
        self._request = None
        self._buffer = b""
        self._last_id = 0
        self.state = WorkerState.STOPPED

    @property
    def busy(self):
        """Whether a request is running: another one would be refused."""
        return self._request is not None

    def listen(self, log=None, devices=None):
        """log(text): told what the worker writes on stderr. devices(list): told once the worker has started."""
        self._log, self._devices = log, devices

    def send(self, request):
        """Start `request` (a `Request`), and the worker if need be.

        Raises:
            TranslationError: of kind "busy", when another request is running.
        """
        if self._request is not None:
            raise TranslationError(
                _("Another translation is running."), _("Wait for it to end, or cancel it."), kind="busy"
            )
        self._last_id += 1
        request.id = self._last_id
        self._request = request
        if self._process is None:
            self._start()
        else:
            self._write(request)

    def cancel(self):
        """End the running request: politely, and by force when that takes longer than a second."""
        request = self._request
        if request is None:
            return
        if self.state is not WorkerState.BUSY:
            self._give_up(_cancelled())  # it is loading libraries, and cannot listen
            return
        self._send_line({"request": "cancel", "id": request.id, "target": request.id})
        qt.QTimer.singleShot(CANCEL_MILLISECONDS, lambda: self._request is request and self._give_up(_cancelled()))

    def stop(self):
        """End the worker and wait until it is gone; a running request fails as cancelled."""
        process, pid = self._process, self.pid
        if process is None:
            return
        self._send_line({"request": "quit"})
        self._forget_process()
        process.close_input()
        if not process.wait(QUIT_MILLISECONDS):
            _end(process, pid)
            process.wait(QUIT_MILLISECONDS)
        self._fail(_cancelled())

    # Process

    def _start(self):
        self._buffer, self.pid = b"", None
        self.state = WorkerState.STARTING
        process = None

        # A process that was given up may still speak; only the present one is listened to.
        def present(method):
            return lambda argument: process is self._process and method(argument)

        process = self._make_process(present(self._on_output), present(self._on_log), present(self._on_end))
        self._process = process
        program, arguments = self.command()
        process.start(program, arguments)
        if self._process is process:  # on Windows a program that is not there is told from within start()
            self._send_line({"request": "hello", "id": 0})

    def _forget_process(self):
        self._process, self.pid = None, None
        self.state = WorkerState.STOPPED

    def _give_up(self, error):
        """End the process by force, and the request with `error`."""
        process, pid = self._process, self.pid
        self._forget_process()
        if process is not None:
            process.close_input()
            _end(process, pid)
        self._fail(error)

    def _on_log(self, data):
        if self._log is not None:
            self._log(data.decode("utf-8", errors="replace"))

    def _on_end(self, how):
        started = self.state is not WorkerState.STARTING
        self._forget_process()
        if started:
            error = TranslationError(
                _("The worker process ended unexpectedly ({how}).").format(how=how),
                _("Nothing was changed. See the log; a new worker starts with the next click."),
                kind="crashed",
            )
        else:
            error = TranslationError(
                _("The worker process could not start ({how}).").format(how=how),
                _("See the log. If a package is missing there, translate again to install it."),
                kind="start",
            )
        self._fail(error)

    # Lines

    def _write(self, request):
        self.state = WorkerState.BUSY
        self._send_line({"request": request.name, "id": request.id, **request.fields})

    def _send_line(self, message):
        self._process.write(json.dumps(message).encode() + b"\n")

    def _on_output(self, data):
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        process = self._process
        for line in lines:
            if self._process is not process:  # an earlier line ended it
                return
            try:
                event = parse_event(line)
            except ValueError as error:
                self._on_log(f"{error}, in the line {line[:500]!r}\n".encode())
                self._give_up(
                    TranslationError(
                        _("The worker process answered something that cannot be read."),
                        _("See the log; a new worker starts with the next click."),
                        kind="protocol",
                    )
                )
            else:
                self._handle(event["event"], event)

    def _handle(self, kind, event):
        if kind == "starting":
            self.pid = event["pid"]
        elif kind == "ready":
            if self._devices is not None:
                self._devices(event["devices"])
            self.state = WorkerState.IDLE
            if self._request is not None:
                self._write(self._request)
        elif kind == "error" and self.state is WorkerState.STARTING:
            self._give_up(TranslationError(event["message"], event["hint"], kind=event["kind"]))
        elif self._request is not None and event["id"] == self._request.id:
            self._handle_answer(kind, event)

    def _handle_answer(self, kind, event):
        request = self._request
        if kind == "progress" and request.progress is not None:
            request.progress(event["done"], event["total"], event["stage"], event["eta"])
        elif kind == "notice" and request.notice is not None:
            request.notice(event["message"], event["unfamiliar"])
        elif kind == "result":
            self._request, self.state = None, WorkerState.IDLE
            request.done(event)
        elif kind == "error":
            self.state = WorkerState.IDLE
            self._fail(TranslationError(event["message"], event["hint"], kind=event["kind"]))

    def _fail(self, error):
        request, self._request = self._request, None
        if request is not None:
            request.failed(error)


_SHARED = []


def shared_client():
    """The one client of this Slicer: each worker holds torch and a model, and scripts make logics freely."""
    if not _SHARED:
        _SHARED.append(WorkerClient())
        slicer.app.connect("aboutToQuit()", _SHARED[0].stop)
    return _SHARED[0]


def _cancelled():
    return TranslationError(_("Cancelled."), kind="cancelled")


def _end(process, pid):
    if pid is not None:
        end_process_tree(pid)
    process.kill()
