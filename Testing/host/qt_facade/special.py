"""Methods that PythonQt presents otherwise than PySide6 does, by the native class that has them.

A method gets the proxy and the arguments as the caller gave them; a static function only the arguments. What is
not listed here is found by introspection.
"""

import inspect

from PySide6 import QtCore, QtGui, QtWidgets

from . import dialogs, objects, processes, settings, timers
from .proxy import qt_class_of

#: Allowed on a destroyed object.
ALIVE_OR_NOT = {"className", "inherits", "delete"}

_METHODS = {
    object: {"className": objects.class_name, "inherits": objects.inherits, "delete": objects.delete},
    QtCore.QObject: {
        "connect": objects.connect,
        "disconnect": objects.disconnect,
        "findChild": objects.find_child,
        "findChildren": objects.find_children,
        "setProperty": objects.set_property,
        "property": objects.get_property,
    },
    QtCore.QProcess: {"start": processes.start},
    QtCore.QSettings: {"value": settings.value, "setValue": settings.set_value},
    QtWidgets.QDialog: {"exec": dialogs.execute, "exec_": dialogs.execute},
    QtWidgets.QMenu: {"exec": dialogs.execute_menu, "exec_": dialogs.execute_menu},
}

_STATICS = {
    QtCore.QTimer: {"singleShot": timers.single_shot},
    QtGui.QDesktopServices: {"openUrl": objects.open_url},
    **dialogs.STATICS,
}

_CONSTRUCTORS = {QtCore.QSettings: settings.construct}


def method(native_class, name):
    """The replacement of a method, or None."""
    return _find(_METHODS, native_class, name)


def static(native_class, name):
    """The replacement of a static function, or None."""
    return _find(_STATICS, native_class, name)


def constructor(native_class):
    """The replacement of a class's constructor, or None; it makes the native."""
    return _CONSTRUCTORS.get(qt_class_of(native_class))


def call(function, name, proxy, arguments, keywords):
    """Call a replacement; ValueError, as from any slot, when the arguments do not fit."""
    given = arguments if proxy is None else (proxy, *arguments)
    if keywords:
        raise ValueError(f"Called {name} with keyword arguments, but called slot does not support kwargs.")
    try:
        inspect.signature(function).bind(*given)
    except TypeError:
        raise ValueError(f"Called {name} with wrong number of arguments: {tuple(arguments)!r}") from None
    return function(*given)


def _find(table, native_class, name):
    for base in native_class.__mro__:
        if name in table.get(base, ()):
            return table[base][name]
    return None
