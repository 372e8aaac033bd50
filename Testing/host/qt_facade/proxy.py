"""One Python object per Qt object: what it is, and how natives become proxies and back.

A proxy keeps its native alive, not the other way round, so that a parentless object dies with its last Python
reference, as in PythonQt. The exception is an instance of a Python subclass that has a parent: it is pinned, since
PythonQt keeps such instances alive for as long as their C++ part lives.
"""

import enum
import weakref

import shiboken6
from PySide6 import QtCore

from . import enums, meta

_proxies = weakref.WeakValueDictionary()
_classes = {}
_NATIVE = "_qt_facade_native"


class ProxyMeta(type):
    """The type of classes such as `qt.QWidget`. Classes do not inherit from each other: isinstance is exact."""

    def __init__(cls, name, bases, namespace):
        super().__init__(name, bases, namespace)
        if "native_class_" not in namespace:  # written in Python, outside of this package
            from . import subclass

            subclass.prepare(cls)

    def __getattr__(cls, name):
        from . import members

        return members.of_class(cls, name)


class Proxy(metaclass=ProxyMeta):
    """A Qt object as Python sees it. `native_class_` is the PySide6 class behind it."""

    __slots__ = ("__weakref__", _NATIVE)
    native_class_ = None

    def __init__(self, *arguments, **keywords):
        from . import members

        members.construct(self, arguments, keywords)

    def __getattr__(self, name):
        from . import members

        return members.of_instance(self, name)

    def __setattr__(self, name, value):
        from . import members

        members.set_on_instance(self, name, value)

    def __bool__(self):
        native = native_of(self)
        return native is not None and shiboken6.isValid(native)

    def __eq__(self, other):
        if other is None:
            return not self
        if not isinstance(other, Proxy):
            return NotImplemented
        mine, theirs = native_of(self), native_of(other)
        if isinstance(mine, QtCore.QObject) or isinstance(theirs, QtCore.QObject):
            return mine is theirs
        return mine is theirs or bool(mine == theirs)

    def __hash__(self):
        return id(native_of(self))

    def __repr__(self):
        if not self:
            return f"{type(self).__name__} (destroyed)"
        address = shiboken6.getCppPointer(native_of(self))[0]
        return f"{type(self).__name__} (C++ object at: {address:#x})"

    def __str__(self):
        native = native_of(self)
        return repr(native.data()) if isinstance(native, QtCore.QByteArray) else repr(self)


def native_of(proxy):
    """The native object of a proxy; None while it has none (its constructor was not called), or for None."""
    try:
        return object.__getattribute__(proxy, _NATIVE)
    except AttributeError:
        return None


def attach(proxy, native):
    if isinstance(native, QtCore.QObject):
        meta.note(native)
    object.__setattr__(proxy, _NATIVE, native)
    _proxies[id(native)] = proxy


def proxy_of(native):
    """The living proxy of a native, or None."""
    return _proxies.get(id(native))


def create_proxy_class(native_class):
    """The class that stands for `native_class` in `qt`, `ctk` or `slicer`; always the same for one native class."""
    if native_class not in _classes:
        namespace = {
            "native_class_": native_class,
            "__slots__": (),
            "__module__": "qt",
            "__doc__": native_class.__doc__,
        }
        _classes[native_class] = ProxyMeta(native_class.__name__, (Proxy,), namespace)
    return _classes[native_class]


def qt_class_of(native_class):
    """The class below the one made for a Python subclass: Qt's own, or a widget of ctk or Slicer."""
    return native_class._qt_class if "_qt_class" in native_class.__dict__ else native_class


def is_python_subclass(proxy_class):
    """Whether a class was written in Python on top of one of Qt's (its instances take new attributes)."""
    return proxy_class.__mro__[1] is not Proxy


def wrap(value):
    """A native value as Python code sees it: objects as proxies, enumerations as ints, lists as tuples.

    Whatever is not Qt's passes untouched.
    """
    if isinstance(value, shiboken6.Object):
        known = proxy_of(value)
        if known is None:
            known = object.__new__(create_proxy_class(type(value)))
            attach(known, value)
        return known
    if isinstance(value, enum.Enum) and enums.is_native_enum(type(value)):
        return enums.from_native(value)
    if type(value) in (list, tuple):
        return tuple(wrap(item) for item in value)
    if type(value) is dict:
        return {wrap(key): wrap(item) for key, item in value.items()}
    return value


def unwrap(value):
    """The reverse of `wrap`; enumerations become plain ints. Whatever is not a proxy passes untouched."""
    if isinstance(value, Proxy):
        return native_of(value)
    if isinstance(value, ProxyMeta):
        return value.native_class_
    if isinstance(value, enums.EnumValue):
        return int(value)
    if type(value) in (list, tuple):
        return type(value)(unwrap(item) for item in value)
    if type(value) is dict:
        return {unwrap(key): unwrap(item) for key, item in value.items()}
    return value


def pin(proxy, adopted=False, released=False):
    """Keep an instance of a Python subclass alive once its native has a parent, or was `adopted` by a layout.

    When the native has no parent and was `released`, it belongs to Python again.
    """
    if not isinstance(proxy, Proxy) or not is_python_subclass(type(proxy)):
        return
    native = native_of(proxy)
    if isinstance(native, QtCore.QObject) and shiboken6.isValid(native):
        if adopted or native.parent() is not None:
            native._pinned = proxy
        elif released:
            native._pinned = None
