"""QUiLoader: builds the widgets of a .ui file, with those of ctk and Slicer that were registered."""

import xml.etree.ElementTree as ElementTree

import shiboken6
from PySide6 import QtCore, QtUiTools

from . import signals
from .errors import complain
from .proxy import unwrap, wrap

_custom = {}


def register_custom_widget(name, native_class):
    """Let .ui files use `native_class` (its constructor takes the parent) under the class name `name`."""
    _custom[name] = native_class


class QUiLoader(QtUiTools.QUiLoader):
    """Qt's loader, which is told what ctk and Slicer add. Signals are connected here, as their types are C++'s."""

    def createWidget(self, class_name, parent=None, name=""):
        native_class = _custom.get(class_name)
        if native_class is None:
            if class_name not in self.availableWidgets():
                complain(f"QFormBuilder was unable to create a widget of the class '{class_name}'.")
                return None
            return super().createWidget(class_name, parent, name)
        widget = native_class(parent)
        widget.setObjectName(name)
        return widget

    def load(self, device, parent=None):
        """The top widget of the .ui file behind an open QFile; None when it cannot be read."""
        content = bytes(device.readAll().data())
        if not content:
            complain("QUiLoader: the device is not open, or empty")
            return None
        root = ElementTree.fromstring(content)
        connections = _take_connections(root)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        widget = QtUiTools.QUiLoader.load(self, buffer, parent)
        for connection in connections:
            _connect(widget, *connection)
        return widget


def _take_connections(root):
    """Remove the connections from a .ui document; returns (sender, signal, receiver, slot) of each."""
    taken = []
    for connections in root.findall("connections"):
        for each in connections.findall("connection"):
            taken.append(tuple(each.findtext(part, "") for part in ("sender", "signal", "receiver", "slot")))
        root.remove(connections)
    return taken


def _connect(top, sender, signal, receiver, slot):
    source, target = _named(top, sender), _named(top, receiver)
    if source is None or target is None:
        complain(f"QUiLoader: cannot connect {sender}.{signal} to {receiver}.{slot}: no such widget")
        return
    name, _, types = slot.rstrip(")").partition("(")
    if not hasattr(type(target), name):
        complain(f"QUiLoader: {receiver} has no slot {slot}")
        return
    count = len([each for each in types.split(",") if each.strip()])
    signals.connect(wrap(source), signal, _Relay(target, name, count))


class _Relay:
    """A call of a native slot with as many arguments as its signature has; holds no reference to a proxy."""

    def __init__(self, target, name, count):
        self._target, self._name, self._count = target, name, count

    def __call__(self, *arguments):
        if shiboken6.isValid(self._target):
            getattr(self._target, self._name)(*[unwrap(each) for each in arguments[: self._count]])


def _named(top, name):
    return top if top.objectName() == name else top.findChild(QtCore.QObject, name)
