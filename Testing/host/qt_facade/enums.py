"""Qt's enumerations as PythonQt presents them: subclasses of int, whose members are attributes of the type."""

import enum

_types = {}


class EnumValue(int):
    """A value of a Qt enumeration. `a | b` is a plain int, as in PythonQt."""

    native_enum = None


def enum_type(native_enum):
    """The int subclass that stands for the PySide6 enumeration `native_enum`."""
    if native_enum not in _types:
        made = type(native_enum.__name__, (EnumValue,), {"native_enum": native_enum, "__module__": "qt"})
        for name, member in native_enum.__members__.items():
            setattr(made, name, made(number(member)))
        _types[native_enum] = made
    return _types[native_enum]


def is_native_enum(value):
    return isinstance(value, type) and issubclass(value, enum.Enum) and value.__module__.startswith("PySide6")


def number(member):
    """The int of a PySide6 enumeration's member, whether it is a Flag or an Enum."""
    return int(member.value)


def from_native(member):
    return enum_type(type(member))(number(member))


def to_native(native_enum, value):
    """The member (or, for flags, combination) of `native_enum` with the number `value`; None when there is none."""
    try:
        return native_enum(int(value))
    except ValueError:
        return None
