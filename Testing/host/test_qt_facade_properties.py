"""Properties are attributes, methods are methods, and a name that is neither does not exist."""

import numpy as np
import pytest
from facade_session import ctk, fresh_facade, qt  # noqa: F401


def test_properties_are_attributes():
    button = qt.QPushButton("Run")
    combo = qt.QComboBox()
    combo.addItem("a", 7)
    assert button.text == "Run"
    assert (combo.count, combo.currentText, combo.currentIndex, combo.currentData) == (1, "a", 0, 7)
    assert button.enabled is True and button.visible is False and button.checked is False


@pytest.mark.parametrize("name", ["text", "enabled", "size", "toolTip", "styleSheet", "width", "checked", "objectName"])
def test_calling_a_property_is_a_type_error(name):
    with pytest.raises(TypeError, match="not callable"):
        getattr(qt.QPushButton("Run"), name)()


def test_methods_stay_methods():
    box = qt.QCheckBox("c")
    box.checked = True
    assert box.isChecked() is True
    assert box.isEnabled() is True
    assert box.isVisible() is False
    assert box.checkState() == 2
    parent = qt.QWidget()
    layout = qt.QVBoxLayout(parent)
    layout.addWidget(box)
    assert parent.layout() is layout
    assert layout.count() == 1
    assert box.parent() is parent
    text = qt.QPlainTextEdit()
    text.plainText = "a\nb"
    assert text.toPlainText() == "a\nb" == text.plainText
    combo = qt.QComboBox()
    combo.addItems(["a", "b"])
    assert combo.itemText(1) == "b"


def test_non_qobjects_have_methods_only():
    assert qt.QTableWidgetItem("x").text() == "x"
    assert qt.QSize(3, 4).width() == 3
    assert qt.QWidget().size.width() > 0


def test_name_is_another_name_of_objectName():
    widget = qt.QLabel()
    widget.name = "title"
    assert widget.objectName == "title"
    widget.setObjectName("other")
    assert widget.name == "other"


def test_a_typo_raises_on_reading_and_on_writing():
    button = qt.QPushButton()
    with pytest.raises(AttributeError, match="has no attribute named 'txet'"):
        _ = button.txet
    with pytest.raises(AttributeError, match="'txet' does not exist on QPushButton"):
        button.txet = "Run"
    with pytest.raises(AttributeError):
        qt.QTableWidgetItem("x").foo = 1


def test_a_method_or_signal_cannot_be_overwritten():
    with pytest.raises(AttributeError, match="can not be overwritten"):
        qt.QPushButton().click = None
    with pytest.raises(AttributeError, match="can not be overwritten"):
        qt.QPushButton().clicked = None


def test_a_read_only_property_cannot_be_set():
    with pytest.raises(AttributeError, match="not writable"):
        qt.QComboBox().count = 3


def test_None_as_text_shows_None():
    label = qt.QLabel("old")
    label.setText(None)
    assert label.text == "None"
    label.text = "old"
    label.text = None
    assert label.text == "None"
    label.setText(5)
    assert label.text == "5"


@pytest.mark.parametrize("value", [np.float64(3), np.float32(3), np.int64(3), np.uint8(3)])
def test_numpy_scalars_are_refused_as_numbers(value):
    box = qt.QSpinBox()
    with pytest.raises(ValueError, match="matching overload"):
        box.setValue(value)
    with pytest.raises(AttributeError, match="does not accept an object of type"):
        box.value = value
    fractional = qt.QDoubleSpinBox()
    with pytest.raises(ValueError, match="matching overload"):
        fractional.setValue(value)
    slider = ctk.ctkSliderWidget()
    with pytest.raises(AttributeError, match="does not accept an object of type"):
        slider.value = value
    with pytest.raises(ValueError, match="matching overload"):
        slider.setValue(value)
    assert (box.value, fractional.value, slider.value) == (0, 0, 0)


def test_None_is_no_number():
    with pytest.raises(AttributeError, match="NoneType"):
        qt.QSpinBox().value = None


def test_lists_come_back_as_tuples():
    parent = qt.QWidget()
    child = qt.QLabel(parent)
    assert parent.children() == (child,)
    combo = qt.QComboBox()
    combo.addItem("a", [1, [2, 3]])
    assert combo.itemData(0) == (1, (2, 3))
    assert qt.QDir("/").entryList().__class__ is tuple


def test_a_property_of_a_value_type_is_a_copy():
    label = qt.QLabel("a")
    label.font.setBold(True)
    assert label.font.bold() is False
    font = label.font
    font.setBold(True)
    label.font = font
    assert label.font.bold() is True


def test_dynamic_properties_and_named_children_are_attributes():
    widget = qt.QWidget()
    assert widget.property("SlicerParameterName") is None
    widget.setProperty("SlicerParameterName", "model")
    assert widget.property("SlicerParameterName") == "model" == widget.SlicerParameterName
    child = qt.QLabel(widget)
    child.name = "title"
    assert widget.title is child
    with pytest.raises(AttributeError):
        widget.title = "x"
