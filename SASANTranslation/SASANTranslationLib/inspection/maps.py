"""Attention maps as the picker handles them: where a map begins, its colour, and how much of the anatomy is its own."""

from slicer.util import arrayFromVolume

from SASANTranslationLib import colors, presentation
from SASANTranslationLib.attention import anatomy_volume, inside
from SASANTranslationLib.provenance_attributes import COLORS_OF, COLORS_ROLE, ROLE, RUN, key_of
from SASANTranslationLib.translation_nodes import tables_of

#: The narrowest window of a map: its threshold stays this far below its upper end.
_NARROWEST = 0.01


def threshold(node):
    """Above this value a map is drawn: the lower end of its window."""
    return node.GetDisplayNode().GetWindowLevelMin()


def set_threshold(node, value):
    """Draw a map above `value` (0 to just below the upper end of its window)."""
    display = node.GetDisplayNode()
    upper = display.GetWindowLevelMax()
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(min(max(value, 0.0), upper - _NARROWEST), upper)


def color(node):
    """A map's colour as (red, green, blue), 0 to 255: the last of its table."""
    table = node.GetDisplayNode().GetColorNode()
    rgba = [0.0] * 4
    if table is None or not table.GetColor(table.GetNumberOfColors() - 1, rgba):
        return 255, 255, 255
    return tuple(round(255 * part) for part in rgba[:3])


def set_color(node, rgb):
    """Draw a map in another colour (0 to 255): the table that its run made for it is written anew.

    A map to which the user gave another table, one of Slicer's, gets its own back: Slicer's stay as they are.
    """
    display = node.GetDisplayNode()
    table = display.GetColorNode()
    if table is None or table.GetAttribute("Category") != colors.CATEGORY:
        run, key = node.GetAttribute(RUN), key_of(node)
        table = tables_of(run).get(key) if run else None
        if table is None:
            table = colors.attention_color_table(f"{node.GetName()} colors", rgb)
            mark_colors(table, run, key)
        display.SetAndObserveColorNodeID(table.GetID())
    colors.recolor_attention_table(table, rgb)


def mark_colors(table, run, key):
    """Make a colour table one of a run's, so that it leaves with the run: it colours the output `key`."""
    if run:
        table.SetAttribute(RUN, run)
        table.SetAttribute(ROLE, COLORS_ROLE)
        table.SetAttribute(COLORS_OF, key)


class Shares:
    """How a run's maps divide the anatomy among them; counted once, and again when a map's voxels change."""

    def __init__(self, nodes):
        self._nodes = list(nodes.attention)
        self._anatomy = anatomy_volume(nodes)
        self._counted = None
        self._shares = {}

    def share(self, node):
        """The share of the anatomy, 0 to 1, in which `node` is the strongest of all maps.

        Where no map has anything, none is the strongest: the shares of all add up to 1 at most.
        """
        voxels = [each.GetImageData().GetMTime() for each in self._nodes]
        if voxels != self._counted:
            self._counted, self._shares = voxels, self._count()
        return self._shares.get(node.GetID(), 0.0)

    def _count(self):
        import numpy as np

        values = np.stack([presentation.sampled(arrayFromVolume(node)) for node in self._nodes])
        values = values[:, inside(self._anatomy, self._nodes[0])]
        strongest = np.where(values.max(axis=0) > 0, values.argmax(axis=0), -1)
        return {node.GetID(): float((strongest == number).mean()) for number, node in enumerate(self._nodes)}
