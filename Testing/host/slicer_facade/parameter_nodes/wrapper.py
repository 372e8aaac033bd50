"""The class decorator `parameterNodeWrapper`: typed attributes that live in a vtkMRMLScriptedModuleNode."""

import logging
import typing
import weakref

import slicer
import vtk

from .annotations import Default, Validator, split_annotations
from .formats import format_of
from .gui import GuiConnections


class Parameter:
    """What a wrapper class knows of one parameter."""

    def __init__(self, name, hint, default):
        kind, annotations = split_annotations(hint)
        self.name, self.hint = name, hint
        self.format = format_of(kind)
        self.validators = [*self.format.validators, *(a for a in annotations if isinstance(a, Validator))]
        defaults = [a for a in annotations if isinstance(a, Default)]
        if len(defaults) > 1:
            raise Exception("Multiple defaults found")
        self.default = default or (defaults[0] if defaults else Default(self.format.empty))
        unused = [a for a in annotations if not isinstance(a, (Validator, Default))]
        if unused:
            logging.warning("Unused annotations: %s", unused)

    def write(self, node, name, value):
        for validator in self.validators:
            validator.validate(value)
        self.format.write(node, name, value)


class CachedValue:
    """A parameter's value in one node: kept, and read again whenever the node says that it was modified.

    So a node that left the scene stays here until the parameter node is modified, as in Slicer.
    """

    def __init__(self, parameter, node, name):
        self._parameter, self._node, self._name = parameter, node, name
        if not parameter.format.contains(node, name):
            parameter.write(node, name, parameter.default.value)
        self._value = parameter.format.read(node, name)
        own = weakref.ref(self)  # the observer must not keep the wrapper alive
        self._tag = node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: own()._refresh())

    def __del__(self):
        if hasattr(self, "_tag"):
            self._node.RemoveObserver(self._tag)

    def _refresh(self):
        if not self._parameter.format.contains(self._node, self._name):
            self._parameter.write(self._node, self._name, self._parameter.default.value)
        self._value = self._parameter.format.read(self._node, self._name)

    def read(self):
        return self._value

    def write(self, value):
        with slicer.util.NodeModify(self._node):
            self._parameter.write(self._node, self._name, value)
            # Before any observer hears of it.
            self._value = self._parameter.format.read(self._node, self._name)


def parameterNodeWrapper(classtype=None):
    """Turn the annotated names of a class into attributes that are kept in the node given to its constructor."""
    return _wrap if classtype is None else _wrap(classtype)


def _wrap(classtype):
    parameters = {}
    for name, hint in typing.get_type_hints(classtype, include_extras=True).items():
        default = Default(getattr(classtype, name)) if hasattr(classtype, name) else None
        try:
            parameters[name] = Parameter(name, hint, default)
        except Exception as error:
            raise Exception(f"Unable to create serializer for {classtype} member {name}") from error
        setattr(classtype, name, _property(name))
    classtype.__init__ = _initialize
    for name, member in {
        "allParameters": parameters,
        "_is_parameter_node_wrapper": True,
        "default": lambda self, name: _checked(self, name).default,
        "dataType": lambda self, name: _checked(self, name).hint,
        "getValue": _get_value,
        "setValue": _set_value,
        "connectGui": lambda self, gui: self._connections.connect_tagged(gui),
        "connectParametersToGui": lambda self, mapping: self._connections.connect(mapping),
        "disconnectGui": lambda self, tag: self._connections.disconnect(tag),
        "StartModify": lambda self: self.parameterNode.StartModify(),
        "EndModify": lambda self, was: self.parameterNode.EndModify(was),
        "AddObserver": lambda self, event, call, priority=0.0: self.parameterNode.AddObserver(event, call, priority),
        "RemoveObserver": lambda self, tag: self.parameterNode.RemoveObserver(tag),
        "Modified": lambda self: self.parameterNode.Modified(),
    }.items():
        if hasattr(classtype, name):
            raise ValueError(f"Cannot use reserved name '{name}' in a parameterNodeWrapper")
        setattr(classtype, name, member)
    return classtype


def _initialize(self, parameterNode, prefix=None):
    self.parameterNode = parameterNode
    self._values = {
        name: CachedValue(parameter, parameterNode, f"{prefix or ''}{name}")
        for name, parameter in self.allParameters.items()
    }
    self._connections = GuiConnections(self)


def _property(name):
    return property(lambda self: self._values[name].read(), lambda self, value: self._values[name].write(value))


def _get_value(self, name):
    _checked(self, name)
    return self._values[name].read()


def _set_value(self, name, value):
    _checked(self, name)
    self._values[name].write(value)


def _checked(wrapper, name):
    if name not in wrapper.allParameters:
        raise ValueError(f"Cannot find a param with the given name: {name}; there are {list(wrapper.allParameters)}")
    return wrapper.allParameters[name]


def isParameterNodeWrapper(thing):
    return getattr(thing, "_is_parameter_node_wrapper", False)
