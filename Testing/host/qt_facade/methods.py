"""Methods as Python code holds them: of an object, of a class with the object as first argument, or static."""

from . import calls, special
from .proxy import Proxy, native_of, qt_class_of


class BoundMethod:
    """A method of a Qt object. Equal to any other of the same object and name, so that it can be disconnected."""

    def __init__(self, proxy, name, described=None, replaced=None):
        """`described` is the native class's attribute, `replaced` the function that stands in for it, if any."""
        self.proxy, self.__name__ = proxy, name
        self._described, self._replaced = described, replaced

    def __call__(self, *arguments, **keywords):
        name, kind = self.__name__, type(self.proxy).__name__
        if name not in special.ALIVE_OR_NOT and calls.is_destroyed(self.proxy):
            raise ValueError(f"Trying to call '{name}' on a destroyed {kind} object")
        if self._replaced is not None:
            return special.call(self._replaced, name, self.proxy, arguments, keywords)
        native = native_of(self.proxy)
        key = (qt_class_of(type(native)), name)
        return calls.call(getattr(native, name), key, arguments, keywords, self._described, self.proxy)

    def __eq__(self, other):
        return isinstance(other, BoundMethod) and (self.proxy, self.__name__) == (other.proxy, other.__name__)

    def __hash__(self):
        return hash((id(self.proxy), self.__name__))

    def __repr__(self):
        return f"<qt slot {self.__name__} of {self.proxy!r}>"


def unbound(native_class, name, described, replaced):
    """`qt.QWidget.paintEvent`: called with the object first, it is the method of that very class."""
    qt_class = qt_class_of(native_class)

    def method(*arguments, **keywords):
        native = native_of(arguments[0]) if arguments and isinstance(arguments[0], Proxy) else None
        if not isinstance(native, qt_class):
            raise ValueError(f"slot {name} requires {qt_class.__name__} instance as first argument")
        first, *others = arguments
        if replaced is not None:
            return special.call(replaced, name, first, others, keywords)

        def of_class(*values):
            return getattr(qt_class, name)(native, *values)

        return calls.call(of_class, (qt_class, name), others, keywords, described, first)

    return method


def static(native_class, name, function, replaced):
    """A static function of a class."""

    def called(*arguments, **keywords):
        if replaced is not None:
            return special.call(replaced, name, None, arguments, keywords)
        return calls.call(function, (qt_class_of(native_class), name), arguments, keywords)

    return called
