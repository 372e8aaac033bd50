"""Attention maps as overlays: which part of a map is drawn, and which maps are worth seeing together."""

from SASANTranslationLib.presentation import sampled, set_window

#: A map is drawn where it is among its strongest in the anatomy: above this percentile there.
STRONG_PERCENTILE = 85

#: Bounds on where a map begins to be drawn, for maps that are almost empty and for saturated ones.
_LOWEST_START, _HIGHEST_START = 0.3, 0.95

#: A map that adds less than this share of the anatomy to the picture is left out of the first look.
_WORTH_ADDING = 0.03

#: A voxel belongs to a body if it is this many times as bright as the mean of what is not quite dark.
_BODY_THRESHOLD = 0.3


def anatomy_volume(nodes):
    """Of a `TranslationNodes`, the volume that tells best where the anatomy is; None if there is none at all."""
    return next((node for node in (nodes.segmentation, nodes.source, nodes.synthetic) if _has_voxels(node)), None)


def show_strong_part(node, anatomy):
    """Window an attention map, in [0, 1], so that its overlay shows its strongest part in the anatomy.

    The window's lower end is where the overlay begins: raising it in Slicer shows less of the map. `anatomy`
    is the volume node to find the anatomy in, as `anatomy_volume` chooses it: a labelmap, an image or None.
    """
    import numpy as np

    values = sampled(_array(node))[inside(anatomy, node)]
    start = np.clip(np.percentile(values, STRONG_PERCENTILE), _LOWEST_START, _HIGHEST_START)
    set_window(node, float(start), 1.0)


def complementary_maps(maps, anatomy, count=4):
    """Choose up to `count` of the map nodes that together mark most of the anatomy with the least overlap.

    They are chosen one after the other, each for the anatomy it marks that none before it does, less what it
    marks of the background or again; the order is also the one to stack them in. Maps that add next to
    nothing are left out, but one is always chosen. `anatomy` as in `show_strong_part`. Returns a list, empty
    only if `maps` is.
    """
    if not maps:
        return []
    anatomical = inside(anatomy, maps[0])
    regions = [sampled(_array(node)) > node.GetDisplayNode().GetWindowLevelMin() for node in maps]
    marked = ~anatomical
    chosen = []
    while len(chosen) < min(count, len(maps)):
        gains = [(region & ~marked).sum() - 0.5 * (region & marked).sum() for region in regions]
        best = max((n for n in range(len(maps)) if n not in chosen), key=gains.__getitem__)
        if chosen and gains[best] < _WORTH_ADDING * anatomical.sum():
            break
        chosen.append(best)
        marked |= regions[best]
    return [maps[n] for n in chosen]


def body_mask(array):
    """Where an image (k, j, i) shows a body: clearly above its background; everywhere if it is all the same.

    A fraction of the mean of the voxels above the darkest level separates a body from noisy air, in MR as in
    CT.
    """
    import numpy as np

    floor = np.percentile(sampled(array), 1)
    lit = sampled(array)[sampled(array) > floor]
    if not lit.size:
        return np.ones(array.shape, bool)
    return array > floor + _BODY_THRESHOLD * (lit.mean(dtype=np.float64) - floor)


def inside(anatomy, like):
    """Where the volume `anatomy` has a label or shows a body: bool, on the voxels of the map `like`, `sampled`.

    Everywhere, if it is None, has another grid, or shows none.
    """
    import numpy as np

    if _has_voxels(anatomy) and _array(anatomy).shape == _array(like).shape:
        array = sampled(_array(anatomy))
        mask = array > 0 if anatomy.IsA("vtkMRMLLabelMapVolumeNode") else body_mask(array)
        if mask.any():
            return mask
    return np.ones(sampled(_array(like)).shape, bool)


def _has_voxels(node):
    return node is not None and node.GetImageData() is not None


def _array(node):
    from slicer.util import arrayFromVolume

    return arrayFromVolume(node)
