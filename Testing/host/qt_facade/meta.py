"""Which properties an object has, also after it was destroyed."""

import shiboken6

#: Property names by class, noted while an object lives: PySide6 loses them with the first one that is destroyed.
_names = {}


def note(native):
    """Note the properties of a living object's class."""
    if type(native) not in _names:
        meta = native.metaObject()
        _names[type(native)] = frozenset(meta.property(index).name() for index in range(meta.propertyCount()))


def has_property(native, name):
    if shiboken6.isValid(native):
        return native.metaObject().indexOfProperty(name) >= 0
    return name in _names.get(type(native), ())
