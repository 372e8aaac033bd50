"""The input volume: which, which frames of it, the sample, and the way out of a non-linear transform."""

import slicer
from slicer.i18n import tr as _

from SASANTranslationLib.frames import frames_of
from SASANTranslationLib.harden import hardened_clone
from SASANTranslationLib.panel.combo import fill


class InputSection:
    """The widgets about the input; `parameters` is the parameter node, or None while there is none."""

    def __init__(self, ui):
        self._ui = ui
        self.parameters = None
        ui.sampleButton.connect("clicked()", self.load_sample)
        ui.hardenButton.connect("clicked()", self.use_hardened_copy)
        ui.framesComboBox.connect("currentIndexChanged(int)", self._on_frames)

    def refresh(self):
        """Show what belongs to the present input."""
        volume = self.parameters.inputVolume if self.parameters is not None else None
        frames = frames_of(volume) if volume is not None else None
        self._ui.framesLabel.visible = self._ui.framesComboBox.visible = frames is not None
        if frames is not None:
            entries = [
                (_("Current frame"), False, ""),
                (_("All {count} frames").format(count=frames.count), True, ""),
            ]
            fill(self._ui.framesComboBox, entries, self.parameters.allFrames)

    def load_sample(self):
        """Fetch MRHead through Slicer's sample data and make it the input."""
        with slicer.util.tryWithErrorDisplay(_("The sample could not be loaded."), waitCursor=True):
            import SampleData

            volume = SampleData.SampleDataLogic().downloadMRHead()
            if volume is None:
                raise RuntimeError(_("It could not be downloaded: check the network connection."))
            if self.parameters is not None:
                self.parameters.inputVolume = volume

    def use_hardened_copy(self):
        """Copy the input with its transform applied and make the copy the input."""
        with slicer.util.tryWithErrorDisplay(_("The volume could not be hardened."), waitCursor=True):
            self.parameters.inputVolume = hardened_clone(self.parameters.inputVolume)

    def _on_frames(self, _index):
        if self.parameters is not None:
            self.parameters.allFrames = bool(self._ui.framesComboBox.currentData)
