"""Python values to the type that a parameter or property has, by PythonQt's rules.

PythonQt tries every overload twice: strictly (exact types), then leniently (an int for an enumeration, a float
for an int, str() of anything for text). What neither takes is refused. `annotation` is what PySide6 knows of the
parameter; where PySide6 lists several types only the first is the real one, the others being implicit conversions
of C++ that PythonQt does not make.
"""

import collections.abc
import math
import types
import typing

import shiboken6
from PySide6 import QtCore, QtGui, QtWidgets

from . import enums
from .proxy import Proxy, unwrap

NOT_CONVERTIBLE = object()

#: Not QObjects, yet handled by pointer: None may be passed for them.
_POINTERS = (
    QtCore.QEvent,
    QtGui.QPaintDevice,
    QtGui.QPainter,
    QtGui.QStandardItem,
    QtWidgets.QLayoutItem,
    QtWidgets.QListWidgetItem,
    QtWidgets.QTableWidgetItem,
    QtWidgets.QTreeWidgetItem,
)


def convert(annotation, value, strict):
    """The native value for a parameter of type `annotation`, or NOT_CONVERTIBLE."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        members = typing.get_args(annotation)
        if value is None and type(None) in members:
            return None
        return convert(members[0], value, strict)
    if origin in (list, tuple, collections.abc.Sequence, collections.abc.Iterable):
        return _convert_sequence(typing.get_args(annotation), value, strict)
    if annotation in _CONVERTERS:
        return _CONVERTERS[annotation](value, strict)
    if enums.is_native_enum(annotation):
        return _convert_enum(annotation, value, strict)
    if isinstance(annotation, type) and issubclass(annotation, shiboken6.Object):
        return _convert_object(annotation, value, strict)
    return unwrap(value)


def _convert_text(value, strict):
    if isinstance(value, str):
        return str(value)
    return NOT_CONVERTIBLE if strict else str(value)


def _convert_bytes(value, strict):
    if isinstance(value, bytes):
        return value
    if isinstance(value, Proxy):
        native = unwrap(value)
        return native if isinstance(native, QtCore.QByteArray) else NOT_CONVERTIBLE
    return value.encode() if isinstance(value, str) and not strict else NOT_CONVERTIBLE


def _convert_int(value, strict):
    """Numbers of Python only: numpy's scalars are refused."""
    if type(value) is int:
        return value
    if strict:
        return NOT_CONVERTIBLE
    if isinstance(value, int):
        return int(value)
    return math.floor(value) if type(value) is float and math.isfinite(value) else NOT_CONVERTIBLE


def _convert_float(value, strict):
    if type(value) is float:
        return value
    return float(value) if not strict and isinstance(value, int) else NOT_CONVERTIBLE


def _convert_bool(value, strict):
    if type(value) is bool:
        return value
    return NOT_CONVERTIBLE if strict else bool(value)


def _convert_variant(value, strict):
    return unwrap(value)


def _convert_enum(native_enum, value, strict):
    exact = isinstance(value, enums.EnumValue) and value.native_enum is native_enum
    if not isinstance(value, int) or (strict and not exact):
        return NOT_CONVERTIBLE
    member = enums.to_native(native_enum, value)
    return NOT_CONVERTIBLE if member is None else member


def _convert_object(native_class, value, strict):
    if value is None:
        by_pointer = issubclass(native_class, (QtCore.QObject, *_POINTERS))
        return None if by_pointer else NOT_CONVERTIBLE
    native = unwrap(value)
    if isinstance(native, native_class):
        return native
    if not strict:
        return _convert_color(native_class, value, native)
    return NOT_CONVERTIBLE


def _convert_color(native_class, value, native):
    """The few implicit conversions that PythonQt makes: colours to brushes and pens, shapes to cursors."""
    if isinstance(value, enums.EnumValue):
        member = enums.to_native(value.native_enum, value)
        if isinstance(member, QtCore.Qt.GlobalColor) and native_class in (QtGui.QColor, QtGui.QBrush, QtGui.QPen):
            return native_class(QtGui.QColor(member))
        if isinstance(member, QtCore.Qt.CursorShape) and native_class is QtGui.QCursor:
            return QtGui.QCursor(member)
    if isinstance(native, QtGui.QColor) and native_class in (QtGui.QBrush, QtGui.QPen):
        return native_class(native)
    return NOT_CONVERTIBLE


def _convert_sequence(arguments, value, strict):
    element = arguments[0] if arguments else typing.Any
    if isinstance(value, (str, bytes)) and strict:
        return NOT_CONVERTIBLE
    if not isinstance(value, collections.abc.Sequence):
        return NOT_CONVERTIBLE
    converted = [convert(element, item, strict and element is not str) for item in value]
    return NOT_CONVERTIBLE if any(item is NOT_CONVERTIBLE for item in converted) else converted


_CONVERTERS = {
    str: _convert_text,
    bytes: _convert_bytes,
    QtCore.QByteArray: _convert_bytes,
    int: _convert_int,
    float: _convert_float,
    bool: _convert_bool,
    object: _convert_variant,
    typing.Any: _convert_variant,
}
