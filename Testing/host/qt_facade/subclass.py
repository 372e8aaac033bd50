"""Python classes on top of Qt's: a native class whose virtual methods call those overridden in Python."""

import types

from PySide6 import QtCore

from .declared import Signal
from .errors import remember
from .proxy import ProxyMeta, proxy_of, qt_class_of, unwrap, wrap


def prepare(python_class):
    """Give a Python subclass of a proxy class its own native class."""
    base = next(each for each in python_class.__mro__[1:] if getattr(each, "native_class_", None) is not None)
    native_base = base.native_class_
    namespace = {"_qt_class": qt_class_of(native_base)}
    written = {}
    for each in reversed(python_class.__mro__[: python_class.__mro__.index(base)]):  # with classes mixed in
        written.update(each.__dict__)
    for name, value in written.items():
        if isinstance(value, Signal):
            namespace[name] = QtCore.Signal(*[_signal_type(each) for each in value.types])
        elif isinstance(value, types.FunctionType) and not name.startswith("__") and _is_method(native_base, name):
            namespace[name] = _forward(name, native_base)
    python_class.native_class_ = type(native_base)(python_class.__name__, (native_base,), namespace)


def _signal_type(declared):
    """The type of a signal's argument: Qt's for a class of `qt`, a plain type as it is, else any object."""
    if isinstance(declared, ProxyMeta):
        return declared.native_class_
    return declared if declared in (str, int, float, bool) else object


def _is_method(native_base, name):
    attribute = getattr(native_base, name, None)
    return callable(attribute) and not isinstance(attribute, (QtCore.Signal, type))


def _forward(name, native_base):
    def forwarded(native, *arguments):
        proxy = proxy_of(native)
        if proxy is None:  # while the native is being made or taken apart
            return getattr(native_base, name)(native, *arguments)
        try:
            return unwrap(getattr(type(proxy), name)(proxy, *[wrap(argument) for argument in arguments]))
        except Exception as error:
            remember(error)
            return getattr(native_base, name)(native, *arguments)

    forwarded.__name__ = name
    return forwarded
