"""QProcess.start, as on this system or as on Windows."""

from PySide6 import QtCore

from . import calls
from .proxy import native_of

_MILLISECONDS_TO_START = 30_000
_at_once = False


def processes_start_at_once():
    return _at_once


def set_processes_start_at_once(value):
    """Whether start() returns only when the program runs or has failed to start, as with Qt 5 on Windows.

    Then the signals `started` and `errorOccurred` come before it returns; elsewhere they come later.
    """
    global _at_once
    _at_once = bool(value)


def start(proxy, *arguments):
    native = native_of(proxy)
    key = (QtCore.QProcess, "start")
    calls.call(native.start, key, arguments, {}, described=QtCore.QProcess.start, bound_to=proxy)
    if _at_once:
        native.waitForStarted(_MILLISECONDS_TO_START)
