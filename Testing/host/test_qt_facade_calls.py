"""What may be passed to Qt's functions, and which classes, functions and overloads there are."""

import pytest
from facade_session import fresh_facade, qt  # noqa: F401


def test_isinstance_knows_only_the_very_class():
    button = qt.QPushButton()
    assert not isinstance(button, qt.QWidget)
    assert isinstance(button, qt.QPushButton) and type(button) is qt.QPushButton
    assert button.inherits("QWidget") and button.inherits("QPushButton") and not button.inherits("QLabel")
    assert button.className() == "QPushButton"


def test_keyword_arguments_are_refused():
    with pytest.raises(ValueError, match="does not support kwargs"):
        qt.QPushButton(text="Run")
    with pytest.raises(ValueError, match="does not support kwargs"):
        qt.QPushButton().setText(text="Run")
    with pytest.raises(ValueError, match="does not support kwargs"):
        qt.QSettings().value("key", type=bool)
    with pytest.raises(ValueError, match="does not support kwargs"):
        qt.QTimer.singleShot(0, receiver=print)


def test_missing_classes_are_missing():
    missing = ("QSvgWidget", "QSvgRenderer", "QSqlDatabase", "QDomDocument", "QWebEngineView", "QChart", "QVariant")
    assert [name for name in missing if hasattr(qt, name) or name in dir(qt)] == []


def test_signal_slot_and_property_exist():
    assert {"Signal", "Slot", "Property", "QPushButton", "QUiLoader"} <= set(dir(qt))


def test_names_that_came_with_qt_6_are_missing():
    assert not hasattr(qt.QFormLayout(), "setRowVisible")
    assert not hasattr(qt.QCheckBox(), "checkStateChanged")
    assert not hasattr(qt.QSize(1, 2), "toTuple")
    assert not hasattr(qt.QWidget(), "accessibleIdentifier")
    assert not hasattr(qt, "QKeyCombination")
    with pytest.raises(ValueError, match="matching overload"):
        qt.QToolButton().addAction("an action of a text")
    assert hasattr(qt.QFormLayout(), "addRow") and hasattr(qt.QWidget(), "accessibleName")


def test_a_qimage_over_bytes_has_no_overload():
    with pytest.raises(ValueError, match="matching overload"):
        qt.QImage(b"\0" * 16, 2, 2, qt.QImage.Format_RGB32)
    assert qt.QImage(2, 2, qt.QImage.Format_RGB32).width() == 2


def test_a_pixmap_loads_from_bytes():
    pixmap = qt.QPixmap()
    assert pixmap.loadFromData(b"P6 2 1 255 " + bytes([255, 0, 0, 0, 0, 255])) is True
    assert (pixmap.width(), pixmap.height()) == (2, 1)
    assert pixmap.toImage().pixelColor(1, 0).name() == "#0000ff"


def test_no_implicit_conversions():
    with pytest.raises(ValueError, match="matching overload"):
        qt.QPushButton().setIcon(qt.QPixmap(2, 2))
    with pytest.raises(ValueError, match="matching overload"):
        qt.QShortcut("Ctrl+S", qt.QWidget())
    with pytest.raises(ValueError, match="matching overload"):
        qt.QPalette().setColor(qt.QPalette.Window, "red")
    qt.QPushButton().setIcon(qt.QIcon(qt.QPixmap(2, 2)))
    qt.QPalette().setColor(qt.QPalette.Window, qt.Qt.red)


def test_wrong_arguments_are_a_value_error():
    with pytest.raises(ValueError, match="matching overload"):
        qt.QComboBox().itemText("first")
    with pytest.raises(ValueError, match="matching overload"):
        qt.QComboBox().itemText()
    with pytest.raises(ValueError, match="matching overload"):
        qt.QWidget().setLayout(qt.QLabel())
    with pytest.raises(ValueError, match="matching overload"):
        qt.QLabel().setFont(None)


def test_enums_are_ints_under_both_names():
    assert qt.Qt.AlignLeft == qt.Qt.AlignmentFlag.AlignLeft == 1
    assert isinstance(qt.Qt.AlignLeft, int) and isinstance(qt.Qt.AlignLeft, qt.Qt.AlignmentFlag)
    assert type(qt.Qt.AlignLeft | qt.Qt.AlignTop) is int
    assert qt.QMessageBox.Ok == 1024 == qt.QMessageBox.StandardButton.Ok


def test_an_int_overload_comes_before_that_of_an_enum():
    assert qt.QColor(7).name() == "#000007"
    assert qt.QColor(qt.Qt.red).name() == "#ff0000" and qt.Qt.red == 7


def test_qt_functions_take_no_python_functions():
    with pytest.raises(ValueError, match="matching overload"):
        qt.QMenu().addAction("Copy", print)


def test_enums_and_flags_are_passed_as_ints():
    label = qt.QLabel("a")
    label.setAlignment(qt.Qt.AlignRight | qt.Qt.AlignTop)
    assert label.alignment == 0x22
    label.alignment = 1
    assert label.alignment == qt.Qt.AlignLeft
    box = qt.QMessageBox()
    box.standardButtons = qt.QMessageBox.Ok | qt.QMessageBox.Cancel
    assert box.standardButtons == 1024 + 4194304
    item = qt.QTableWidgetItem("x")
    item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
    assert item.flags() == 33
    item.setData(qt.Qt.UserRole, 5)
    assert item.data(qt.Qt.UserRole) == 5
    grid = qt.QGridLayout()
    grid.addWidget(qt.QLabel("x"), 0, 1, 1, 1, qt.Qt.AlignHCenter | qt.Qt.AlignTop)
    assert grid.itemAtPosition(0, 1).alignment() == 0x24


def test_any_python_object_passes_through_as_data():
    class Node:
        pass

    node = Node()
    combo = qt.QComboBox()
    combo.addItem("a", node)
    assert combo.itemData(0) is node
    assert combo.currentData is node


def test_python_keywords_and_exec_have_a_second_name():
    assert hasattr(qt.QDialog(), "exec") and hasattr(qt.QDialog(), "exec_")
    widget = qt.QWidget()
    widget.raise_()
    with pytest.raises(AttributeError):
        _ = widget.click_


def test_the_same_widget_is_the_same_object():
    parent = qt.QWidget()
    button = qt.QPushButton(parent)
    assert parent.children()[0] is button
    assert button.parent() is parent is parent.children()[0].parent()
    table = qt.QTableWidget(1, 1)
    item = qt.QTableWidgetItem("x")
    table.setItem(0, 0, item)
    assert table.item(0, 0) is item
    assert {button: 1}[parent.children()[0]] == 1


def test_values_compare_by_value():
    assert qt.QSize(3, 4) == qt.QSize(3, 4) != qt.QSize(4, 3)
    assert qt.QColor("red") == qt.QColor(255, 0, 0)


def test_find_children_by_class_and_by_name():
    top = qt.QWidget()
    group = qt.QGroupBox(top)
    first, second = qt.QLabel(group), qt.QPushButton(top)
    first.name = second.name = "same"
    assert top.findChildren(qt.QLabel) == (first,)
    assert top.findChildren("QWidget") == (group, first, second)
    assert top.findChildren(qt.QWidget, "same") == (first, second)
    assert top.findChild(qt.QWidget, "same") is second  # children before grandchildren
    assert top.findChild("QLabel", "none") is None


def test_the_clipboard_keeps_text():
    qt.QApplication.clipboard().setText("copied")
    assert qt.QApplication.clipboard().text() == "copied"


def test_the_wait_cursor_is_set_and_restored():
    qt.QApplication.setOverrideCursor(qt.Qt.WaitCursor)
    assert qt.QApplication.overrideCursor().shape() == qt.Qt.WaitCursor
    qt.QApplication.restoreOverrideCursor()
    assert qt.QApplication.overrideCursor() is None
