"""How values lie in a vtkMRMLScriptedModuleNode: the text and the names that Slicer itself writes and reads.

A scene saved here opens in Slicer with the same parameters, and the other way round. Types that are not listed in
`format_of` are refused, although Slicer knows some more: the panels do without them.
"""

import enum
import typing

import slicer

from .annotations import IsInstance, NotNone, split_annotations
from .observed_list import ObservedList


class Format:
    """One parameter is one text under its own name, unless a subclass says otherwise."""

    validators = ()

    def contains(self, node, name):
        return node.HasParameter(name)

    def write(self, node, name, value):
        node.SetParameter(name, self.to_text(value))

    def read(self, node, name):
        return self.from_text(node.GetParameter(name))

    def remove(self, node, name):
        node.UnsetParameter(name)

    def validate(self, value):
        for validator in self.validators:
            validator.validate(value)


class NumberFormat(Format):
    empty = 0

    def __init__(self, kind):
        self.kind = kind
        self.validators = (NotNone(), IsInstance((int, float) if kind is float else int))

    def to_text(self, value):
        return str(value)

    def from_text(self, text):
        return self.kind(text)


class StringFormat(Format):
    empty = ""
    validators = (NotNone(), IsInstance(str))

    def to_text(self, value):
        return str(value)

    def from_text(self, text):
        return text


class BoolFormat(Format):
    empty = False
    validators = (NotNone(), IsInstance(bool))

    def to_text(self, value):
        return "True" if value else "False"

    def from_text(self, text):
        return text == "True"


class EnumFormat(Format):
    """The member's name, not its value."""

    def __init__(self, kind):
        if len(kind) == 0:
            raise ValueError("Cannot serialize empty Enum.")
        self.kind = kind
        self.empty = next(iter(kind))
        self.validators = (IsInstance(kind),)

    def to_text(self, value):
        return value.name

    def from_text(self, text):
        if text not in self.kind.__members__:
            raise ValueError(f"Found {text!r} in parameter node but it is not a name in {self.kind!r}")
        return self.kind[text]


class NodeFormat(Format):
    """A node reference in the role of the parameter's name; an empty text tells that it was set, be it to None."""

    empty = None

    def __init__(self, kind):
        self.validators = (IsInstance(kind),)

    def write(self, node, name, value):
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, None if value is None else value.GetID())

    def read(self, node, name):
        return node.GetNodeReference(name)

    def remove(self, node, name):
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)


class ListFormat(Format):
    """Each element under `name.index`, and their number under `name.len`."""

    def __init__(self, element):
        self.element = element

    @property
    def empty(self):
        return []

    def contains(self, node, name):
        return node.HasParameter(f"{name}.len")

    def read(self, node, name):
        return ObservedList(node, self, name, self._values(node, name))

    def write(self, node, name, values):
        before = self._values(node, name)
        with slicer.util.NodeModify(node):
            try:
                # One after the other, as Slicer does: a bad element raises when those before it are written.
                for index, value in enumerate(values):
                    self.element.validate(value)
                    self.element.write(node, f"{name}.{index}", value)
            except Exception:
                self._store(node, name, before, len(values))
                raise
            self._store(node, name, list(values), len(before))

    def remove(self, node, name):
        with slicer.util.NodeModify(node):
            self._store(node, name, [], len(self._values(node, name)))
            node.UnsetParameter(f"{name}.len")

    def _values(self, node, name):
        count = int(node.GetParameter(f"{name}.len")) if self.contains(node, name) else 0
        return [self.element.read(node, f"{name}.{index}") for index in range(count)]

    def _store(self, node, name, values, stale):
        for index, value in enumerate(values):
            self.element.write(node, f"{name}.{index}", value)
        node.SetParameter(f"{name}.len", str(len(values)))
        for index in range(len(values), stale):
            self.element.remove(node, f"{name}.{index}")


def format_of(kind):
    """The format of a (not annotated) type. Raises an exception for a type that the host does not know."""
    if kind in (int, float):
        return NumberFormat(kind)
    if kind is str:
        return StringFormat()
    if kind is bool:
        return BoolFormat()
    if typing.get_origin(kind) is list and len(typing.get_args(kind)) == 1:
        element, annotations = split_annotations(typing.get_args(kind)[0])
        if not annotations and element in (int, float, str, bool):
            return ListFormat(format_of(element))
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return EnumFormat(kind)
    if isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode):
        return NodeFormat(kind)
    raise Exception(f"Unable to create serializer for type: {kind}")
