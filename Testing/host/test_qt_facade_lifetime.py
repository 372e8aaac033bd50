"""Who keeps whom alive: a parent, or a reference from Python."""

import gc
import os
import weakref

import pytest
import qt_facade
from facade_session import fresh_facade, qt, wait_until  # noqa: F401


def watch(thing):
    """A list that gets an entry when the Qt object is destroyed."""
    dead = []
    thing.connect("destroyed()", lambda: dead.append(True))
    return dead


def test_a_timer_without_parent_and_reference_dies_at_once():
    timer, fired = qt.QTimer(), []
    dead = watch(timer)
    timer.timeout.connect(lambda: fired.append(1))
    timer.start(0)
    del timer
    assert dead == [True]
    qt.QApplication.processEvents()
    assert fired == []


def test_a_process_without_parent_and_reference_is_killed():
    process = qt.QProcess()
    process.finished.connect(lambda code: None)
    process.start("sleep", ["60"])
    assert process.waitForStarted(5000)
    pid = process.processId()
    os.kill(pid, 0)
    del process
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_parent_keeps_its_children():
    parent = qt.QWidget()
    timer, fired = qt.QTimer(parent), []
    dead = watch(timer)
    timer.setSingleShot(True)
    timer.timeout.connect(lambda: fired.append(1))
    timer.start(0)
    del timer
    wait_until(lambda: fired == [1])
    assert dead == []
    del parent
    assert dead == [True]


def test_a_layout_keeps_what_is_added_before_it_has_a_widget():
    layout = qt.QVBoxLayout()
    layout.addWidget(qt.QPushButton("kept"))
    row = qt.QHBoxLayout()
    row.addWidget(qt.QLabel("inner"))
    layout.addLayout(row)
    del row
    gc.collect()
    widget = qt.QWidget()
    widget.setLayout(layout)
    assert [child.className() for child in widget.children()] == ["QVBoxLayout", "QPushButton", "QLabel"]


class Stateful(qt.QLabel):
    def __init__(self, *arguments):
        qt.QLabel.__init__(self, *arguments)
        self.state = "kept"


@pytest.mark.parametrize("way", ["parent", "setParent", "layout", "layout first"])
def test_an_instance_of_a_subclass_lives_with_its_parent(way):
    parent = qt.QWidget()
    layout = qt.QVBoxLayout() if way == "layout first" else qt.QVBoxLayout(parent)
    child = Stateful("x", parent) if way == "parent" else Stateful("x")
    if way == "setParent":
        child.setParent(parent)
    elif way.startswith("layout"):
        layout.addWidget(child)
    alive = weakref.ref(child)
    del child
    gc.collect()
    if way == "layout first":
        parent.setLayout(layout)
    assert parent.findChild(qt.QLabel).state == "kept"
    del layout, parent
    gc.collect()
    assert alive() is None


def test_an_unparented_instance_of_a_subclass_dies_with_its_reference():
    child = Stateful("x")
    dead = watch(child)
    del child
    gc.collect()
    assert dead == [True]


def test_an_instance_of_a_subclass_that_loses_its_parent_belongs_to_python_again():
    parent = qt.QWidget()
    child = Stateful("x", parent)
    child.setParent(None)
    dead = watch(child)
    del child
    assert dead == [True]


def test_a_destroyed_object_is_false_and_raises():
    parent = qt.QWidget()
    label = qt.QLabel("x", parent)
    parent.delete()
    assert not label and label == None  # noqa: E711
    with pytest.raises(ValueError, match="Trying to read property 'text' from a destroyed QLabel object"):
        _ = label.text
    with pytest.raises(AttributeError, match="destroyed QLabel"):
        label.text = "y"
    with pytest.raises(ValueError, match="Trying to call 'clear' on a destroyed QLabel object"):
        label.clear()
    with pytest.raises(ValueError, match="destroyed QLabel"):
        qt.QVBoxLayout().addWidget(label)


def test_deleteLater_waits_for_the_loop():
    label = qt.QLabel("x")
    dead = watch(label)
    label.deleteLater()
    assert dead == [] and label.text == "x"
    wait_until(lambda: qt.QApplication.sendPostedEvents(None, 52) or dead == [True])


def test_a_single_shot_lives_without_a_reference():
    fired = []
    qt.QTimer.singleShot(0, lambda: fired.append(1))
    gc.collect()
    wait_until(lambda: fired == [1])


def test_single_shots_of_a_closed_host_never_fire():
    fired = []
    qt.QTimer.singleShot(0, lambda: fired.append(1))
    qt_facade.cancel_timers()
    qt.QApplication.processEvents()
    assert fired == []
