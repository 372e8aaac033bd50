"""`slicer.modules` and `slicer.app.moduleManager()`: loading a scripted module as Slicer does."""

import importlib
import os
import sys

import shiboken6
import slicer
from PySide6.QtCore import Property, QObject, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout

from .mrml_widget import qMRMLWidget


class qSlicerModuleManager(QObject):
    """Which modules there are, and the word that one is about to go."""

    moduleAboutToBeUnloaded = Signal(str)
    moduleLoaded = Signal(str)

    @Slot(str, result=object)
    def module(self, name):
        return getattr(slicer.modules, name.lower(), None)

    @Slot(result=object)
    def factoryManager(self):
        return self

    @Slot(result="QStringList")
    def loadedModuleNames(self):
        modules = vars(slicer.modules).values()
        return [module.name for module in modules if isinstance(module, Module)]


class Module:
    """A module as Slicer's own object: it has these attributes and takes no others."""

    _TEXTS = ("title", "helpText", "acknowledgementText")
    _LISTS = ("categories", "dependencies", "contributors", "associatedNodeTypes")

    def __init__(self, name, path="", logic=None):
        values = dict.fromkeys(self._TEXTS, "") | dict.fromkeys(self._LISTS, ())
        values |= {"name": name, "path": path, "hidden": False, "icon": None, "index": -1}
        values |= {"widgetRepresentationCreationEnabled": True}
        values |= {"_logic": logic, "_widget": None}
        self.__dict__.update(values)

    def __setattr__(self, name, value):
        if name not in self.__dict__ or name in ("name", "path"):
            raise AttributeError(f"{name} is not an attribute of {type(self).__name__} that can be set")
        if name in self._TEXTS and not isinstance(value, str):
            raise AttributeError(f"{name} of a module is a text, not {type(value).__name__}")
        if name in self._LISTS:
            if isinstance(value, str) or not all(isinstance(text, str) for text in value):
                raise AttributeError(f"{name} of a module is a list of texts, not {value!r}")
            value = tuple(value)
        self.__dict__[name] = value

    def logic(self):
        return self._logic

    def inherits(self, name):
        return name in ("QObject", "qSlicerAbstractCoreModule", "qSlicerAbstractModule", f"qSlicer{self.name}Module")


class qSlicerScriptedLoadableModule(Module):
    """A module whose parts are the Python classes <name>, <name>Widget, <name>Logic and <name>Test."""

    def __init__(self, name, path):
        super().__init__(name, path, slicer.vtkSlicerScriptedLoadableModuleLogic())
        script = import_script(name, path)
        instance = getattr(script, name)(self)
        setattr(slicer.modules, f"{name}Instance", instance)
        setattr(slicer.modules, name.lower(), self)
        if hasattr(instance, "setup"):
            instance.setup()

    def inherits(self, name):
        return name == "qSlicerScriptedLoadableModule" or super().inherits(name)

    def widgetRepresentation(self):
        """The panel's outer widget, made and set up on the first call."""
        from qt_facade import wrap

        if self._widget is None:
            native = self.__dict__["_widget"] = qSlicerScriptedLoadableModuleWidget(self.name, self.path)
            native.setMRMLScene(slicer.mrmlScene)
            native.reload()
        return wrap(self._widget)

    def delete_widget(self):
        """Destroy the panel's outer widget and all that is in it."""
        widget, self.__dict__["_widget"] = self._widget, None
        if widget is not None:
            widget.hide()
            shiboken6.delete(widget)


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """qSlicerScriptedLoadableModuleWidget: the widget that the Python class <name>Widget fills."""

    def __init__(self, name, path):
        super().__init__()
        self._name, self._path = name, path
        self._python = None
        self._entered = False
        self.setObjectName(f"{name}ModuleWidget")
        QVBoxLayout(self)

    @Slot()
    def reload(self):
        """Make a new object of the Python class and let it fill this widget."""
        from qt_facade import wrap

        script = sys.modules.get(self._name) or import_script(self._name, self._path)
        widget_class = f"{self._name}Widget"
        self._python = getattr(script, widget_class)(wrap(self))
        setattr(slicer.modules, widget_class, self._python)
        self._python.setup()

    def self(self):
        return self._python

    def enter(self):
        self._call(True, "enter")

    def exit(self):
        self._call(False, "exit")

    #: A property, as it is in Slicer.
    isEntered = Property(bool, lambda self: self._entered)

    def _call(self, entered, name):
        if entered == self._entered:
            raise RuntimeError(f"{self._name}: {name}() twice")
        self._entered = entered
        if hasattr(self._python, name):
            getattr(self._python, name)()


def import_script(name, path):
    """Import a module's file as Slicer does: its folder on sys.path, its name the file's."""
    folder = os.path.dirname(path)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    script = importlib.import_module(name)
    if not hasattr(script, name):
        raise RuntimeError(f"Failed to load scripted loadable module: class {name} was not found in {path}")
    return script
