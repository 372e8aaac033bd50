"""The attention picker: one row for each map, which of them are shown, over what, and how opaque."""

import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from SASANTranslationLib import attention, views
from SASANTranslationLib.inspection import maps
from SASANTranslationLib.inspection.map_row import MapRow
from SASANTranslationLib.panel.combo import fill

#: Columns of the grid: the threshold's takes what is left.
_THRESHOLD_COLUMN = 3


class MapPicker(VTKObservationMixin):
    """The widgets about the maps; `parameters` is the parameter node, or None while there is none.

    chosen(): the user has chosen a map to see. restyled(): a map's colour or threshold is another one now.
    jump(ras): move the slices there.
    """

    def __init__(self, ui, chosen, restyled, jump):
        super().__init__()
        self._ui, self._chosen, self._restyled, self._jump = ui, chosen, restyled, jump
        self._nodes = None
        self._measured = None
        ui.mapsGridLayout.setColumnStretch(_THRESHOLD_COLUMN, 1)
        self.parameters = None
        self.rows = []
        ui.allMapsButton.connect("clicked()", lambda: self._choose(self._numbers()))
        ui.noMapsButton.connect("clicked()", lambda: self._choose([]))
        ui.bestMapsButton.connect("clicked()", lambda: self._choose(self.best()))
        ui.overlayOnComboBox.connect("currentIndexChanged(int)", self._on_overlay_on)
        ui.overlayOpacitySlider.connect("valueChanged(double)", self._on_opacity)

    def set_nodes(self, nodes):
        """Show the maps of a run, or none. Rows stay while the maps are the same nodes."""
        self._nodes = nodes
        found = list(zip(self._numbers(), nodes.attention if nodes is not None else [], strict=True))
        if [(row.number, row.node) for row in self.rows] != found:
            self._make_rows(found)
        if not self.rows:
            self._measured = None
            return
        background = views.image_to_show(nodes)
        now = [_state(node) for node in (background, attention.anatomy_volume(nodes), *nodes.attention)]
        if now == self._measured:
            # Called often, for the same run; only windows and colours may be others.
            for row in self.rows:
                row.refresh()
        else:
            self._measured = None
            anatomy, shares = attention.anatomy_volume(nodes), maps.Shares(nodes)
            extent = views.content_extent(background)
            for row in self.rows:
                row.set_anatomy(shares, background, extent, anatomy)
            self._measured = now

    def refresh(self):
        """Show what the parameter node says."""
        if self.parameters is None:
            return
        shown = list(self.parameters.shownMaps)
        for row in self.rows:
            row.set_shown(row.number in shown)
        entries = [(_("source"), "source", ""), (_("synthetic"), "synthetic", "")]
        fill(self._ui.overlayOnComboBox, entries, self.parameters.overlayOn)
        was_blocked = self._ui.overlayOpacitySlider.blockSignals(True)
        self._ui.overlayOpacitySlider.value = self.parameters.overlayOpacity
        self._ui.overlayOpacitySlider.blockSignals(was_blocked)

    def overlays(self):
        """The map nodes that are shown, in the order in which they were chosen: the last lies on top."""
        by_number = {row.number: row.node for row in self.rows}
        return tuple(by_number[number] for number in self.parameters.shownMaps if number in by_number)

    def best(self):
        """The numbers of the maps that are worth seeing together."""
        nodes = self._nodes
        best = attention.complementary_maps(nodes.attention, attention.anatomy_volume(nodes))
        numbers = dict(zip((node.GetID() for node in nodes.attention), self._numbers(), strict=True))
        return [numbers[node.GetID()] for node in best]

    def choose_for_new_run(self):
        """A run of which no map is chosen begins with the best ones."""
        if self.rows and not self.overlays():
            self.parameters.shownMaps = self.best()

    def cleanup(self):
        """Let go of the nodes."""
        self._nodes = self._measured = None
        self._make_rows([])

    def _make_rows(self, found):
        self.removeObservers()
        for row in self.rows:
            row.remove()
        widget = self._ui.inspectMapsButton
        self.rows = [
            MapRow(widget, self._ui.mapsGridLayout, index, number, node, self._on_toggled, self._jump)
            for index, (number, node) in enumerate(found)
        ]
        for row in self.rows:
            if row.node.GetDisplayNode() is not None:
                # It tells of its colour table's changes, too.
                self.addObserver(row.node.GetDisplayNode(), vtk.vtkCommand.ModifiedEvent, self._on_display_modified)

    def _on_display_modified(self, display, _event):
        for row in self.rows:
            if row.node.GetDisplayNode() is display:
                row.refresh()
        self._restyled()

    def _numbers(self):
        return self._nodes.attention_numbers if self._nodes is not None else []

    def _choose(self, numbers):
        if self.parameters is not None and self._nodes is not None:
            self.parameters.shownMaps = numbers
            if numbers:
                self._chosen()

    def _on_toggled(self, number, shown):
        if self.parameters is not None:
            others = [each for each in self.parameters.shownMaps if each != number]
            self._choose([*others, number] if shown else others)

    def _on_overlay_on(self, _index):
        if self.parameters is not None and self._ui.overlayOnComboBox.currentIndex >= 0:
            self.parameters.overlayOn = self._ui.overlayOnComboBox.currentData

    def _on_opacity(self, value):
        if self.parameters is not None:
            self.parameters.overlayOpacity = value


def _state(volume):
    """Something that is another thing once a volume's voxels are others, or lie elsewhere."""
    if volume is None:
        return None
    image, parent = volume.GetImageData(), volume.GetParentTransformNode()
    return (
        volume,
        volume.GetMTime(),
        image.GetMTime() if image is not None else None,
        parent.GetTransformToWorldMTime() if parent is not None else None,
    )
