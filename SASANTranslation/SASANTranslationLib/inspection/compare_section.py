"""The comparison with a reference volume: asked for, waited for, and shown."""

from html import escape

import slicer
from slicer.i18n import tr as _

from SASANTranslationLib.inspection.comparison import add_comparison, find_comparison
from SASANTranslationLib.inspection.readout import number_text, units_of
from SASANTranslationLib.scene import is_in_scene


class CompareSection:
    """The widgets about the reference; `parameters` is the parameter node, or None while there is none.

    compare(nodes, reference, done, failed): asks the worker. changed(): there is another comparison now.
    """

    def __init__(self, ui, compare, changed):
        self._ui, self._compare, self._changed = ui, compare, changed
        self._nodes = None
        self._waiting = None
        self._message = ""
        self.parameters = None
        self.comparison = None
        ui.referenceSelector.setMRMLScene(slicer.mrmlScene)
        # Only what the user chooses: when a node is removed, the selector goes on to another by itself.
        ui.referenceSelector.connect("nodeActivated(vtkMRMLNode*)", self._on_reference)
        ui.compareButton.connect("clicked()", self.compare)

    @property
    def difference(self):
        """The difference volume of the run's comparison, or None."""
        return self.comparison.difference if self.comparison is not None else None

    def set_nodes(self, nodes):
        """Show the comparison of a run (`TranslationNodes`, or None)."""
        if nodes is None or self._nodes is None or nodes.run != self._nodes.run:
            self._message = ""
        self._nodes = nodes
        self.comparison = find_comparison(nodes) if nodes is not None else None
        if nodes is not None and self.parameters is not None and self.parameters.referenceVolume is None:
            self.parameters.referenceVolume = nodes.reference
        self.refresh()

    def refresh(self):
        """Show what the parameter node says, and what the comparison found."""
        reference = self.parameters.referenceVolume if self.parameters is not None else None
        was_blocked = self._ui.referenceSelector.blockSignals(True)
        self._ui.referenceSelector.setCurrentNode(reference)
        self._ui.referenceSelector.blockSignals(was_blocked)
        problem = self._problem(reference)
        self._ui.compareButton.enabled = not problem
        self._ui.compareButton.toolTip = problem or _("Measure the difference within the body; fills the fourth view.")
        self._ui.compareButton.text = _("Comparing…") if self._waiting is not None else _("Compare")
        self._ui.compareStatusLabel.text = self._message
        self._ui.compareStatusLabel.visible = bool(self._message)
        text = _describe(self.comparison, units_of(self._nodes.synthetic)) if self.comparison is not None else ""
        self._ui.metricsLabel.text = text
        self._ui.metricsLabel.visible = bool(text)

    def compare(self):
        """Ask for a comparison of the present run with the chosen reference."""
        nodes, reference = self._nodes, self.parameters.referenceVolume
        request = self._waiting = object()
        self._message = ""
        self.refresh()
        self._compare(
            nodes,
            reference,
            lambda event, array: self._done(request, nodes, reference, event, array),
            lambda message: self._failed(request, str(message)),
        )

    def forget(self):
        """Do not wait any more: the scene is going, or the panel."""
        self._waiting = None

    def _done(self, request, nodes, reference, event, array):
        if request is not self._waiting:
            return
        self._waiting = None
        if is_in_scene(nodes.synthetic) and is_in_scene(reference):
            comparison = add_comparison(nodes, reference, event, array)
            if self._nodes is not None and self._nodes.run == nodes.run:
                self.comparison = comparison
                self._changed()
        else:
            self._message = _("A volume was removed while it was compared.")
        self.refresh()

    def _failed(self, request, message):
        if request is self._waiting:
            self._waiting = None
            self._message = message
            self.refresh()

    def _problem(self, reference):
        """Why it cannot be compared now; empty if it can."""
        if self._nodes is None or self._nodes.synthetic is None:
            return _("There is no synthetic volume to compare.")
        if self._waiting is not None:
            return _("A comparison is running.")
        if reference is None:
            return _("Choose a reference volume.")
        if reference is self._nodes.synthetic:
            return _("This is the synthetic volume itself: choose what it should be like.")
        return ""

    def _on_reference(self, node):
        if self.parameters is not None:
            self.parameters.referenceVolume = node


def _describe(comparison, units):
    """The measures and the errors by class, as rich text."""
    metrics = comparison.metrics
    parts = [
        _("MAE {value}").format(value=_value(metrics.get("mae"), f" {units}" if units else "")),
        _("PSNR {value}").format(value=_value(metrics.get("psnr"), " dB")),
        _("SSIM {value}").format(value=_value(metrics.get("ssim"), "", digits=3)),
    ]
    head = _("In the body, against {name}:").format(name=escape(comparison.reference_name))
    text = f"<p>{head}<br><b>{'&nbsp;&nbsp; '.join(parts)}</b></p>"
    if comparison.table is None:
        return text
    rows = _rows(comparison.table)
    columns = [_("Class"), _("Voxels"), _("Mean abs. error"), _("Mean error")]
    header = "".join(
        f"<th align='{'right' if n else 'left'}'>{column}&nbsp;&nbsp;</th>" for n, column in enumerate(columns)
    )
    body = "".join(
        f"<tr><td>{escape(name)}&nbsp;&nbsp;</td>"
        + "".join(f"<td align='right'>{number}&nbsp;&nbsp;</td>" for number in numbers)
        + "</tr>"
        for name, *numbers in rows
    )
    return f"{text}<table>{'<tr>' + header + '</tr>'}{body}</table>"


def _rows(node):
    """The rows of the table of errors as text."""
    table = node.GetTable()
    if table.GetNumberOfColumns() < 4:  # the user has changed it
        return []
    rows = []
    for row in range(table.GetNumberOfRows()):
        name, voxels, *errors = (table.GetColumn(column).GetVariantValue(row) for column in range(4))
        rows.append((name.ToString(), voxels.ToString(), *(_value(error.ToDouble(), "") for error in errors)))
    return rows


def _value(value, suffix, digits=1):
    """A measure as text; a dash where there is none."""
    if value is None or value != value:
        return "–"
    return number_text(value, f".{digits}f") + suffix
