"""Widgets of CTK that a panel may use, painted with Qt alone. Names, properties and signals are CTK's."""

from PySide6 import QtWidgets

from .collapsible import ctkCollapsibleButton
from .color_button import ctkColorPickerButton
from .message_box import ctkMessageBox
from .slider import ctkDoubleSlider, ctkDoubleSpinBox, ctkSliderWidget


class ctkComboBox(QtWidgets.QComboBox):
    """A combo box; CTK's adds an elided default text, which is not here."""


class ctkCheckBox(QtWidgets.QCheckBox):
    """A check box; CTK's adds icons, which are not here."""


def _unpainted(name):
    """A class that Slicer's own Python code only compares with: it exists, and cannot be made."""

    def refuse(self, parent=None):
        raise NotImplementedError(f"the test host does not paint {name}")

    return type(name, (QtWidgets.QWidget,), {"__init__": refuse})


WIDGETS = {
    native_class.__name__: native_class
    for native_class in (
        ctkCheckBox,
        ctkCollapsibleButton,
        ctkColorPickerButton,
        ctkComboBox,
        ctkDoubleSlider,
        ctkDoubleSpinBox,
        ctkMessageBox,
        ctkSliderWidget,
    )
}
UNPAINTED = {
    name: _unpainted(name)
    for name in (
        "ctkCheckablePushButton",
        "ctkDirectoryButton",
        "ctkDoubleRangeSlider",
        "ctkPathLineEdit",
        "ctkRangeWidget",
    )
}
