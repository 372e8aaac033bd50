"""The values under the mouse, as labels and bars."""

import qt
from slicer.i18n import tr as _

from SASANTranslationLib.inspection import maps
from SASANTranslationLib.inspection.readout import Reading, number_text, units_of

_NOTHING = "–"

#: Bars in one line.
_IN_LINE = 2

_BAR_STYLE = (
    "QProgressBar {{ border: 1px solid palette(mid); border-radius: 2px; background: palette(base); }}"
    " QProgressBar::chunk {{ background: rgb({}, {}, {}); }}"
)


class ReadoutSection:
    """Shows `readout.Reading`s of one run after the other, as fast as the mouse moves."""

    def __init__(self, ui):
        self._ui = ui
        self._units = {}
        self._shown = {}
        self._bars = []
        self.show(None)

    def set_nodes(self, nodes, difference):
        """Make room for the values of a run (`TranslationNodes`, or None) and of its difference volume, or None."""
        found = list(zip(nodes.attention_numbers, nodes.attention, strict=True)) if nodes is not None else []
        if [(bar.number, bar.node) for bar in self._bars] != found:
            for bar in self._bars:
                bar.remove()
            self._bars = [_Bar(self._ui, index, number, node) for index, (number, node) in enumerate(found)]
        volumes = {"difference": difference}
        for name in ("source", "synthetic", "uncertainty"):
            volumes[name] = getattr(nodes, name) if nodes is not None else None
        self._units = {name: units_of(volume) for name, volume in volumes.items()}
        volumes["class"] = nodes.segmentation if nodes is not None else None
        for name in ("uncertainty", "difference", "class"):
            for kind in ("Title", "Value"):
                getattr(self._ui, f"{name}{kind}Label").visible = volumes[name] is not None
        self.recolor()
        self.show(None)

    def recolor(self):
        """Give the bars the colours of their maps."""
        for bar in self._bars:
            bar.recolor()

    def show(self, reading):
        """Show a reading; None for a mouse outside the views."""
        reading = reading or Reading()
        for name in ("source", "synthetic", "uncertainty", "difference"):
            self._set(name, _number(getattr(reading, name), self._units.get(name)))
        self._set("class", _class(reading))
        values = reading.attention or [None] * len(self._bars)
        for bar, value in zip(self._bars, values, strict=False):
            bar.show(value)

    def _set(self, name, text):
        """Change a label only where it changes: most of them do not, from one pixel to the next."""
        if self._shown.get(name) != text:
            self._shown[name] = text
            getattr(self._ui, f"{name}ValueLabel").text = text


class _Bar:
    """A map's value as a bar in the map's colour, with its number on the left and the value on the right."""

    def __init__(self, ui, index, number, node):
        self.number, self.node = number, node
        self._style = self._text = None
        parent, grid = ui.inspectReadoutButton, ui.barsGridLayout
        self._title = qt.QLabel(_("Map {number}").format(number=number), parent)
        self._bar = qt.QProgressBar(parent)
        self._bar.setRange(0, 1000)
        self._bar.textVisible = False
        self._bar.setFixedHeight(10)
        self._label = qt.QLabel(parent)
        self._label.setMinimumWidth(self._label.fontMetrics().boundingRect("0.00").width() + 4)
        row, column = index // _IN_LINE, 3 * (index % _IN_LINE)
        for offset, widget in enumerate((self._title, self._bar, self._label)):
            grid.addWidget(widget, row, column + offset)
        grid.setColumnStretch(column + 1, 1)

    def show(self, value):
        text = _NOTHING if value is None else number_text(value, ".2f")
        if text != self._text:
            self._text = text
            self._label.text = text
            self._bar.setValue(0 if value is None else round(1000 * min(max(value, 0), 1)))

    def recolor(self):
        style = _BAR_STYLE.format(*maps.color(self.node)) if self.node.GetDisplayNode() is not None else ""
        if style != self._style:
            self._style = style
            self._bar.styleSheet = style

    def remove(self):
        for widget in (self._title, self._bar, self._label):
            widget.setParent(None)
            widget.deleteLater()


def _number(value, units):
    """A value as text, with as many digits as can matter."""
    if value is None or value != value:
        return _NOTHING
    text = number_text(value, ".0f" if abs(value) >= 100 or value == round(value) else ".3g")
    return f"{text} {units}" if units else text


def _class(reading):
    """A class as rich text: its colour and its name."""
    if reading.class_name is None:
        return _NOTHING
    name = reading.class_name.replace("&", "&amp;").replace("<", "&lt;")
    if reading.class_color is None:
        return name
    return '<span style="color: #{:02x}{:02x}{:02x}">■</span> {}'.format(*reading.class_color, name)
