"""What a name means on a Qt object or class: property, method, signal, enumeration, child, or nothing."""

import inspect
import types

import shiboken6
from PySide6 import QtCore

from . import absent, calls, enums, properties, special
from .methods import BoundMethod, static, unbound
from .proxy import attach, create_proxy_class, is_python_subclass, native_of, pin, qt_class_of, wrap
from .signals import BoundSignal

_NOTHING = object()


def construct(proxy, arguments, keywords):
    """Make the native of a new proxy; ValueError when no constructor takes these arguments."""
    native_class = type(proxy).native_class_
    qt_class = qt_class_of(native_class)
    maker = special.constructor(native_class)
    if maker is not None and not keywords:
        native = maker(*arguments)
    else:
        described = qt_class if qt_class.__module__.startswith("PySide6") else qt_class.__init__
        converted = calls.native_arguments(described, (qt_class, f"new_{qt_class.__name__}"), arguments, keywords)
        try:
            native = native_class(*converted)
        except (TypeError, NotImplementedError) as error:
            raise ValueError(f"Called new_{qt_class.__name__} with wrong arguments: {arguments!r}: {error}") from error
    attach(proxy, native)
    pin(proxy)


def of_instance(proxy, name):
    """The attribute `name` of a Qt object; AttributeError when it has none."""
    native = native_of(proxy)
    if native is not None and not name.startswith("_"):
        found = _declared(proxy, native, name)
        if found is _NOTHING and name.endswith("_"):
            # how PythonQt spells names that are Python's own, such as raise_
            found = _declared(proxy, native, name[:-1])
        if found is _NOTHING:
            found = _dynamic(native, name)
        if found is not _NOTHING:
            return found
    raise AttributeError(f"{type(proxy).__name__} has no attribute named '{name}'")


def set_on_instance(proxy, name, value):
    """Set a property; anything else is AttributeError, unless a Python subclass takes a new attribute."""
    native = native_of(proxy)
    kind = type(proxy).__name__
    if native is not None:
        native_class = type(native)
        destroyed = calls.is_destroyed(proxy)
        if properties.is_property(native, native_class, name):
            if destroyed:
                raise AttributeError(f"Trying to set property '{name}' on a destroyed {kind} object")
            properties.write(native, name, value, kind)
            return
        if special.method(native_class, name) is not None or _attribute(native_class, name) is not None:
            raise AttributeError(f"Slot, signal or enum '{name}' can not be overwritten on {kind} object")
        if _dynamic(native, name, children=False) is not _NOTHING:
            native.setProperty(name, properties.variant(value))
            return
    if not is_python_subclass(type(proxy)):
        raise AttributeError(
            f"'{name}' does not exist on {kind} and creating new attributes on C++ objects is not allowed"
        )
    object.__setattr__(proxy, name, value)


def of_class(proxy_class, name):
    """The attribute `name` of a class such as qt.QWidget: enumerations, static and unbound methods."""
    native_class = proxy_class.native_class_
    if native_class is not None and not name.startswith("_"):
        replaced = special.static(native_class, name)
        attribute = _attribute(native_class, name)
        constant = _constant(attribute)
        if constant is not None:
            return constant
        if replaced is not None or _is_static(native_class, name, attribute):
            return static(native_class, name, attribute, replaced)
        replaced = special.method(native_class, name)
        if replaced is not None or attribute is not None:
            return unbound(native_class, name, attribute, replaced)
    raise AttributeError(f"{proxy_class.__name__} has no attribute named '{name}'")


def _declared(proxy, native, name):
    """What the class declares under a name."""
    native_class = type(native)
    replaced = special.method(native_class, name)
    if replaced is not None:
        return BoundMethod(proxy, name, replaced=replaced)
    if properties.is_property(native, native_class, name):
        if calls.is_destroyed(proxy):
            raise ValueError(f"Trying to read property '{name}' from a destroyed {type(proxy).__name__} object")
        return wrap(properties.read(native, name))
    attribute = _attribute(native_class, name)
    if attribute is None:
        return _NOTHING
    constant = _constant(attribute)
    if constant is not None:
        return constant
    if isinstance(attribute, QtCore.Signal):
        return BoundSignal(proxy, name)
    return BoundMethod(proxy, name, attribute)


def _dynamic(native, name, children=True):
    """A dynamic property of the object, or a child of that object name: both are attributes under PythonQt."""
    if isinstance(native, QtCore.QObject) and shiboken6.isValid(native):
        if name.encode() in [bytes(each.data()) for each in native.dynamicPropertyNames()]:
            return wrap(native.property(name))
        for child in native.children() if children else ():
            if child.objectName() == name:
                return wrap(child)
    return _NOTHING


def _attribute(native_class, name):
    """The native attribute that Python code may see, or None."""
    if name.startswith("_") or absent.is_absent(native_class, name):
        return None
    attribute = getattr(native_class, name, None)
    known = callable(attribute) or isinstance(attribute, QtCore.Signal) or _constant(attribute) is not None
    return attribute if known else None


def _is_static(native_class, name, attribute):
    declared = inspect.getattr_static(native_class, name, None)
    return isinstance(attribute, types.BuiltinFunctionType) or isinstance(declared, staticmethod)


def _constant(attribute):
    """Enumerations, their values and nested classes; None for anything else."""
    if enums.is_native_enum(attribute):
        return enums.enum_type(attribute)
    if enums.is_native_enum(type(attribute)):
        return enums.from_native(attribute)
    if isinstance(attribute, type) and issubclass(attribute, shiboken6.Object):
        return create_proxy_class(attribute)
    return None
