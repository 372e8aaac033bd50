"""Inspection on and off, its layout and orientation, and flicker: by button or by key."""

import qt
import slicer
from slicer.i18n import tr as _

from SASANTranslationLib.inspection import layouts
from SASANTranslationLib.panel.combo import fill

#: No view of Slicer, nor its interaction modes, takes this key (the slice views take B F G R T V and the brackets).
FLICKER_KEY = "K"


class ViewControls:
    """The first row of the panel; `parameters` is the parameter node, or None while there is none.

    flicker(on): show source and synthetic volume in each other's place, or not.
    """

    def __init__(self, ui, widget, flicker):
        self._ui = ui
        self._flicker = flicker
        # What is chosen while inspection is off.
        self._layout, self._orientation = next(iter(layouts.LAYOUTS)), layouts.ORIENTATIONS[0]
        self.parameters = None
        names = [*layouts.LAYOUTS, layouts.USERS_VIEWS]
        fill(ui.inspectLayoutComboBox, [(layouts.title(name), name, "") for name in names], self._layout)
        orientations = {"Axial": _("Axial"), "Coronal": _("Coronal"), "Sagittal": _("Sagittal")}
        fill(ui.inspectOrientationComboBox, [(text, name, "") for name, text in orientations.items()], "Axial")
        ui.flickerButton.text = _("Flicker ({key})").format(key=FLICKER_KEY)
        ui.flickerButton.toolTip = _(
            "Show the synthetic volume in place of the source, and back. While you inspect, the key {key} does so."
        ).format(key=FLICKER_KEY)
        ui.inspectButton.connect("clicked(bool)", self.switch)
        ui.inspectLayoutComboBox.connect("currentIndexChanged(int)", self._on_chosen)
        ui.inspectOrientationComboBox.connect("currentIndexChanged(int)", self._on_chosen)
        ui.flickerButton.connect("clicked(bool)", flicker)
        # A shortcut only works while the widget it belongs to is visible: the main window, where there is one.
        self._shortcut = qt.QShortcut(qt.QKeySequence(FLICKER_KEY), slicer.util.mainWindow() or widget)
        self._shortcut.setContext(qt.Qt.ApplicationShortcut)
        self._shortcut.setEnabled(False)
        self._shortcut.connect("activated()", self._on_key)

    @property
    def layout(self):
        """The name of the layout to inspect in; empty while inspection is off."""
        name, _orientation = self._read()
        return name

    @property
    def orientation(self):
        return self._orientation

    def refresh(self):
        """Show what the parameter node says."""
        name, orientation = self._read()
        if name:
            self._layout, self._orientation = name, orientation
        self._ui.inspectButton.checked = bool(name)
        for combo, value in (
            (self._ui.inspectLayoutComboBox, self._layout),
            (self._ui.inspectOrientationComboBox, self._orientation),
        ):
            was_blocked = combo.blockSignals(True)
            combo.setCurrentIndex(combo.findData(value))
            combo.blockSignals(was_blocked)

    def set_usable(self, usable):
        """Whether there is a run to inspect."""
        self._ui.inspectButton.enabled = self._ui.inspectLayoutComboBox.enabled = usable
        self._ui.inspectOrientationComboBox.enabled = usable and self._layout in layouts.LAYOUTS

    def show_state(self, is_on, flipped):
        """Whether a run is in the views, so that it can flicker."""
        self._ui.flickerButton.enabled = is_on
        self._ui.flickerButton.checked = flipped
        self._shortcut.setEnabled(is_on)

    def switch(self, on):
        """Switch inspection on or off."""
        if self.parameters is not None:
            self.parameters.inspectLayout = f"{self._layout} {self._orientation}" if on else ""

    def cleanup(self):
        """Give the key back."""
        self._shortcut.setEnabled(False)
        self._shortcut.setParent(None)
        self._shortcut.deleteLater()

    def _read(self):
        """Layout and orientation in the parameter node, ("", …) if off; a name from elsewhere is the first layout."""
        text = self.parameters.inspectLayout if self.parameters is not None else ""
        name, _space, orientation = text.partition(" ")
        if not name:
            return "", self._orientation
        if name not in (*layouts.LAYOUTS, layouts.USERS_VIEWS):
            name = next(iter(layouts.LAYOUTS))
        return name, orientation if orientation in layouts.ORIENTATIONS else layouts.ORIENTATIONS[0]

    def _on_chosen(self, _index):
        self._layout = self._ui.inspectLayoutComboBox.currentData
        self._orientation = self._ui.inspectOrientationComboBox.currentData
        self._ui.inspectOrientationComboBox.enabled = self._layout in layouts.LAYOUTS
        if self.layout:
            self.switch(True)

    def _on_key(self):
        self._flicker(not self._ui.flickerButton.checked)
