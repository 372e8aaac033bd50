"""Scenes for tests, and questions that tests ask about them."""

from contextlib import contextmanager

import numpy as np
import slicer
import vtk
from slicer.util import arrayFromVTKMatrix
from slicer_session import Session


@contextmanager
def module_session(sequences=True):
    """A `Session` with the logics of Slicer's modules Segmentations and, unless it is to do nothing, Sequences."""
    logics = [slicer.vtkSlicerSegmentationsModuleLogic()] + ([slicer.vtkSlicerSequencesLogic()] if sequences else [])
    with Session() as session:
        for logic in logics:
            logic.SetMRMLScene(session.scene)
        if not sequences:
            for node_class in (slicer.vtkMRMLSequenceNode, slicer.vtkMRMLSequenceBrowserNode):
                session.scene.RegisterNodeClass(node_class())
        yield session
        for logic in logics:
            logic.SetMRMLScene(None)


def ijk_to_ras(node):
    """A volume node's IJK→RAS matrix as an array (4×4)."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return arrayFromVTKMatrix(matrix)


def volumes():
    """All volume nodes."""
    return slicer.util.getNodesByClass("vtkMRMLVolumeNode")


def hierarchy():
    """The Subject Hierarchy node."""
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)


def item_parent(node):
    """The item that a node lies under."""
    return hierarchy().GetItemParent(hierarchy().GetItemByDataNode(node))


def items():
    """The names of all items, sorted."""
    ids = vtk.vtkIdList()
    hierarchy().GetItemChildren(hierarchy().GetSceneItemID(), ids, True)
    return sorted(hierarchy().GetItemName(ids.GetId(n)) for n in range(ids.GetNumberOfIds()))


def everything():
    """What a test can compare the scene by: nodes with their names, attributes, references and voxels, and items."""
    described = {}
    for node in slicer.util.getNodesByClass("vtkMRMLNode"):
        if node.IsA("vtkMRMLSubjectHierarchyNode"):
            continue
        facts = [node.GetName(), {name: node.GetAttribute(name) for name in node.GetAttributeNames()}]
        if node.IsA("vtkMRMLTransformableNode"):
            facts.append(node.GetTransformNodeID())
        if node.IsA("vtkMRMLVolumeNode") and node.GetImageData() is not None:
            facts += [ijk_to_ras(node).tolist(), slicer.util.arrayFromVolume(node).tolist(), units(node)]
        if node.IsA("vtkMRMLScalarVolumeDisplayNode"):
            facts += [node.GetAutoWindowLevel(), node.GetWindowLevelMin(), node.GetWindowLevelMax()]
        if node.IsA("vtkMRMLDisplayNode"):
            facts.append(node.GetColorNodeID())
        if node.IsA("vtkMRMLColorTableNode") and node.GetLookupTable() is not None:
            facts.append(colors_of(node))
        if node.IsA("vtkMRMLSegmentationNode"):
            facts.append(segments_of(node))
        described[node.GetID()] = facts
    return described, items()


def units(node):
    """The meaning of a volume's units, or None."""
    entry = node.GetVoxelValueUnits() if node.IsA("vtkMRMLScalarVolumeNode") else None
    return entry.GetCodeMeaning() if entry is not None else None


def colors_of(table):
    """Names and colours (0 to 255, with alpha) of a table's entries."""
    lookup = table.GetLookupTable()
    count = table.GetNumberOfColors()
    rgba = [np.round(np.array(lookup.GetTableValue(n)) * 255).astype(int).tolist() for n in range(count)]
    return [(table.GetColorName(n), color) for n, color in enumerate(rgba)]


def segments_of(node):
    """{id: (name, colour, label value, terminology)} of a segmentation node."""
    segmentation = node.GetSegmentation()
    segments = {key: segmentation.GetSegment(key) for key in segmentation.GetSegmentIDs()}
    return {
        key: (segment.GetName(), segment.GetColor(), segment.GetLabelValue(), segment.GetTerminology())
        for key, segment in segments.items()
    }
