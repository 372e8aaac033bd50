"""What the tests of `qt_facade` share: its modules, and a fresh start for each test."""

import time

import pytest
import qt_facade

qt = qt_facade.make_qt_module()
ctk = qt_facade.make_ctk_module()


@pytest.fixture(autouse=True)
def fresh_facade():
    """Nothing left from another test, and nothing raised in a slot unless the test takes it out of `slot_errors`."""
    qt_facade.reset()
    yield
    assert qt_facade.slot_errors == []


def take_slot_errors():
    """The exceptions of slots so far, which are then forgotten."""
    errors = list(qt_facade.slot_errors)
    qt_facade.slot_errors.clear()
    return errors


def wait_until(condition, seconds=10):
    """Let Qt's loop run until `condition()` holds; fails when it never does."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        qt.QApplication.processEvents()
        time.sleep(0.002)
