"""QSettings on a private file, unless a file is named."""

import atexit
import os
import tempfile

from PySide6 import QtCore

from . import calls
from .enums import EnumValue
from .proxy import native_of, unwrap, wrap

#: The folder in use: a path, or a TemporaryDirectory.
_folder = None


def use_settings_folder(folder):
    """Where `qt.QSettings()` keeps its file from now on; None for a fresh temporary folder."""
    global _folder
    if isinstance(_folder, tempfile.TemporaryDirectory):
        _folder.cleanup()
    _folder = None if folder is None else str(folder)


atexit.register(use_settings_folder, None)


def construct(*arguments):
    """QSettings() is the application's own file; with arguments it is what Qt makes of them."""
    if arguments:
        key = (QtCore.QSettings, "new_QSettings")
        return QtCore.QSettings(*calls.native_arguments(QtCore.QSettings, key, arguments, {}))
    global _folder
    if _folder is None:
        _folder = tempfile.TemporaryDirectory(prefix="qt-settings-")
    folder = _folder if isinstance(_folder, str) else _folder.name
    return QtCore.QSettings(os.path.join(folder, "Slicer.ini"), QtCore.QSettings.Format.IniFormat)


def value(proxy, key, default=None):
    """The value of a key as it was stored; `default` when there is none."""
    native = native_of(proxy)
    return wrap(native.value(str(key))) if native.contains(str(key)) else default


def set_value(proxy, key, stored):
    """Store a bool, int, float, str, list or dict."""
    native_of(proxy).setValue(str(key), int(stored) if isinstance(stored, EnumValue) else unwrap(stored))
