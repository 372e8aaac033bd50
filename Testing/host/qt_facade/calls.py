"""Calls of native functions: positional arguments only, the overload chosen by PythonQt's rules."""

import functools
import inspect

import shiboken6
from PySide6 import QtWidgets
from shibokensupport.signature import get_signature

from .convert import NOT_CONVERTIBLE, convert
from .overloads import is_refused
from .proxy import Proxy, native_of, pin, unwrap, wrap

_overloads = {}

#: After these a child may belong to Python again.
_RELEASING = {"setParent", "removeWidget", "takeWidget", "takeAt"}


def call(function, key, arguments, keywords, described=None, bound_to=None):
    """Call a native function as PythonQt would; returns the wrapped result.

    `key` is (native class, name) and says whose signature counts; `described` is the same function as an attribute
    of its class; `bound_to` the proxy whose method it is. Raises ValueError, as PythonQt does, for keyword
    arguments, for arguments that fit no overload, and for an object that was destroyed.
    """
    converted = native_arguments(described or function, key, arguments, keywords)
    if is_python_function(function):
        result = function(*converted)
    else:
        try:
            result = function(*converted)
        except (TypeError, OverflowError) as error:
            raise ValueError(f"Called {key[1]} with wrong arguments: {tuple(arguments)!r}") from error
    for argument in arguments:
        pin(argument, isinstance(native_of(bound_to), QtWidgets.QLayout), key[1] in _RELEASING)
    pin(bound_to, released=key[1] in _RELEASING)
    return wrap(result)


def native_arguments(described, key, arguments, keywords):
    """The arguments of a call, converted for the overload that takes them; ValueError when there is none."""
    name = key[1]
    if keywords:
        raise ValueError(f"Called {name} with keyword arguments, but called slot does not support kwargs.")
    for argument in arguments:
        if isinstance(argument, Proxy) and not argument:
            raise ValueError(f"Called {name} with a destroyed {type(argument).__name__} object")
    overloads = overloads_of(described, key)
    if overloads is None:
        return [unwrap(argument) for argument in arguments]
    converted = match(overloads, arguments)
    if converted is None:
        available = "\n".join(_text(name, overload) for overload in overloads)
        raise ValueError(
            f"Could not find matching overload for given arguments:\n{tuple(arguments)!r}\n"
            f" The following slots are available:\n{available}"
        )
    return converted


def is_python_function(function):
    return inspect.isfunction(getattr(function, "__func__", function))


def is_destroyed(proxy):
    native = native_of(proxy)
    return native is None or not shiboken6.isValid(native)


def overloads_of(described, key):
    """The overloads of a native function, each a list of positional parameters; None when Qt tells nothing."""
    if is_python_function(described):
        return _python_overloads(described)
    if key not in _overloads:
        signature = get_signature(described)
        signatures = signature if isinstance(signature, list) else [signature] if signature else []
        overloads = [_positional(each) for each in signatures]
        _overloads[key] = [each for each in overloads if not is_refused(key, each)] if overloads else None
    return _overloads[key]


@functools.cache
def _python_overloads(function):
    """Of a widget that is not Qt's own: what is not annotated takes anything, such as a MRML node."""
    signature = inspect.signature(function)
    if any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in signature.parameters.values()):
        return None
    return [[_untyped(each) for each in _positional(signature)]]


def match(overloads, arguments):
    """The arguments converted for the first overload that takes them, strictly if possible; None if none does."""
    for strict in (True, False):
        for parameters in overloads:
            needed = sum(each.default is inspect.Parameter.empty for each in parameters)
            if not needed <= len(arguments) <= len(parameters):
                continue
            converted = [convert(p.annotation, a, strict) for p, a in zip(parameters, arguments, strict=False)]
            if not any(value is NOT_CONVERTIBLE for value in converted):
                return converted
    return None


def _positional(signature):
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = [each for each in signature.parameters.values() if each.kind in kinds]
    return parameters[1:] if parameters and parameters[0].name == "self" else parameters


def _untyped(parameter):
    return parameter.replace(annotation=object) if parameter.annotation is parameter.empty else parameter


def _text(name, parameters):
    types = (getattr(each.annotation, "__name__", str(each.annotation)) for each in parameters)
    return f"{name}({', '.join(types)})"
