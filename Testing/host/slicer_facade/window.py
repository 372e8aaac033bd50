"""The window around a panel and the views: what a user would see, on Qt's offscreen platform."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

PANEL_WIDTH = 480


class Window(QWidget):
    """The selected module's panel at the left, the layout manager's viewport at the right."""

    def __init__(self):
        super().__init__()
        self.setWindowTitle("3D Slicer")
        self.status = ""
        self._title = QLabel()
        self._title.setStyleSheet("background: #d8dde3; color: black; padding: 5px; font-weight: bold")
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._left = QWidget()
        self._left.setFixedWidth(PANEL_WIDTH)
        rows = QVBoxLayout(self._left)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self._title)
        rows.addWidget(self._scroll, 1)
        self.viewport = QWidget()
        self.viewport.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.viewport.setStyleSheet("background: black")
        QVBoxLayout(self.viewport).setContentsMargins(0, 0, 0, 0)
        columns = QHBoxLayout(self)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(2)
        columns.addWidget(self._left)
        columns.addWidget(self.viewport, 1)
        self.resize(1400, 900)

    def show_panel(self, widget, title):
        """Put a panel in, or with None take out what is there; it belongs to whoever gave it."""
        previous = self._scroll.takeWidget()
        if previous is not None:
            previous.hide()
            previous.setParent(None)
        self._title.setText(f"Modules:   {title}" if title else "Modules:")
        if widget is not None:
            self._scroll.setWidget(widget)
            widget.show()


class qSlicerMainWindow(Window):
    """The window as `slicer.util.mainWindow()` finds it; `host` is told which module to select."""

    def __init__(self, host):
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self._host = host

    @Slot(result=object)
    def moduleSelector(self):
        return ModuleSelector(self._host)

    @Slot(result=object)
    def statusBar(self):
        return self

    @Slot(str, int)
    def showMessage(self, message, duration=0):
        self.status = message


class ModuleSelector:
    """Which module is selected, and a way to select another."""

    def __init__(self, host):
        self._host = host

    @property
    def selectedModule(self):
        return self._host.selected_module or ""

    def selectModule(self, name):
        self._host.select_module(name or None)
