"""A button that shows a colour and asks for another."""

from PySide6.QtCore import Property, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QPushButton


class ctkColorPickerButton(QPushButton):
    colorChanged = Signal(QColor)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._color, self._named = QColor("black"), True
        self.clicked.connect(self.changeColor)
        self._show()

    def setColor(self, color: QColor):
        if color == self._color:
            return
        self._color = QColor(color)
        self._show()
        self.colorChanged.emit(QColor(color))

    def setDisplayColorName(self, named: bool):
        self._named = named
        self._show()

    def changeColor(self):
        """Ask for a colour."""
        from ..dialogs import ask
        from ..proxy import unwrap, wrap

        color = unwrap(ask("getColor", {"initial": wrap(QColor(self._color)), "parent": wrap(self)}))
        if color is not None and color.isValid():
            self.setColor(color)

    color = Property(QColor, lambda self: QColor(self._color), setColor)
    displayColorName = Property(bool, lambda self: self._named, setDisplayColorName)
    colorName = Property(str, lambda self: self._color.name())

    def _show(self):
        pixmap = QPixmap(self.iconSize())
        pixmap.fill(self._color)
        self.setIcon(QIcon(pixmap))
        self.setText(self._color.name() if self._named else "")
