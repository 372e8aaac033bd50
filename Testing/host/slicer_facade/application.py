"""`slicer.app`: what the panels use of the application."""

import os
import tempfile

import slicer
from PySide6.QtCore import Property, QCoreApplication, QEvent, QObject, QProcessEnvironment, QSettings, Qt, Signal, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication
from qt_facade import use_settings_folder

from .command_options import qSlicerCommandOptions


class qSlicerApplication(QObject):
    """Slicer 5.13 without a main window; `testing` is what --testing switches on.

    It does not end the process: `exit_code` is what it was told to end it with, the last time, or None.
    """

    aboutToQuit = Signal()
    mrmlSceneChanged = Signal(object)
    startupCompleted = Signal()
    SIGNATURES = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}  # noqa: RUF012

    def __init__(self, session, module_manager, files, testing):
        super().__init__()
        self._session, self._module_manager, self._files, self._testing = session, module_manager, files, testing
        self._folder = tempfile.TemporaryDirectory(prefix="slicer_host_")
        for name in ("home", "temporary", "cache", "settings"):
            os.mkdir(self._path(name))
        use_settings_folder(self._path("settings"))  # what qt.QSettings() means
        self._settings = QSettings(self._path("settings", "Slicer.ini"), QSettings.Format.IniFormat)
        self._options = qSlicerCommandOptions()
        self.layout_manager = None
        self.exit_code = None
        self._quitting = False

    def close(self):
        self._tell_quit()
        self._settings.sync()
        self._folder.cleanup()

    def _path(self, *parts):
        return os.path.join(self._folder.name, *parts)

    applicationName = Property(str, lambda self: "Slicer")
    applicationVersion = Property(str, lambda self: "5.13.0-2026-08-01")
    majorVersion = Property(int, lambda self: 5)
    minorVersion = Property(int, lambda self: 13)
    slicerHome = Property(str, lambda self: self._path("home"))
    temporaryPath = Property(str, lambda self: self._path("temporary"))
    cachePath = Property(str, lambda self: self._path("cache"))
    slicerUserSettingsFilePath = Property(str, lambda self: self._settings.fileName())

    @Slot(result=bool)
    def testingEnabled(self):
        return self._testing

    @Slot(result=object)
    def mrmlScene(self):
        return slicer.mrmlScene

    @Slot(result=object)
    def applicationLogic(self):
        return self._session.application

    @Slot(result=object)
    def moduleManager(self):
        return self._module_manager

    @Slot(result=object)
    def layoutManager(self):
        return self.layout_manager

    @Slot(result=object)
    def ioManager(self):
        return self._files

    @Slot(result=object)
    def coreIOManager(self):
        return self._files

    @Slot(result=object)
    def userSettings(self):
        return self._settings

    @Slot(result=object)
    def settings(self):
        return self._settings

    @Slot(result=object)
    def startupEnvironment(self):
        """The environment before Slicer's launcher added its own: here the process's, as nothing was added."""
        return QProcessEnvironment.systemEnvironment()

    @Slot(result=object)
    def commandOptions(self):
        return self._options

    @Slot(result=object)
    def palette(self):
        return QApplication.palette()

    @Slot(result=object)
    def mainWindow(self):
        return None

    @Slot(result=object)
    def topLevelWidgets(self):
        return QApplication.topLevelWidgets()

    @Slot()
    def processEvents(self):
        QCoreApplication.processEvents()
        # Deferred deletions wait for the loop that they were asked in, which in Slicer is the one that goes on.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    @Slot(object)
    def setOverrideCursor(self, cursor):
        QApplication.setOverrideCursor(cursor if isinstance(cursor, QCursor) else Qt.CursorShape(cursor))

    @Slot()
    def restoreOverrideCursor(self):
        QApplication.restoreOverrideCursor()

    @Slot(result=object)
    def clipboard(self):
        return QApplication.clipboard()

    @Slot()
    def pauseRender(self):
        pass

    @Slot()
    def resumeRender(self):
        pass

    @Slot()
    def quit(self):
        self.exit(0)

    @Slot(int)
    def exit(self, code):
        self.exit_code = code
        self._tell_quit()

    def _tell_quit(self):
        if not self._quitting:
            self._quitting = True
            self.aboutToQuit.emit()
