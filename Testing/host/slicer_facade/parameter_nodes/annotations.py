"""What may stand in `Annotated[type, …]` of a parameter: validators, a default, and settings of the widget."""

from dataclasses import dataclass
from typing import Annotated, get_args


class Validator:
    """Refuses values that a parameter must not have: `validate` raises."""

    def validate(self, value):
        raise NotImplementedError


class NotNone(Validator):
    def validate(self, value):
        if value is None:
            raise ValueError("Value must not be None")


class IsInstance(Validator):
    """Of the given class or classes; None passes, which `NotNone` refuses where it must."""

    def __init__(self, classtype):
        self.classtype = classtype

    def validate(self, value):
        if value is not None and not isinstance(value, self.classtype):
            raise TypeError(f"Value must be of type '{self.classtype}', is type '{type(value)}' value '{value}'")


class WithinRange(Validator):
    def __init__(self, minimum, maximum):
        self.minimum, self.maximum = minimum, maximum

    def validate(self, value):
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within range [{self.minimum}, {self.maximum}], is {value}")


class Minimum(Validator):
    def __init__(self, minimum):
        self.minimum = minimum

    def validate(self, value):
        if value < self.minimum:
            raise ValueError(f"Value must be at least {self.minimum}, is {value}")


class Maximum(Validator):
    def __init__(self, maximum):
        self.maximum = maximum

    def validate(self, value):
        if value > self.maximum:
            raise ValueError(f"Value must be at most {self.maximum}, is {value}")


class Choice(Validator):
    def __init__(self, choices):
        self.choices = choices

    def validate(self, value):
        if value not in self.choices:
            raise ValueError(f"Value is {value}, but must be one of {self.choices}")


class Exclude(Validator):
    def __init__(self, excludedValues):
        self.excludedValues = excludedValues

    def validate(self, value):
        if value in self.excludedValues:
            raise ValueError(f"Value is {value}, which is excluded: {self.excludedValues}")


class Default:
    """The value of a parameter that the node does not hold yet, or a function that makes it."""

    def __init__(self, value=None, *, generator=None):
        self._value, self._generator = value, generator

    @property
    def value(self):
        return self._generator() if self._generator else self._value


@dataclass
class Decimals:
    value: int


@dataclass
class SingleStep:
    value: float


def split_annotations(hint):
    """A type hint, annotated or not, as (type, list of annotations)."""
    kind, *annotations, _ = get_args(Annotated[hint, None])
    return kind, annotations


def first_annotation(annotations, wanted):
    """The first of the annotations that is a `wanted`, or None."""
    return next((annotation for annotation in annotations if isinstance(annotation, wanted)), None)
