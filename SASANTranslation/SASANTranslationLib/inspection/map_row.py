"""One attention map in the picker: shown or not, where it is strongest, its colour, its threshold, its share."""

import ctk
import qt
from slicer.i18n import tr as _

from SASANTranslationLib.inspection import maps, thumbnails

_THUMBNAIL = 44

#: Pictures are drawn larger than they are shown, for screens with dense pixels.
_DRAWN = 2 * _THUMBNAIL


class MapRow:
    """The widgets of the map node `node` in row `row` of a grid layout whose parent widget is `parent`.

    toggled(number, shown): the user wants the map shown or not. jump(ras): to see where it is strongest.
    """

    def __init__(self, parent, grid, row, number, node, toggled, jump):
        self.number, self.node = number, node
        self._shares = self._background = self._extent = self._anatomy = self._point = None
        self._pictured = None
        self.check_box = qt.QCheckBox(_("Map {number}").format(number=number), parent)
        self.check_box.toolTip = _("Show {name} over the image.").format(name=node.GetName())
        self.check_box.connect("clicked(bool)", lambda shown: toggled(self.number, shown))

        self.thumbnail = qt.QToolButton(parent)
        self.thumbnail.autoRaise = True
        self.thumbnail.setIconSize(qt.QSize(_THUMBNAIL, _THUMBNAIL))
        self.thumbnail.connect("clicked()", lambda: jump(self._point) if self._point is not None else None)

        self.color_button = ctk.ctkColorPickerButton(parent)
        self.color_button.displayColorName = False
        self.color_button.toolTip = _("The map's colour.")
        self.color_button.connect("colorChanged(QColor)", self._on_color)

        self.slider = ctk.ctkSliderWidget(parent)
        self.slider.decimals = 2
        self.slider.singleStep = 0.01
        self.slider.pageStep = 0.1
        self.slider.minimum = 0
        self.slider.maximum = 0.99
        self.slider.toolTip = _("The map is drawn where it is above this value.")
        self.slider.connect("valueChanged(double)", self._on_threshold)

        self.share_label = qt.QLabel(parent)
        self.share_label.toolTip = _("The share of the anatomy in which this map is the strongest of all.")
        self.share_label.setAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
        self.share_label.setMinimumWidth(self.share_label.fontMetrics().boundingRect("100 %").width() + 4)

        self._widgets = (self.check_box, self.thumbnail, self.color_button, self.slider, self.share_label)
        for column, widget in enumerate(self._widgets):
            grid.addWidget(widget, row, column)

    def set_anatomy(self, shares, background, extent, anatomy):
        """What the share and the picture need: a `maps.Shares`, the volume under the map, its extent, the anatomy."""
        self._shares, self._background, self._extent, self._anatomy = shares, background, extent, anatomy
        self.refresh()

    def refresh(self):
        """Follow the node: the user, or a script, may have changed its colour or window elsewhere."""
        if self.node.GetDisplayNode() is None or self.node.GetImageData() is None or self._shares is None:
            return
        threshold, color = maps.threshold(self.node), maps.color(self.node)
        for widget in (self.slider, self.color_button):
            widget.blockSignals(True)
        self.slider.value = threshold
        self.color_button.color = qt.QColor(*color)
        for widget in (self.slider, self.color_button):
            widget.blockSignals(False)
        self.share_label.text = _("{percent} %").format(percent=_percent(self._shares.share(self.node)))
        self._draw(threshold, color)

    def set_shown(self, shown):
        """Tick the box or not."""
        self.check_box.checked = shown

    def remove(self):
        """Take the widgets away."""
        for widget in self._widgets:
            widget.blockSignals(True)
            widget.setParent(None)
            widget.deleteLater()

    def _draw(self, threshold, color):
        """Draw the thumbnail anew if it would look different."""
        window = self._background.GetDisplayNode().GetWindow(), self._background.GetDisplayNode().GetLevel()
        voxels = self.node.GetImageData().GetMTime(), self._background.GetID()
        now = (threshold, color, window, voxels, self._extent)
        if now == self._pictured:
            return
        self._pictured = now
        self._point = thumbnails.strongest_point(self.node, self._anatomy)
        center = self._point or self._extent.focus
        pixmap = qt.QPixmap()
        pixmap.loadFromData(thumbnails.thumbnail(self.node, self._background, self._extent, center, _DRAWN))
        self.thumbnail.setIcon(qt.QIcon(pixmap))
        self.thumbnail.enabled = self._point is not None
        self.thumbnail.toolTip = (
            _("Move the slices to where the map is strongest.") if self._point else _("The map marks nothing.")
        )

    def _on_threshold(self, value):
        maps.set_threshold(self.node, value)

    def _on_color(self, color):
        maps.set_color(self.node, (color.red(), color.green(), color.blue()))


def _percent(share):
    """A share as text: whole percents, and whether there is anything at all."""
    percent = 100 * share
    if 0 < percent < 1:
        return "< 1"
    return f"{percent:.0f}"
