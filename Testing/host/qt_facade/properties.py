"""Qt properties: attributes that are read and written, not called."""

from PySide6 import QtCore, QtGui

from . import calls, meta
from .absent import is_absent
from .convert import NOT_CONVERTIBLE, convert
from .enums import EnumValue
from .proxy import unwrap

#: What PythonQt hides on purpose, by class.
_HIDDEN = {"singleShot": QtCore.QTimer}
_ALIASES = {"name": "objectName"}

#: Types of properties that a widget written in Python declares.
_TYPES = {
    "QString": str,
    "int": int,
    "double": float,
    "bool": bool,
    "QStringList": list[str],
    "QColor": QtGui.QColor,
    "QIcon": QtGui.QIcon,
    "QSize": QtCore.QSize,
    "QPoint": QtCore.QPoint,
    "QRect": QtCore.QRect,
}


def is_property(native, native_class, name):
    """Whether the name is a property of the object; for a destroyed one, of its class."""
    if not isinstance(native, QtCore.QObject) or is_absent(native_class, name):
        return False
    if name in _HIDDEN and issubclass(native_class, _HIDDEN[name]):
        return False
    return meta.has_property(native, _ALIASES.get(name, name))


def read(native, name):
    """The native value of a property."""
    name = _ALIASES.get(name, name)
    if _is_python_property(native, name):
        return getattr(native, name)
    capital = name[0].upper() + name[1:]
    for getter in (name, f"is{capital}", f"has{capital}", f"to{capital}"):
        if callable(getattr(type(native), getter, None)):
            return getattr(native, getter)()
    return native.property(name)


def write(native, name, value, kind):
    """Set a property; AttributeError when it is read-only or of another type. `kind` names the class in errors."""
    name = _ALIASES.get(name, name)
    of_native = native.metaObject()
    declared = of_native.property(of_native.indexOfProperty(name))
    if not declared.isWritable():
        raise AttributeError(f"Property '{name}' of {kind} object is not writable")
    setter = "set" + name[0].upper() + name[1:]
    if not _is_python_property(native, name) and callable(getattr(type(native), setter, None)):
        accepted = _call_setter(native, setter, value)
    else:
        accepted = _write_directly(native, name, declared.typeName(), value)
    if not accepted:
        raise AttributeError(
            f"Property '{name}' of type '{declared.typeName()}' does not accept an object of type "
            f"{type(value).__name__} ({value!r})"
        )


def variant(value):
    """A Python value for a dynamic property."""
    return int(value) if isinstance(value, EnumValue) else unwrap(value)


def _is_python_property(native, name):
    return isinstance(getattr(type(native), name, None), QtCore.Property)


def _call_setter(native, setter, value):
    """Set by Qt's own setter, whose signature says what it takes."""
    described = getattr(type(native), setter)
    converted = calls.match(calls.overloads_of(described, (type(native), setter)) or [], [value])
    if converted is None:
        return False
    getattr(native, setter)(*converted)
    return True


def _write_directly(native, name, type_name, value):
    wanted = _TYPES.get(type_name)
    converted = variant(value) if wanted is None else convert(wanted, value, strict=False)
    if converted is NOT_CONVERTIBLE:
        return False
    if not _is_python_property(native, name):
        return native.setProperty(name, converted)
    setattr(native, name, converted)
    return True
