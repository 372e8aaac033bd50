"""The place of the selected module's panel, as wide as Slicer makes it."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QFrame, QLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget


class ModulePanel(QWidget):
    """qSlicerModulePanel: scrolls up and down, but never sideways; it gets as wide as what is in it needs."""

    def __init__(self):
        super().__init__()
        self._contents = QWidget()
        self._contents.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        self._modules = _column(self._contents)
        self._modules.setSizeConstraint(QLayout.SizeConstraint.SetMinAndMaxSize)
        self._modules.addStretch()
        self._scroll = QScrollArea()
        self._scroll.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Expanding)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._contents)
        _column(self).addWidget(self._scroll)
        self._widget = None

    def show_widget(self, widget):
        """Put a module's widget in, or with None take out what is there."""
        previous, self._widget = self._widget, widget
        if previous is not None:
            previous.removeEventFilter(self)
            self._modules.removeWidget(previous)
            previous.hide()
            previous.setParent(None)
        if widget is not None:
            if widget.layout() is not None:
                widget.layout().setContentsMargins(0, 0, 0, 0)
            self._modules.insertWidget(0, widget, 1)
            widget.setSizePolicy(QSizePolicy.Policy.Minimum, widget.sizePolicy().verticalPolicy())
            widget.show()
            widget.installEventFilter(self)
        self.updateGeometry()

    def eventFilter(self, widget, event):
        if event.type() == QEvent.Type.Resize:
            self.updateGeometry()
        return False

    def minimumSizeHint(self):
        """Room for what is in it, and for a scroll bar: by mistake the horizontal one's width, which is Slicer's."""
        width = self._contents.minimumSizeHint().width() + self._scroll.horizontalScrollBar().sizeHint().width()
        return QSize(width, super().minimumSizeHint().height())

    def sizeHint(self):
        return QSize(self.minimumSizeHint().width(), super().sizeHint().height())


def _column(widget):
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    return layout
