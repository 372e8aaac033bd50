"""The window around a panel and the views: what a user would see, on Qt's offscreen platform."""

from PySide6.QtCore import QCoreApplication, QEvent, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from .module_panel import ModulePanel

PANEL_WIDTH = 480
_LEVELS = 10


class Window(QWidget):
    """The selected module's panel at the left, the layout manager's viewport at the right.

    The panel gets PANEL_WIDTH, or more if it cannot do with that.
    """

    def __init__(self):
        super().__init__()
        self.setWindowTitle("3D Slicer")
        self.status = ""
        self._title = QLabel()
        self._title.setStyleSheet("background: palette(midlight); padding: 5px; font-weight: bold")
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._title.setMinimumWidth(PANEL_WIDTH)
        self._panel = ModulePanel()
        self._left = QWidget()
        self._left.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        rows = QVBoxLayout(self._left)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self._title)
        rows.addWidget(self._panel, 1)
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
        self._title.setText(f"Modules:   {title}" if title else "Modules:")
        self._panel.show_widget(widget)

    def panel_width(self):
        """How wide the panel is now, in pixels."""
        self.settle()
        return self._left.width()

    def settle(self):
        """Let sizes that changed reach the window, as they do within some rounds of Qt's loop."""
        for _ in range(_LEVELS):
            QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)


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
