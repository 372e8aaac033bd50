"""Overloads that PySide6 adds to Qt 5, and PythonQt does not have."""

import collections.abc
import typing

from PySide6 import QtGui, QtWidgets

#: The only widgets of Qt 5 that make an action out of a text; Qt 6 lets every widget do so.
_WITH_ACTIONS = (QtWidgets.QMenu, QtWidgets.QMenuBar, QtWidgets.QToolBar)


def is_refused(key, parameters):
    """Whether PythonQt lacks this overload. `key` is (native class, name of the function)."""
    owner, name = key
    if any(typing.get_origin(each.annotation) is collections.abc.Callable for each in parameters):
        return True
    if owner is QtGui.QImage and len(parameters) > 2:
        # no image over a Python buffer, which PySide6 also takes as text
        return parameters[0].annotation is str or bytes in typing.get_args(parameters[0].annotation)
    if name == "addAction" and issubclass(owner, QtWidgets.QWidget) and not issubclass(owner, _WITH_ACTIONS):
        return parameters[0].annotation is not QtGui.QAction
    return False
