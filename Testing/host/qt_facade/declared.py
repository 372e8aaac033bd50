"""qt.Signal, qt.Slot and qt.Property, for Python subclasses of Qt classes."""


class Signal:
    """A signal declared in a Python subclass: `changed = qt.Signal(str)`."""

    def __init__(self, *types):
        self.types = types
        self.name = None

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner):
        from .signals import BoundSignal

        return self if instance is None else BoundSignal(instance, self.name)


def Slot(*_types):
    """A decorator that marks a method as a slot: nothing needs to be known about it here."""
    return lambda function: function


class Property(property):
    """`Property(type, getter, setter)`, or as a decorator of the getter: `@Property(str)`."""

    def __new__(cls, _type, fget=None, fset=None):
        if fget is None:
            return lambda getter: property(getter)
        return property(fget, fset)
