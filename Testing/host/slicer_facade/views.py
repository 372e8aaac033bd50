"""The widgets of views: slice views as slicer-core computes them, and empty frames for what needs OpenGL."""

import numpy as np
import slicer
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget
from slicer_session import SliceView

BAR_HEIGHT = 20


class qMRMLSliceView(QWidget):
    """The image of a slice view; as large as the view that the slice node describes."""

    def __init__(self, picture, crosshair, parent):
        super().__init__(parent)
        self._picture, self._crosshair = picture, crosshair
        self.setMouseTracking(True)
        self.setMinimumSize(40, 40)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def resizeEvent(self, event):
        self._picture.resize(event.size().width(), event.size().height())

    def paintEvent(self, event):
        image = np.ascontiguousarray(self._picture.image())
        height, width, _ = image.shape
        painter = QPainter(self)
        painter.drawImage(self.rect(), QImage(image.data, width, height, 3 * width, QImage.Format.Format_RGB888))
        painter.end()

    def mouseMoveEvent(self, event):
        """Move the crosshair's cursor, which Slicer does in the view's displayable manager."""
        x, y = event.position().x(), self.height() - 1 - event.position().y()
        self._crosshair().SetCursorPositionXYZ([x, y, 0.0], self._picture.node)

    def leaveEvent(self, event):
        self._crosshair().SetCursorPositionInvalid()

    def mrmlSliceNode(self):
        return self._picture.node


class ViewBar(QWidget):
    """The coloured bar over a view, with the view's label."""

    def __init__(self, node, parent):
        super().__init__(parent)
        self._node = node
        self.setFixedHeight(BAR_HEIGHT)

    def text(self):
        return self._node.GetLayoutLabel() or ""

    def paintEvent(self, event):
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor.fromRgbF(*self._node.GetLayoutColor()))
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(self.rect().adjusted(6, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()


class qMRMLSliceControllerWidget(ViewBar):
    """The bar over a slice view, and what its buttons and slider do."""

    def __init__(self, picture, parent):
        super().__init__(picture.node, parent)
        self._picture = picture

    def text(self):
        node = self._node
        return f"{node.GetLayoutLabel()}   {node.GetOrientation()}   {node.GetSliceOffset():+.1f} mm"

    def fitSliceToBackground(self):
        """Show all of the background volume; linked views follow."""
        logic = self._picture.logic
        logic.StartSliceNodeInteraction(slicer.vtkMRMLSliceNode.ResetFieldOfViewFlag)
        logic.FitSliceToBackground()
        self._picture.node.UpdateMatrices()
        logic.EndSliceNodeInteraction()

    def sliceLogic(self):
        return self._picture.logic

    def setSliceOffsetValue(self, offset):
        """Move the slice as the slider does; linked views follow."""
        logic = self._picture.logic
        logic.StartSliceOffsetInteraction()
        logic.SetSliceOffset(offset)
        logic.EndSliceOffsetInteraction()

    def setSliceLink(self, linked):
        for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
            node.SetLinkedControl(bool(linked))


class qMRMLSliceWidget(QWidget):
    """A slice view with its bar."""

    def __init__(self, node, crosshair, parent):
        super().__init__(parent)
        self.picture = SliceView(node.GetLayoutName(), 250, 250)
        self.setObjectName(f"qMRMLSliceWidget{node.GetLayoutName()}")
        self._controller = qMRMLSliceControllerWidget(self.picture, self)
        self._view = qMRMLSliceView(self.picture, crosshair, self)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self._controller)
        rows.addWidget(self._view, 1)

    def mrmlSliceNode(self):
        return self.picture.node

    def mrmlSliceCompositeNode(self):
        return self.picture.composite

    def sliceLogic(self):
        return self.picture.logic

    def sliceView(self):
        return self._view

    def sliceController(self):
        return self._controller

    def fitSliceToBackground(self):
        self._controller.fitSliceToBackground()


class EmptyView(QWidget):
    """The place of a view that the host does not draw: its bar, and its background."""

    def __init__(self, node, parent):
        super().__init__(parent)
        self._bar = ViewBar(node, self)
        self._colors = ("#c1c3e8", "#747cb5") if node.IsA("vtkMRMLViewNode") else ("#ffffff", "#ffffff")
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._bar)
        rows.addStretch(1)

    def paintEvent(self, event):
        gradient = QLinearGradient(0, 0, 0, self.height())
        for place, color in enumerate(self._colors):
            gradient.setColorAt(place, QColor(color))
        painter = QPainter(self)
        painter.fillRect(self.rect(), gradient)
        painter.end()
