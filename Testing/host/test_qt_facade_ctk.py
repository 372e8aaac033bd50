"""The widgets of CTK that the facade paints."""

import pytest
import qt_facade
from facade_session import ctk, fresh_facade, qt  # noqa: F401


@pytest.fixture
def section():
    """A shown section with a label in it, and a second that was hidden by its owner."""
    button = ctk.ctkCollapsibleButton()
    button.text = "Inputs"
    layout = qt.QVBoxLayout(button)
    shown, hidden = qt.QLabel("shown"), qt.QLabel("hidden")
    layout.addWidget(shown)
    layout.addWidget(hidden)
    hidden.visible = False
    button.show()
    return button, shown, hidden


def test_a_collapsed_section_hides_its_children(section):
    button, shown, hidden = section
    heights = [button.sizeHint.height()]
    button.collapsed = True
    assert (shown.visible, hidden.visible, button.checked) == (False, False, False)
    heights.append(button.sizeHint.height())
    button.collapsed = False
    assert (shown.visible, hidden.visible, button.checked) == (True, False, True)
    assert heights[1] < heights[0] == button.sizeHint.height()


def test_what_is_shown_in_a_collapsed_section_appears_when_it_opens(section):
    button, shown, hidden = section
    button.collapsed = True
    hidden.visible = True
    shown.visible = False
    assert (shown.visible, hidden.visible) == (False, False)
    button.collapsed = False
    assert (shown.visible, hidden.visible) == (False, True)


def test_what_is_added_to_a_collapsed_section_is_hidden(section):
    button, _shown, _hidden = section
    button.collapsed = True
    late = qt.QLabel("late")
    button.layout().addWidget(late)
    qt.QApplication.processEvents()
    assert late.visible is False
    button.collapsed = False
    assert late.visible is True


def test_signals_of_a_section(section):
    button, got = section[0], []
    button.connect("contentsCollapsed(bool)", got.append)
    button.toggled.connect(lambda on: got.append(("toggled", on)))
    button.collapsed = True
    button.setChecked(True)
    button.setChecked(True)
    assert got == [("toggled", False), True, ("toggled", True), False]


def test_a_slider_widget():
    slider, got = ctk.ctkSliderWidget(), []
    slider.minimum, slider.maximum, slider.singleStep, slider.decimals, slider.suffix = -1, 1, 0.1, 1, " mm"
    slider.valueChanged.connect(got.append)
    slider.value = 0.5
    slider.setValue(0.5)
    slider.value = 7
    assert got == [0.5, 1.0] and slider.value == 1.0
    assert (slider.minimum, slider.maximum, slider.singleStep, slider.decimals, slider.suffix) == (-1, 1, 0.1, 1, " mm")
    names = {child.name: child for child in slider.children()}
    assert {"Slider", "SpinBox", "hboxLayout"} <= set(names)
    assert names["SpinBox"].text == "1.0 mm"
    names["Slider"].value = names["Slider"].minimum
    assert slider.value == -1.0 and got[-1] == -1.0


def test_a_color_button():
    button, got = ctk.ctkColorPickerButton(), []
    button.connect("colorChanged(QColor)", lambda color: got.append(color.name()))
    button.color = qt.QColor(255, 0, 0)
    assert button.color == qt.QColor("red") and button.text == "#ff0000"
    button.displayColorName = False
    assert button.text == ""
    qt_facade.answers.expect("getColor", qt.QColor("blue"))
    button.click()
    assert got == ["#ff0000", "#0000ff"]
    with pytest.raises(AttributeError, match="does not accept"):
        button.color = "red"


def test_a_message_box_can_ask_not_to_be_shown_again():
    box = ctk.ctkMessageBox()
    assert box.inherits("QMessageBox") and box.className() == "ctkMessageBox"
    box.dontShowAgainVisible = True
    box.dontShowAgain = True
    assert box.checkBox().checked is True


def test_what_is_not_painted_cannot_be_made_but_compared_with():
    assert type(qt.QPushButton()) is not ctk.ctkCheckablePushButton
    with pytest.raises(ValueError, match="does not paint ctkRangeWidget"):
        ctk.ctkRangeWidget()
    assert not hasattr(ctk, "ctkNoSuchWidget")
