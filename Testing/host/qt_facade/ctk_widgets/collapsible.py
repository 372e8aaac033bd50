"""A section with a header; clicking it hides or shows what is in the section."""

from PySide6.QtCore import Property, QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyleOption, QStyleOptionButton, QWidget

_SHOWN = "visibilityToParent"  # CTK's own name: whether a child is to be seen once the section is open


class ctkCollapsibleButton(QWidget):
    contentsCollapsed = Signal(bool)
    toggled = Signal(bool)

    def __init__(self, *arguments):
        """(parent), (text) or (text, parent)."""
        text = arguments[0] if arguments and isinstance(arguments[0], str) else "Unknown"
        super().__init__(next((each for each in arguments if isinstance(each, QWidget)), None))
        self._text, self._collapsed, self._busy = text, False, False
        self.setContentsMargins(0, self._header_height(), 0, 0)

    def setText(self, text: str):
        self._text = text
        self.update()

    def setCollapsed(self, collapsed: bool):
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        self._busy = True
        for child in self._sections():
            if collapsed:
                child.setProperty(_SHOWN, child.isVisibleTo(self))
                self._hide(child)
            elif child.property(_SHOWN) is not False:
                child.show()
        self._busy = False
        self.setMaximumHeight(self._header_height() if collapsed else 16777215)
        self.updateGeometry()
        self.update()
        self.toggled.emit(not collapsed)
        self.contentsCollapsed.emit(collapsed)

    def setChecked(self, checked: bool):
        self.setCollapsed(not checked)

    def isChecked(self):
        return not self._collapsed

    def toggle(self):
        self.setCollapsed(not self._collapsed)

    def click(self):
        self.toggle()

    text = Property(str, lambda self: self._text, setText)
    collapsed = Property(bool, lambda self: self._collapsed, setCollapsed)
    checked = Property(bool, isChecked, setChecked)

    def sizeHint(self):
        width = self.fontMetrics().horizontalAdvance(self._text) + 2 * self._header_height()
        hint = QSize(width, self._header_height())
        if self._collapsed or self.layout() is None:
            return hint
        return super().sizeHint().expandedTo(hint)

    def minimumSizeHint(self):
        if self._collapsed or self.layout() is None:
            return QSize(self._header_height() * 2, self._header_height())
        return super().minimumSizeHint()

    def childEvent(self, event):
        child = event.child()
        if event.type() == QEvent.Type.ChildAdded and isinstance(child, QWidget):
            child.installEventFilter(self)
        super().childEvent(event)

    def eventFilter(self, child, event):
        # what is shown or hidden while the section is closed takes effect when it opens
        if self._collapsed and not self._busy and event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self._busy = True
            child.setProperty(_SHOWN, event.type() == QEvent.Type.ShowToParent)
            self._hide(child)
            self._busy = False
        return super().eventFilter(child, event)

    def mouseReleaseEvent(self, event):
        if event.button() == Qt.MouseButton.LeftButton and event.position().y() < self._header_height():
            self.toggle()

    def paintEvent(self, _event):
        painter = QPainter(self)
        option = QStyleOptionButton()
        option.initFrom(self)
        option.rect = QRect(0, 0, self.width(), self._header_height())
        self.style().drawControl(QStyle.ControlElement.CE_PushButtonBevel, option, painter, self)
        arrow = QStyleOption()
        arrow.initFrom(self)
        side = self._header_height() // 2
        arrow.rect = QRect(8, (self._header_height() - side) // 2, side, side)
        element = QStyle.PrimitiveElement
        shape = element.PE_IndicatorArrowRight if self._collapsed else element.PE_IndicatorArrowDown
        self.style().drawPrimitive(shape, arrow, painter, self)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(self.palette().buttonText().color())
        place = option.rect.adjusted(16 + side, 0, -8, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._text)

    @staticmethod
    def _hide(child):
        """Hide a child such that Qt still tells when its owner hides it, too."""
        child.hide()
        child.setAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide, False)

    def _header_height(self):
        return self.fontMetrics().height() + 10

    def _sections(self):
        return [each for each in self.children() if isinstance(each, QWidget) and not each.isWindow()]
