"""Signals: connected by signature or by name, to any callable, whose errors are printed and remembered."""

import inspect
import types

import shiboken6
from PySide6 import QtCore

from .enums import EnumValue, to_native
from .errors import complain, remember
from .proxy import native_of, unwrap, wrap

#: Where the overload that a bare name means differs between Qt 5 (Slicer) and Qt 6.
_FIRST_OVERLOAD = {(QtCore.QProcess, "finished"): "finished(int)"}

#: Connections by the address of the sender, so that they can be found again for disconnect.
_connections = {}


class BoundSignal:
    """A signal of one object: connect, disconnect and emit. It has no overloads to choose from by subscription."""

    __slots__ = ("_name", "_proxy")

    def __init__(self, proxy, name):
        self._proxy, self._name = proxy, name

    def connect(self, receiver):
        return connect(self._proxy, first_overload(native_of(self._proxy), self._name), receiver)

    def disconnect(self, *receiver):
        return disconnect(self._proxy, first_overload(native_of(self._proxy), self._name), *receiver)

    def emit(self, *arguments):
        getattr(native_of(self._proxy), self._name).emit(*[_to_emit(argument) for argument in arguments])

    def __call__(self, *arguments):
        self.emit(*arguments)

    def __repr__(self):
        return f"<qt signal {self._name} of {self._proxy!r}>"


def connect(proxy, signature, receiver, slot=None):
    """Connect a signal, given by its signature, to a callable, or to the slot of a receiver given by signature.

    Prints a complaint and returns False when there is no such signal.
    """
    native = native_of(proxy)
    found = _find(native, signature)
    if found is None:
        complain(f"PythonQt: QObject::connect() signal '{signature}' does not exist on {_class_name(native)}")
        return False
    if slot is not None:
        receiver = getattr(receiver, slot.partition("(")[0])

    def run(*arguments):
        run_slot(receiver, arguments)

    connected = QtCore.QObject.connect(native, QtCore.SIGNAL(found), run)
    if connected:
        _remember(native, found, receiver, run)
    return bool(connected)


def disconnect(proxy, signature, *receiver):
    """Undo `connect`; without a receiver, all connections of that signal. False when there was none."""
    native = native_of(proxy)
    found = _find(native, signature)
    if found is None:
        complain(f"PythonQt: QObject::disconnect() signal '{signature}' does not exist on {_class_name(native)}")
        return False
    known = _connections.get(_address(native), [])
    matching = [each for each in known if each[0] == found and (not receiver or each[1] == receiver[0])]
    if receiver:
        matching = matching[:1]
    for each in matching:
        known.remove(each)
        QtCore.QObject.disconnect(native, QtCore.SIGNAL(found), each[2])
    return bool(matching)


def run_slot(receiver, arguments):
    """Call a slot with as many arguments as it takes; what it raises is printed and remembered."""
    try:
        count = _argument_count(receiver)
        receiver(*[wrap(argument) for argument in (arguments if count is None else arguments[:count])])
    except BaseException as error:
        remember(error)


def first_overload(native, name):
    """The signature that a signal's bare name means: the first that is declared, in the most derived class."""
    for native_class in type(native).__mro__:
        if (native_class, name) in _FIRST_OVERLOAD:
            return _FIRST_OVERLOAD[native_class, name]
    for signature, native_name in _named(native).items():
        if native_name == name:
            return signature
    meta = native.metaObject()
    while meta is not None:
        for index in range(meta.methodOffset(), meta.methodCount()):
            method = meta.method(index)
            if method.methodType() == QtCore.QMetaMethod.MethodType.Signal and method.name().data().decode() == name:
                return method.methodSignature().data().decode()
        meta = meta.superClass()
    return name


def _find(native, signature):
    """The native signature of a signal that Python code names by `signature`, or None."""
    normal = _normal(signature)
    named = {_normal(key): name for key, name in _named(native).items()}
    if normal in named:
        return _native_signature(native, named[normal])
    if normal.partition("(")[0] in named.values():
        return None
    return normal if native.metaObject().indexOfSignal(normal) >= 0 else None


def _normal(signature):
    return QtCore.QMetaObject.normalizedSignature(signature).data().decode()


def _named(native):
    """C++ signatures that a widget written in Python declares for its signals: {signature: name}."""
    named = {}
    for native_class in reversed(type(native).__mro__):
        named.update(native_class.__dict__.get("SIGNATURES", {}))
    return named


def _native_signature(native, name):
    meta = native.metaObject()
    for index in range(meta.methodCount()):
        if meta.method(index).name().data().decode() == name:
            return meta.method(index).methodSignature().data().decode()
    return None


def _argument_count(receiver):
    """How many arguments PythonQt passes: what a plain function or method takes, and all to anything else."""
    function = receiver.__func__ if isinstance(receiver, types.MethodType) else receiver
    if not isinstance(function, types.FunctionType) or function.__code__.co_flags & inspect.CO_VARARGS:
        return None
    return function.__code__.co_argcount - isinstance(receiver, types.MethodType)


def _to_emit(value):
    """An argument of a signal, where PySide6 insists on its own enumerations."""
    return to_native(value.native_enum, value) if isinstance(value, EnumValue) else unwrap(value)


def _remember(native, signature, receiver, run):
    address = _address(native)
    if address not in _connections:
        _connections[address] = []
        QtCore.QObject.connect(native, QtCore.SIGNAL("destroyed()"), lambda: _connections.pop(address, None))
    _connections[address].append((signature, receiver, run))


def _address(native):
    return shiboken6.getCppPointer(native)[0]


def _class_name(native):
    return native.metaObject().className()
