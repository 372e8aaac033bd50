"""Importing a model: checked in the worker, copied to the user's models, replaced only after a question."""

from pathlib import Path

import slicer
from slicer.i18n import tr as _

from SASANTranslationLib import dependencies
from SASANTranslationLib.errors import TranslationError


class ModelImport:
    """One import at a time.

    changed(): told when one begins. imported(name): told when one has ended, with the new model's name, or None.
    say(text): for the status line.
    """

    def __init__(self, logic, changed, imported, say):
        self._logic, self._changed, self._imported, self._say = logic, changed, imported, say
        self.running = False

    def start(self, path, replace=False):
        """Check and copy the model in a folder or .zip."""
        try:
            absent = dependencies.missing()
            if absent:
                dependencies.ask_and_install(absent)
            self.running = True  # before the worker starts: it may fail at once
            self._changed()
            self._logic.importModel(path, replace, self._done, lambda error: self._failed(error, path))
        except TranslationError as error:
            self._end(None, str(error))

    def _done(self, folder):
        name = Path(folder).name
        self._end(name, _("The model {name} was imported.").format(name=name))

    def _failed(self, error, path):
        self.running = False
        question = _("{message} Replace it?").format(message=error.message)
        if error.kind == "exists" and slicer.util.confirmOkCancelDisplay(question, windowTitle=_("Import model")):
            self.start(path, replace=True)
            return
        self._end(None, error.message if error.kind == "exists" else str(error))

    def _end(self, name, text):
        self.running = False
        self._imported(name)
        self._say(text)
