"""A parameter that is a list: what is done to it is written to the node at once."""

from collections.abc import MutableSequence


class ObservedList(MutableSequence):
    """Neither a list nor a copy: it equals a list, but `+` and `*` are refused, as their result would be neither."""

    def __init__(self, node, list_format, name, values):
        self._node, self._format, self._name, self._list = node, list_format, name, values

    def _save(self):
        try:
            self._format.write(self._node, self._name, self._list)
        finally:
            # What was refused does not stay.
            self._list = self._format.read(self._node, self._name)._list

    def __repr__(self):
        return f"ObservedList({self._list})"

    __hash__ = None

    def __eq__(self, other):
        return self._list == (other._list if isinstance(other, ObservedList) else other)

    def __len__(self):
        return len(self._list)

    def __getitem__(self, index):
        return self._list[index]

    def __setitem__(self, index, value):
        self._list[index] = value
        self._save()

    def __delitem__(self, index):
        del self._list[index]
        self._save()

    def insert(self, index, value):
        self._list.insert(index, value)
        self._save()

    def extend(self, values):
        self._list.extend(values)
        self._save()

    def __iadd__(self, values):
        self.extend(values)
        return self

    def __imul__(self, count):
        self._list *= count
        self._save()
        return self

    def clear(self):
        self._list.clear()
        self._save()

    def sort(self, **options):
        self._list.sort(**options)
        self._save()

    def reverse(self):
        self._list.reverse()
        self._save()

    def _refuse(self, other):
        raise NotImplementedError("Adding or multiplying an ObservedList is not supported; += and *= are.")

    __add__ = __radd__ = __mul__ = __rmul__ = _refuse
