"""Which widget can show which type, and how. As in Slicer, the widget's class must be exactly one of those listed."""

import enum
import logging

import slicer

from .annotations import (
    Choice,
    Decimals,
    Maximum,
    Minimum,
    SingleStep,
    WithinRange,
    first_annotation,
    split_annotations,
)


class Connector:
    """A widget's value, through the name of a property and of the signal that tells of its change."""

    classes = ()
    signal = value = None

    def __init__(self, widget, kind, annotations):
        self.widget, self.kind = widget, kind
        self._slot = None
        self.prepare(annotations)

    @classmethod
    def accepts(cls, kind):
        raise NotImplementedError

    def prepare(self, annotations):
        """Set the widget up for its parameter."""

    def read(self):
        return getattr(self.widget, self.value)

    def write(self, value):
        setattr(self.widget, self.value, value)

    def connect(self, slot):
        self._slot = slot
        if self.signal:
            getattr(self.widget, self.signal).connect(slot)

    def disconnect(self):
        if self.signal and self._slot is not None:
            getattr(self.widget, self.signal).disconnect(self._slot)
        self._slot = None


class CheckBox(Connector):
    classes = ("qt.QCheckBox", "ctk.ctkCheckBox")
    signal, value = "stateChanged", "checked"

    @classmethod
    def accepts(cls, kind):
        return kind is bool


class CheckableButton(CheckBox):
    classes = ("qt.QPushButton", "ctk.ctkCheckablePushButton")
    signal = "toggled"

    def prepare(self, annotations):
        if not self.widget.checkable:
            logging.warning("Making push button checkable for conversion to bool: button %s", self.widget)
            self.widget.checkable = True


class WholeNumber(Connector):
    classes = ("qt.QSpinBox", "qt.QSlider")
    signal, value = "valueChanged", "value"
    must_be_bounded = ("qt.QSlider",)
    lowest, highest = -(2**31), 2**31 - 1

    @classmethod
    def accepts(cls, kind):
        return kind is int

    def prepare(self, annotations):
        step = first_annotation(annotations, SingleStep)
        if step is not None:
            self.widget.singleStep = step.value
        within = first_annotation(annotations, WithinRange)
        low, high = first_annotation(annotations, Minimum), first_annotation(annotations, Maximum)
        if within is None and None in (low, high) and type(self.widget) in _classes(self.must_be_bounded):
            raise RuntimeError(f"Cannot have a connection to {type(self.widget).__name__} where the type is unbounded.")
        self.widget.minimum = within.minimum if within else low.minimum if low else self.lowest
        self.widget.maximum = within.maximum if within else high.maximum if high else self.highest


class Number(WholeNumber):
    classes = (
        "qt.QDoubleSpinBox",
        "ctk.ctkSliderWidget",
        "ctk.ctkDoubleSlider",
        "ctk.ctkDoubleSpinBox",
        "slicer.qMRMLSliderWidget",
        "slicer.qMRMLSpinBox",
    )
    must_be_bounded = ("ctk.ctkSliderWidget", "slicer.qMRMLSliderWidget")
    lowest, highest = float("-inf"), float("inf")

    @classmethod
    def accepts(cls, kind):
        return kind in (int, float)

    def prepare(self, annotations):
        decimals = first_annotation(annotations, Decimals)
        if type(self.widget) not in _classes(("ctk.ctkDoubleSlider",)) and (decimals or self.kind is int):
            self.widget.decimals = 0 if self.kind is int else decimals.value
        super().prepare(annotations)

    def read(self):
        return int(self.widget.value) if self.kind is int else self.widget.value


class ChoiceBox(Connector):
    """A combo box whose items are those of `Choice`."""

    classes = ("qt.QComboBox", "ctk.ctkComboBox")
    signal = "currentIndexChanged"

    @classmethod
    def accepts(cls, kind):
        return kind in (int, float, str, bool)

    def prepare(self, annotations):
        choice = first_annotation(annotations, Choice)
        if choice is None:
            raise RuntimeError("A combo box requires the Choice annotation to be used.")
        self._fill(choice.choices, map(str, choice.choices))

    def _fill(self, values, labels):
        self._values = list(values)
        self.widget.clear()
        for label in labels:
            self.widget.addItem(label)

    def read(self):
        return self._values[self.widget.currentIndex]

    def write(self, value):
        if value not in self._values:
            raise ValueError(f"Unable to find value {value} in choices {self._values}")
        self.widget.currentIndex = self._values.index(value)


class EnumBox(ChoiceBox):
    @classmethod
    def accepts(cls, kind):
        return isinstance(kind, type) and issubclass(kind, enum.Enum)

    def prepare(self, annotations):
        label = getattr(self.kind, "label", lambda member: member.name)
        self._fill(self.kind, map(label, self.kind))


class LineEdit(Connector):
    classes = ("qt.QLineEdit",)
    signal, value = "textChanged", "text"

    @classmethod
    def accepts(cls, kind):
        return kind is str

    def write(self, value):
        if value != self.widget.text:  # writing moves the cursor to the end
            self.widget.text = value


class Label(LineEdit):
    classes = ("qt.QLabel",)
    signal = None


class TextEdit(LineEdit):
    classes = ("qt.QTextEdit",)

    def read(self):
        return self.widget.toPlainText()

    def write(self, value):
        self.widget.setPlainText(value)


class NodeBox(Connector):
    classes = ("slicer.qMRMLNodeComboBox",)
    signal = "currentNodeChanged"

    @classmethod
    def accepts(cls, kind):
        return isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode)

    def prepare(self, annotations):
        self.widget.nodeTypes = (self.kind().GetClassName(),)

    def read(self):
        return self.widget.currentNode()

    def write(self, value):
        self.widget.setCurrentNode(value)


_KINDS = (CheckBox, CheckableButton, WholeNumber, Number, ChoiceBox, EnumBox, LineEdit, Label, TextEdit, NodeBox)


def connector_for(widget, hint):
    """A connector between a widget and a parameter of the type `hint`. Raises RuntimeError where there is none."""
    kind, annotations = split_annotations(hint)
    for connector in _KINDS:
        if type(widget) in _classes(connector.classes) and connector.accepts(kind):
            return connector(widget, kind, annotations)
    raise RuntimeError(f"Unable to create GUI connector from datatype '{hint}' to widget type '{type(widget)}'.")


def _classes(names):
    """Those of the named classes that the host has."""
    import ctk
    import qt

    found = {"qt": qt, "ctk": ctk, "slicer": slicer}
    pairs = (name.split(".") for name in names)
    return [getattr(found[module], name) for module, name in pairs if hasattr(found[module], name)]
