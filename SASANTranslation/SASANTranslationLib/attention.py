"""Attention maps as overlays: which part of a map is drawn, and which maps are worth seeing together."""

#: A map is drawn where it is among its strongest in the anatomy: above this percentile there.
STRONG_PERCENTILE = 85

#: Bounds on where a map begins to be drawn, for maps that are almost empty and for saturated ones.
_LOWEST_START, _HIGHEST_START = 0.3, 0.95

#: A map that adds less than this share of the anatomy to the picture is left out of the first look.
_WORTH_ADDING = 0.03


def show_strong_part(node, segmentation):
    """Window an attention map, in [0, 1], so that its overlay shows its strongest part in the anatomy.

    The window's lower end is where the overlay begins: raising it in Slicer shows less of the map.
    """
    import numpy as np

    values = _array(node)
    inside = values[_anatomy(segmentation)]
    start = np.clip(np.percentile(inside, STRONG_PERCENTILE), _LOWEST_START, _HIGHEST_START)
    node.GetDisplayNode().AutoWindowLevelOff()
    node.GetDisplayNode().SetWindowLevelMinMax(float(start), 1.0)


def complementary_maps(maps, segmentation, count=4):
    """Choose up to `count` of the map nodes that together mark most of the anatomy with the least overlap.

    They are chosen one after the other, each for the anatomy it marks that none before it does, less what it
    marks of the background or again; the order is also the one to stack them in. Maps that add next to
    nothing are left out, but one is always chosen. Returns a list, empty only if `maps` is.
    """
    anatomy = _anatomy(segmentation)
    regions = [_array(node) > node.GetDisplayNode().GetWindowLevelMin() for node in maps]
    marked = ~anatomy
    chosen = []
    while len(chosen) < min(count, len(maps)):
        gains = [(region & ~marked).sum() - 0.5 * (region & marked).sum() for region in regions]
        best = max((n for n in range(len(maps)) if n not in chosen), key=gains.__getitem__)
        if chosen and gains[best] < _WORTH_ADDING * anatomy.sum():
            break
        chosen.append(best)
        marked |= regions[best]
    return [maps[n] for n in chosen]


def _anatomy(segmentation):
    """Where the labelmap has any label; everywhere if it has none."""
    inside = _array(segmentation) > 0
    return inside if inside.any() else ~inside


def _array(node):
    from slicer.util import arrayFromVolume

    return arrayFromVolume(node)
