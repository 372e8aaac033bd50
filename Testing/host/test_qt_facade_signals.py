"""Signals: how they are connected, what slots get, and what becomes of errors."""

import functools

import pytest
import qt_facade
from facade_session import ctk, fresh_facade, qt, take_slot_errors  # noqa: F401
from PySide6 import QtCore, QtWidgets


def test_connect_by_signature():
    button, got = qt.QPushButton(), []
    button.checkable = True
    assert button.connect("clicked()", lambda: got.append("none")) is True
    assert button.connect("clicked(bool)", got.append) is True
    assert button.connect(" clicked( bool ) ", lambda: got.append("fewer")) is True
    button.click()
    assert got == ["none", True, "fewer"]


def test_connect_by_name_and_disconnect():
    button, got = qt.QPushButton(), []

    def slot(checked):
        got.append(checked)

    assert button.clicked.connect(slot) is True
    button.click()
    assert button.clicked.disconnect(slot) is True
    button.click()
    assert button.clicked.disconnect(slot) is False
    assert got == [False]
    button.connect("clicked()", slot)
    assert button.disconnect("clicked(bool)", slot) is False
    assert button.disconnect("clicked()", slot) is True


def test_bound_methods_can_be_disconnected():
    class Panel:
        calls = 0

        def on_click(self):
            self.calls += 1

    panel, button = Panel(), qt.QPushButton()
    button.clicked.connect(panel.on_click)
    button.click()
    assert button.clicked.disconnect(panel.on_click) is True
    button.click()
    assert panel.calls == 1


def test_disconnect_without_a_slot_takes_all_away():
    button, got = qt.QPushButton(), []
    button.clicked.connect(lambda: got.append(1))
    button.clicked.connect(lambda: got.append(2))
    button.clicked.disconnect()
    button.click()
    assert got == []


def test_a_wrong_signature_only_prints_and_returns_false(capsys):
    button = qt.QPushButton()
    assert button.connect("klicked()", print) is False
    assert "signal 'klicked()' does not exist on QPushButton" in capsys.readouterr().err
    assert button.disconnect("klicked()", print) is False
    assert button.connect("clicked(int)", print) is False


def test_slots_may_take_fewer_arguments():
    combo, got = qt.QComboBox(), []
    combo.addItems(["a", "b"])
    combo.connect("currentIndexChanged(int)", lambda: got.append("none"))
    combo.connect("currentIndexChanged(int)", lambda index: got.append(index))
    combo.connect("currentIndexChanged(int)", lambda index, more="default": got.append(more))
    combo.currentIndex = 1
    assert got == ["none", 1, "default"]


def test_a_partial_gets_every_argument_as_pythonqt_cannot_look_into_it():
    button = qt.QPushButton()
    button.clicked.connect(functools.partial(lambda fixed: None, "fixed"))
    button.click()
    assert [type(error) for error in take_slot_errors()] == [TypeError]


def test_no_signal_by_subscription():
    with pytest.raises(TypeError, match="not subscriptable"):
        qt.QPushButton().clicked[bool]


def test_signals_are_blocked():
    button, got = qt.QPushButton(), []
    button.clicked.connect(lambda: got.append(1))
    assert button.blockSignals(True) is False
    button.click()
    assert button.blockSignals(False) is True
    assert got == []


def test_emit():
    edit, got = qt.QLineEdit(), []
    edit.textChanged.connect(got.append)
    edit.textChanged.emit("typed")
    edit.textChanged("called")
    assert got == ["typed", "called"]


def test_exceptions_in_slots_are_printed_and_collected_not_propagated(capsys):
    button, got = qt.QPushButton(), []
    button.clicked.connect(lambda: 1 / 0)
    button.clicked.connect(lambda: got.append("next"))
    button.click()
    assert got == ["next"]
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert [type(error) for error in take_slot_errors()] == [ZeroDivisionError]


def test_slots_of_qt_objects_can_be_connected():
    button, label, dialog = qt.QPushButton(), qt.QLabel("text"), qt.QDialog()
    dialog.show()
    button.connect("clicked()", label.clear)
    button.connect("clicked()", dialog, "close()")
    button.click()
    assert label.text == "" and dialog.visible is False
    assert button.disconnect("clicked()", label.clear) is True


def test_arguments_of_slots_are_proxies_and_ints():
    process, got = qt.QProcess(), []
    process.stateChanged.connect(got.append)
    process.stateChanged.emit(qt.QProcess.Running)
    group, button = qt.QButtonGroup(), qt.QRadioButton("a")
    group.addButton(button)
    group.connect("buttonClicked(QAbstractButton*)", got.append)
    button.click()
    assert got == [2, button] and got[1] is button


class NodeBox(QtWidgets.QWidget):
    """A widget of Slicer: its signals have C++ types, its methods take what is not Qt's."""

    nodeChanged = QtCore.Signal(object)
    SIGNATURES = {"nodeChanged(vtkMRMLNode*)": "nodeChanged"}  # noqa: RUF012

    def __init__(self, parent=None):
        super().__init__(parent)
        self._node = None

    def setNode(self, node):
        self._node = node
        self.nodeChanged.emit(node)

    def node(self):
        return self._node


def test_signatures_with_types_of_cpp_are_connected_by_that_text(capsys):
    box, got, node = qt_facade.create_proxy_class(NodeBox)(), [], object()
    assert box.connect("nodeChanged(vtkMRMLNode*)", got.append) is True
    assert box.connect("nodeChanged(vtkMRMLNode *)", lambda: got.append("fewer")) is True
    assert box.nodeChanged.connect(got.append) is True
    assert box.connect("nodeChanged(PyObject)", got.append) is False
    box.setNode(node)
    assert got[0] is node and got[1] == "fewer" and got[2] is node
    assert box.node() is node
    assert "PyObject" in capsys.readouterr().err


def test_a_method_written_in_python_raises_its_own_errors():
    box = qt_facade.create_proxy_class(NodeBox)()
    with pytest.raises(ValueError, match="kwargs"):
        box.setNode(node=None)
    assert type(box) is qt_facade.create_proxy_class(NodeBox)
    assert box.className() == "NodeBox" and box.inherits("QWidget")


def test_connections_of_a_dead_sender_are_forgotten():
    from qt_facade import signals

    before = len(signals._connections)
    button = qt.QPushButton()
    button.clicked.connect(print)
    assert len(signals._connections) == before + 1
    del button
    assert len(signals._connections) == before


def test_signals_of_ctk_widgets_by_signature():
    slider, got = ctk.ctkSliderWidget(), []
    slider.connect("valueChanged(double)", got.append)
    slider.value = 2.5
    assert got == [2.5]
