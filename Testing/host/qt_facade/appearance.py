"""The one QApplication of the process, without a display, looking like Slicer."""

import atexit
import functools
import importlib.util
import os
import sys
from pathlib import Path

from .palettes import palette

_NOISE = ("This plugin does not support propagateSizeHints()", "This plugin does not support raise()")
_FONTS = ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf")


def ensure_application():
    """The running QApplication, made if there is none. It stays for the life of the process."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6 import QtGui, QtWidgets

    _silence_the_platform()
    application = QtWidgets.QApplication.instance()
    if application is not None:
        return application
    application = QtWidgets.QApplication(["Slicer"])
    application.setApplicationName("Slicer")
    application.setOrganizationName("NA-MIC")
    application.setStyle("Fusion")
    application.setFont(QtGui.QFont(_font_family(QtGui.QFontDatabase), 9))
    use_palette()
    application.setQuitOnLastWindowClosed(False)
    return application


def use_palette(dark=False):
    """Colours like those of "Light Slicer", or of "Dark Slicer", for all widgets."""
    from PySide6 import QtWidgets

    QtWidgets.QApplication.setPalette(palette(dark))


@functools.cache
def _silence_the_platform():
    from PySide6 import QtCore

    QtCore.qInstallMessageHandler(_print)
    atexit.register(QtCore.qInstallMessageHandler, None)


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
