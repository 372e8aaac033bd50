"""What every Qt object can do under PythonQt: connect by signature, tell its class, find its children."""

import shiboken6
from PySide6 import QtCore

from . import signals
from .enums import EnumValue
from .proxy import Proxy, ProxyMeta, native_of, qt_class_of, unwrap, wrap

#: URLs given to QDesktopServices.openUrl, oldest first; nothing is opened.
opened_urls = []


def class_name(proxy):
    """The name of the class in C++, or of the Python subclass."""
    native = native_of(proxy)
    if isinstance(native, QtCore.QObject) and shiboken6.isValid(native) and qt_class_of(type(native)) is type(native):
        return native.metaObject().className()
    return type(proxy).__name__


def inherits(proxy, name):
    """Whether the C++ class is, or derives from, the one named; names of Python subclasses are not known to C++."""
    native = native_of(proxy)
    qt_class = qt_class_of(type(native))
    if isinstance(native, QtCore.QObject) and shiboken6.isValid(native) and qt_class is type(native):
        return native.inherits(name)
    return any(base.__name__ == name for base in qt_class.__mro__ if base is not object)


def delete(proxy):
    """Destroy the C++ object."""
    native = native_of(proxy)
    if shiboken6.isValid(native):
        shiboken6.delete(native)


def connect(proxy, signature, receiver, slot=None):
    """connect("clicked()", callable) or connect("clicked()", object, "close()"); False after a complaint."""
    return signals.connect(proxy, signature, receiver, slot)


def disconnect(proxy, signature, *receiver):
    return signals.disconnect(proxy, signature, *receiver)


def find_children(proxy, type_, name=None):
    """All descendants of a class, given as a class or by name, depth first; with that object name, if given."""
    found = []
    for child in native_of(proxy).children():
        if _is_of(child, type_) and name in (None, child.objectName()):
            found.append(wrap(child))
        found += find_children(wrap(child), type_, name)
    return tuple(found)


def find_child(proxy, type_, name=None):
    """The first such descendant, children before grandchildren; None when there is none."""
    children = native_of(proxy).children()
    for child in children:
        if _is_of(child, type_) and name in (None, child.objectName()):
            return wrap(child)
    for child in children:
        found = find_child(wrap(child), type_, name)
        if found is not None:
            return found
    return None


def get_property(proxy, name):
    """A property, dynamic or not; None when there is none."""
    return wrap(native_of(proxy).property(name))


def set_property(proxy, name, value):
    """Set a property, or make a dynamic one (which returns False, as in Qt)."""
    return native_of(proxy).setProperty(name, int(value) if isinstance(value, EnumValue) else unwrap(value))


def open_url(url):
    """Remember the address instead of opening it."""
    if not isinstance(url, Proxy) or not isinstance(native_of(url), QtCore.QUrl):
        raise ValueError(f"Called openUrl with wrong arguments: {url!r}")
    opened_urls.append(native_of(url).toString())
    return True


def _is_of(native, type_):
    if isinstance(type_, ProxyMeta):
        return isinstance(native, type_.native_class_)
    return native.inherits(type_)
