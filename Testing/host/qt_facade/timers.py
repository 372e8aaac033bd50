"""QTimer.singleShot: the only timer that lives without a reference."""

from PySide6 import QtCore

from .signals import run_slot

_pending = set()


def single_shot(milliseconds, receiver):
    """Call `receiver` once after so many milliseconds."""
    if type(milliseconds) not in (int, float):
        raise ValueError(f"Called singleShot with wrong arguments: {milliseconds!r}")
    timer = QtCore.QTimer()
    timer.setSingleShot(True)
    _pending.add(timer)

    def fire():
        _pending.discard(timer)
        run_slot(receiver, ())

    timer.timeout.connect(fire)
    timer.start(int(milliseconds))


def cancel_all():
    """Drop whatever has not fired yet, so that nothing of one host runs in the next."""
    for timer in _pending:
        timer.stop()
    _pending.clear()
