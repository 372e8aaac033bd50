"""`slicer.app.commandOptions()`: what Slicer was told on its command line."""

from PySide6.QtCore import Property, QObject


class qSlicerCommandOptions(QObject):
    """Only what `slicer.util.exit` sets: whether Slicer, once it has run a script, leaves by itself with its result."""

    def __init__(self):
        super().__init__()
        self._run_python_and_exit = False

    def _set_run_python_and_exit(self, value):
        self._run_python_and_exit = value

    runPythonAndExit = Property(bool, lambda self: self._run_python_and_exit, _set_run_python_and_exit)
