"""A slider with a spin box beside it; the value is a float."""

from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSlider, QWidget

_STEPS = 1000000


class ctkDoubleSpinBox(QDoubleSpinBox):
    """A spin box for floats."""


class ctkDoubleSlider(QSlider):
    """The slider of a ctkSliderWidget. It moves over `minimum` to `maximum` of its owner in whole steps."""


class ctkSliderWidget(QWidget):
    valueChanged = Signal(float)
    valueIsChanging = Signal(float)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._slider, self._spin = ctkDoubleSlider(Qt.Orientation.Horizontal), ctkDoubleSpinBox()
        # the names that CTK gives them: a panel must not use them for its own widgets
        self._slider.setObjectName("Slider")
        self._spin.setObjectName("SpinBox")
        layout = QHBoxLayout(self)
        layout.setObjectName("hboxLayout")
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._spin)
        self._slider.setRange(0, _STEPS)
        self._spin.setRange(0, 99)
        self._busy = False
        self._spin.valueChanged.connect(self._spin_changed)
        self._slider.valueChanged.connect(self._slider_changed)

    def setValue(self, value: float):
        self._spin.setValue(value)

    def setMinimum(self, minimum: float):
        self._spin.setMinimum(minimum)
        self._follow()

    def setMaximum(self, maximum: float):
        self._spin.setMaximum(maximum)
        self._follow()

    def setRange(self, minimum: float, maximum: float):
        self._spin.setRange(minimum, maximum)
        self._follow()

    def setSingleStep(self, step: float):
        self._spin.setSingleStep(step)

    def setPageStep(self, step: float):
        self._page = step

    def setDecimals(self, decimals: int):
        self._spin.setDecimals(decimals)

    def setSuffix(self, suffix: str):
        self._spin.setSuffix(suffix)

    def setPrefix(self, prefix: str):
        self._spin.setPrefix(prefix)

    value = Property(float, lambda self: self._spin.value(), setValue)
    minimum = Property(float, lambda self: self._spin.minimum(), setMinimum)
    maximum = Property(float, lambda self: self._spin.maximum(), setMaximum)
    singleStep = Property(float, lambda self: self._spin.singleStep(), setSingleStep)
    pageStep = Property(float, lambda self: self._page, setPageStep)
    decimals = Property(int, lambda self: self._spin.decimals(), setDecimals)
    suffix = Property(str, lambda self: self._spin.suffix(), setSuffix)
    prefix = Property(str, lambda self: self._spin.prefix(), setPrefix)
    _page = 10.0

    def _span(self):
        return self._spin.maximum() - self._spin.minimum()

    def _follow(self):
        """Put the slider where the spin box is."""
        self._busy = True
        share = (self._spin.value() - self._spin.minimum()) / self._span() if self._span() else 0
        self._slider.setValue(round(share * _STEPS))
        self._busy = False

    def _spin_changed(self, value):
        if not self._busy:
            self._follow()
        self.valueChanged.emit(value)

    def _slider_changed(self, position):
        if self._busy:
            return
        step = self._spin.singleStep() or 1
        value = self._spin.minimum() + round(position / _STEPS * self._span() / step) * step
        self._busy = True
        self.valueIsChanging.emit(value)
        self._spin.setValue(value)
        self._busy = False
