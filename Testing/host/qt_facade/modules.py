"""The modules `qt` and `ctk`: their classes appear when they are first named."""

import types

import shiboken6
from PySide6 import QtCore, QtGui, QtWidgets

from . import absent, ctk_widgets, declared, ui_loader
from .appearance import ensure_application
from .proxy import create_proxy_class
from .ui_loader import register_custom_widget


class _LazyModule(types.ModuleType):
    """A module whose attributes come from `find(name)`, which raises AttributeError for what is not there."""

    def __init__(self, name, find, names):
        super().__init__(name)
        self.__dict__["_find"], self.__dict__["_names"] = find, names

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = self._find(name)
        if value is None:
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        self.__dict__[name] = value
        return value

    def __dir__(self):
        return sorted({*self.__dict__, *self._names()})


def make_qt_module():
    """A new module `qt`. Makes the QApplication, if there is none."""
    ensure_application()
    return _LazyModule("qt", _find_qt, _qt_names)


def make_ctk_module():
    """A new module `ctk`, whose widgets may also be used in .ui files."""
    ensure_application()
    for name, native_class in ctk_widgets.WIDGETS.items():
        register_custom_widget(name, native_class)
    return _LazyModule("ctk", _find_ctk, lambda: ctk_widgets.WIDGETS)


_OWN = {
    "Signal": declared.Signal,
    "Slot": declared.Slot,
    "Property": declared.Property,
}


def _find_qt(name):
    if name in _OWN:
        return _OWN[name]
    if absent.is_absent_class(name):
        return None
    if name == "QUiLoader":
        return create_proxy_class(ui_loader.QUiLoader)
    for module in (QtCore, QtGui, QtWidgets):
        found = getattr(module, name, None)
        if isinstance(found, type) and (issubclass(found, shiboken6.Object) or name == "Qt"):
            return create_proxy_class(found)
    return None


def _find_ctk(name):
    native_class = ctk_widgets.WIDGETS.get(name) or ctk_widgets.UNPAINTED.get(name)
    return None if native_class is None else create_proxy_class(native_class)


def _qt_names():
    names = {name for module in (QtCore, QtGui, QtWidgets) for name in dir(module) if name.startswith("Q")}
    return {*(name for name in names if _find_qt(name) is not None), *_OWN, "QUiLoader"}
