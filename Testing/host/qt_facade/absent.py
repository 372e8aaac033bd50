"""Names that PySide6 (Qt 6) has and Slicer's PythonQt (Qt 5.15) has not; the list is absent.txt."""

import functools
from pathlib import Path


@functools.cache
def _lists():
    """{class name: its absent members}, and under "classes" the absent classes."""
    text = Path(__file__).with_name("absent.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    lists, current = {}, None
    for line in lines:
        if not line.startswith(" "):
            current, _, line = line.partition(":")
        lists.setdefault(current, set()).update(line.split())
    return lists


#: Bases that Qt 6 put under older classes; what those had before comes from them now.
_NEW_BASES = {"QIODeviceBase", "QAbstractFileIconProvider"}


def is_absent_class(name):
    """Whether Slicer's `qt` lacks the class."""
    return name in _lists()["classes"]


@functools.cache
def is_absent(native_class, name):
    """Whether the member `name` must not be seen on `native_class`."""
    for base in native_class.__mro__:
        if name in _lists().get(base.__name__, ()):
            return True
        if name in base.__dict__:
            return is_absent_class(base.__name__) and base.__name__ not in _NEW_BASES
    return False
