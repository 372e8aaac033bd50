"""Exceptions in VTK's observers, which VTK prints and forgets."""

import sys


class ObserverErrors:
    """Collects what is printed through `sys.excepthook`, as VTK and Qt do, in a list; printing goes on."""

    def __init__(self, errors):
        self._errors = errors
        self._previous = sys.excepthook
        sys.excepthook = self._record

    def close(self):
        if sys.excepthook == self._record:
            sys.excepthook = self._previous

    def _record(self, kind, error, traceback):
        if not any(known is error for known in self._errors):
            self._errors.append(error)
        self._previous(kind, error, traceback)
