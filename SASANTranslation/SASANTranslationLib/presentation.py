"""How outputs are shown at first: window and level, units. What the user changed of it stays."""

import slicer

#: Window and level in which a head's bone and soft tissue are both seen, in HU.
CT_WINDOW_LEVEL = (2000, 300)

#: Attribute of a display node: the window that was set here, to tell it from one that the user chose.
_PRESET = "SASAN.preset"

#: (quantity, units) as (code, coding scheme, meaning), the codes that Slicer's DICOM import uses.
_UNITS_BY_MODALITY = {
    "CT": (
        ("112031", "DCM", "Attenuation Coefficient"),
        ("[hnsf'U]", "UCUM", "Hounsfield unit"),
    ),
    "MR": (("110852", "DCM", "MR signal intensity"), ("1", "UCUM", "no units")),
}

#: Above this share of an uncertainty volume's non-zero values its colours do not change any more.
_UNCERTAINTY_PERCENTILE = 99.5


def show_as_modality(node, modality):
    """Give an image its units and its window and level: fixed for CT, from its histogram otherwise."""
    if modality == "CT":
        window, level = CT_WINDOW_LEVEL
        set_window(node, level - window / 2, level + window / 2)
    else:
        node.GetDisplayNode().RemoveAttribute(_PRESET)
        node.GetDisplayNode().AutoWindowLevelOn()
    set_units(node, modality)


def show_as_uncertainty(node, modality):
    """Window an uncertainty volume from 0 to the 99.5th percentile of what is above; units as `modality`."""
    import numpy as np
    from slicer.util import arrayFromVolume

    values = sampled(arrayFromVolume(node))
    above = values[values > 0]
    set_window(node, 0.0, float(np.percentile(above, _UNCERTAINTY_PERCENTILE)) if above.size else 1.0)
    set_units(node, modality)


def set_window(node, low, high):
    """Window a volume from `low` to `high`; `is_as_set` tells later whether it still is."""
    display = node.GetDisplayNode()
    was_modifying = display.StartModify()
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(low, high)
    display.SetAttribute(_PRESET, f"{low!r} {high!r}")
    display.EndModify(was_modifying)


def is_as_set(node):
    """Whether a volume has the window that was set here, or the automatic one; else the user chose it."""
    display = node.GetDisplayNode()
    preset = display.GetAttribute(_PRESET)
    if preset is None:
        return bool(display.GetAutoWindowLevel())
    low, high = (float(part) for part in preset.split())
    # A saved scene has fewer digits.
    near = 1e-4 * max(abs(low), abs(high), high - low)
    return abs(display.GetWindowLevelMin() - low) <= near and abs(display.GetWindowLevelMax() - high) <= near


def set_units(node, modality):
    """Set the coded quantity and units of a volume, as Slicer's DICOM import does, or none for other modalities."""
    if modality not in _UNITS_BY_MODALITY:
        node.SetVoxelValueQuantity(None)
        node.SetVoxelValueUnits(None)
        return
    quantity, units = slicer.vtkCodedEntry(), slicer.vtkCodedEntry()
    for entry, code in zip((quantity, units), _UNITS_BY_MODALITY[modality], strict=True):
        entry.SetValueSchemeMeaning(*code)
    node.SetVoxelValueQuantity(quantity)
    node.SetVoxelValueUnits(units)


def sampled(array, voxels=1_000_000):
    """Every n-th voxel of an array (k, j, i) along each axis: at least some `voxels` / 8, enough for a statistic."""
    step = max(1, round((array.size / voxels) ** (1 / 3)))
    return array[::step, ::step, ::step]
