"""The one QApplication of the process, without a display, looking like Slicer's light theme."""

import atexit
import importlib.util
import os
import sys
from pathlib import Path

_NOISE = ("This plugin does not support propagateSizeHints()", "This plugin does not support raise()")
_FONTS = ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf")

_COLORS = {
    "Window": "#efefef",
    "WindowText": "#1a1a1a",
    "Base": "#ffffff",
    "AlternateBase": "#f5f7fa",
    "Text": "#1a1a1a",
    "Button": "#e8e8e8",
    "ButtonText": "#1a1a1a",
    "Highlight": "#3a7bd5",
    "HighlightedText": "#ffffff",
    "ToolTipBase": "#ffffe1",
    "ToolTipText": "#1a1a1a",
    "Link": "#1f5fa8",
}


def ensure_application():
    """The running QApplication, made if there is none. It stays for the life of the process."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6 import QtCore, QtGui, QtWidgets

    application = QtWidgets.QApplication.instance()
    if application is not None:
        return application
    QtCore.qInstallMessageHandler(_print)
    atexit.register(QtCore.qInstallMessageHandler, None)
    application = QtWidgets.QApplication(["Slicer"])
    application.setApplicationName("Slicer")
    application.setOrganizationName("NA-MIC")
    application.setStyle("Fusion")
    application.setFont(QtGui.QFont(_font_family(QtGui.QFontDatabase), 9))
    palette = QtGui.QPalette()
    for role, color in _COLORS.items():
        palette.setColor(getattr(QtGui.QPalette.ColorRole, role), QtGui.QColor(color))
    for role in ("WindowText", "Text", "ButtonText"):
        palette.setColor(
            QtGui.QPalette.ColorGroup.Disabled, getattr(QtGui.QPalette.ColorRole, role), QtGui.QColor("#9a9a9a")
        )
    application.setPalette(palette)
    application.setQuitOnLastWindowClosed(False)
    return application


def _print(_type, _context, message):
    """Qt's warnings, without those about what a display would do."""
    if message not in _NOISE:
        print(message, file=sys.stderr)


def _font_family(database):
    """The family of DejaVu Sans, from the system or else from matplotlib."""
    for path in (*map(Path, _FONTS), *_matplotlib_font()):
        families = database.applicationFontFamilies(database.addApplicationFont(str(path))) if path.is_file() else []
        if families:
            return families[0]
    return "DejaVu Sans"


def _matplotlib_font():
    spec = importlib.util.find_spec("matplotlib")
    return [] if spec is None else [Path(spec.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf"]
