"""The results in the scene: which one is looked at, as a script, and away with it."""

import qt
from slicer.i18n import tr as _

from SASANTranslationLib import results, views
from SASANTranslationLib.panel.combo import fill
from SASANTranslationLib.python_script import python_script

#: Not None, which is what is shown when there is no run.
_NOTHING_YET = object()


class ResultsSection:
    """The list of runs; `parameters` is the parameter node, or None while there is none.

    selected(nodes): told the `TranslationNodes` that are looked at, or None, when they change. removed(): told that
    the user has removed some.
    """

    def __init__(self, ui, selected, removed):
        self._ui = ui
        self._selected, self._removed = selected, removed
        self._shown = _NOTHING_YET
        self._state = None
        self.parameters = None
        self.runs = []
        ui.runComboBox.connect("currentIndexChanged(int)", self._on_run)
        ui.showRunButton.connect("clicked()", self.show)
        ui.copyScriptButton.connect("clicked()", self.copy_script)
        ui.removeRunButton.connect("clicked()", self.remove)

    @property
    def current(self):
        """The selected run's `TranslationNodes`, or None."""
        if self.parameters is None:
            return None
        return next((run for run in self.runs if run.run == self.parameters.run), None)

    def refresh(self):
        """Look anew at the scene's runs; the newest is selected when the selected one is gone."""
        runs = results.find_runs() if self.parameters is not None else []
        state = [_state(run) for run in runs]
        if state != self._state:
            self._state, self.runs = state, runs
            fill(self._ui.runComboBox, [(run.title, run.run, "") for run in self.runs], None)
            self._shown = _NOTHING_YET
        if self.parameters is not None and self.current is None:
            self.parameters.run = self.runs[-1].run if self.runs else ""
        self.select()

    def select(self):
        """Show which run the parameter node names; cheap when that is the one already shown."""
        current = self.current
        if current is self._shown:
            return
        self._shown = current
        was_blocked = self._ui.runComboBox.blockSignals(True)
        self._ui.runComboBox.setCurrentIndex(self.runs.index(current) if current is not None else -1)
        self._ui.runComboBox.blockSignals(was_blocked)
        ui = self._ui
        buttons = (ui.showRunButton, ui.copyScriptButton, ui.removeRunButton, ui.updateInPlaceCheckBox)
        for widget in (ui.runComboBox, *buttons):
            widget.enabled = current is not None
        self._selected(current)

    def show(self):
        """Show the synthetic volume in the slice views."""
        views.show_in_slices(self.current)

    def copy_script(self):
        """Put a script that repeats the selected run on the clipboard."""
        qt.QApplication.clipboard().setText(python_script(self.current))
        self._ui.statusLabel.text = _("A script that repeats this translation is on the clipboard.")

    def remove(self):
        """Take the selected run out of the scene."""
        results.remove_run(self.current)
        self.refresh()
        self._removed()

    def _on_run(self, _index):
        if self.parameters is not None and self._ui.runComboBox.currentIndex >= 0:
            self.parameters.run = self._ui.runComboBox.currentData
            self.select()


def _state(run):
    """What of a run the panel shows: cheap to compare, where to show it is not."""
    nodes = [node for node in (run.source, *run.outputs) if node is not None]
    images = [node.GetImageData() for node in run.volumes]
    times = [image.GetMTime() if image is not None else 0 for image in images]
    return run.run, run.title, [node.GetID() for node in nodes], times
