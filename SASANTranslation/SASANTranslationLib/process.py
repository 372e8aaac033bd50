"""A child process as the worker's client needs it, and its form on Qt, whose event loop calls it back."""

import contextlib
import os
import signal
import subprocess
import sys
from typing import Protocol

import qt


class Process(Protocol):
    """One child process. Tests inject another one than Qt's.

    It is made with three callables: `on_output(bytes)` and `on_log(bytes)` for what it writes on stdout and
    stderr, and `on_end(text)`, called once when it has ended, however it did, with how in words.
    """

    def start(self, program: str, arguments: list) -> None: ...

    def write(self, data: bytes) -> None: ...

    def close_input(self) -> None: ...

    def kill(self) -> None: ...

    def wait(self, milliseconds: int) -> bool: ...


#: Processes that have not ended. Qt destroys one that Python does not hold, and to destroy it from within one of
#: its own signals would be the end of Slicer.
_ALIVE = set()


class QtProcess:
    """`Process` on QProcess: never blocks, and needs no thread (threads starve while Qt's loop idles)."""

    def __init__(self, on_output, on_log, on_end):
        self._on_output, self._on_log, self._on_end = on_output, on_log, on_end
        self._process = qt.QProcess()
        self._process.connect("readyReadStandardOutput()", self._read_output)
        self._process.connect("readyReadStandardError()", self._read_log)
        self._process.connect("finished(int,QProcess::ExitStatus)", self._finished)
        self._process.connect("errorOccurred(QProcess::ProcessError)", self._failed)

    def start(self, program, arguments):
        _ALIVE.add(self)
        self._process.start(program, arguments)

    def write(self, data):
        self._process.write(data)

    def close_input(self):
        self._process.closeWriteChannel()

    def kill(self):
        self._process.kill()

    def wait(self, milliseconds):
        """Whether the process ended within that time; blocks, so only for shutting down."""
        return self._process.state() == qt.QProcess.NotRunning or self._process.waitForFinished(milliseconds)

    def _read_output(self):
        self._on_output(self._process.readAllStandardOutput().data())

    def _read_log(self):
        self._on_log(self._process.readAllStandardError().data())

    def _finished(self, code, status):
        # What it said last may still lie in the pipes.
        self._read_output()
        self._read_log()
        self._end(f"signal {code}" if status == qt.QProcess.CrashExit else f"exit code {code}")

    def _failed(self, error):
        if error == qt.QProcess.FailedToStart:  # the other errors are followed by `finished`
            self._end(self._process.errorString())

    def _end(self, text):
        on_end, self._on_end = self._on_end, lambda _: None
        on_end(text)
        qt.QTimer.singleShot(0, lambda: _ALIVE.discard(self))


def end_process_tree(pid):
    """End the process `pid`, the leader of its group, and all below it; silent when it is gone already.

    Slicer's Python executable is a launcher: to kill that would leave the Python below it running.
    """
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(pid)]
        subprocess.run(command, capture_output=True, creationflags=subprocess.CREATE_NO_WINDOW, check=False)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
