"""Which modality a volume most likely is: from DICOM where it came from there, else from its units and values."""

import slicer

from SASANTranslationLib.geometry import has_voxels

#: Air of a CT in Hounsfield units is far below this; MR intensities are not negative, or little if z-scored.
_CT_BELOW = -200


def guess_modality(volume):
    """ "CT" or "MR", or what DICOM calls it ("PT", "US" …); None if nothing tells.

    Asked in this order: the modality of the DICOM series, the units of the voxels, the lowest values.
    """
    return _dicom_modality(volume) or _modality_of_units(volume) or _modality_of_values(volume)


def _dicom_modality(volume):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item = hierarchy.GetItemByDataNode(volume)
    if item == hierarchy.GetInvalidItemID():
        return None
    attribute = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
    return hierarchy.GetItemAttribute(item, attribute) or None


def _modality_of_units(volume):
    units = volume.GetVoxelValueUnits()
    quantity = volume.GetVoxelValueQuantity()
    if units is not None and units.GetCodeValue() == "[hnsf'U]":
        return "CT"
    return "MR" if quantity is not None and quantity.GetCodeValue() == "110852" else None


def _modality_of_values(volume):
    import numpy as np
    from slicer.util import arrayFromVolume

    if not has_voxels(volume):
        return None
    values = arrayFromVolume(volume).ravel()
    sample = values[:: max(1, values.size // 100_000)]
    sample = sample[np.isfinite(sample)]
    if sample.size == 0 or sample.min() == sample.max():
        return None
    return "CT" if np.percentile(sample, 1) < _CT_BELOW else "MR"
