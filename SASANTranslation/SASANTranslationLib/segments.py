"""The segmentation node: one segment for each label, with its name, colour and terminology."""

import slicer

#: The contexts in which Slicer's terminology selector shows the codes.
_TERMINOLOGY = "Segmentation category and type - 3D Slicer General Anatomy list"
_ANATOMY = "Anatomic codes - DICOM master list"

#: Segments made here have identifiers that begin with this; others are the user's.
_ID_PREFIX = "SASAN_"


def fill_segments(node, image, geometry, labels, source, reset=True):
    """Give a segmentation node a segment for each of `labels`, from the label `image` on the grid of `geometry`.

    source: the volume node in the scene that was translated: the reference geometry, under the same transform.
    labels: {"value", "name", "color" (0 to 255), "snomed"} as the worker describes them. reset: also give
    segments that the node has already their names, colours and visibility; else they keep what the user
    chose. Segments that the user added stay. No surface is made.

    Returns:
        function: gives the node back the segments that it had.
    """
    before = _Before(node)
    try:
        _fill(node, image, geometry, labels, before, keep=not reset)
        # `geometry` may be a frame, whose ID is that of another node in the scene.
        node.SetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole(), source.GetID())
        node.SetAndObserveTransformNodeID(source.GetTransformNodeID())
    except BaseException:
        before.restore()
        raise
    return before.restore


class _Before:
    """The segments made here that a segmentation node has, and how they are shown."""

    def __init__(self, node):
        self._node = node
        segmentation = node.GetSegmentation()
        self.segments = {key: segmentation.GetSegment(key) for key in _own_ids(segmentation)}
        self.shown = {key: _properties(node, key) for key in self.segments}
        self._values = {key: segment.GetLabelValue() for key, segment in self.segments.items()}
        # Taking a segment out of a shared labelmap writes into both; a shallow copy keeps the voxels.
        images = {key: segment.GetRepresentation(_labelmap_name()) for key, segment in self.segments.items()}
        copies = {id(image): _shallow_copy(image) for image in images.values() if image is not None}
        self._images = {key: copies[id(image)] for key, image in images.items() if image is not None}

    def restore(self):
        """Give the node back what it had."""
        _remove(self._node.GetSegmentation(), _own_ids(self._node.GetSegmentation()))
        for key, segment in self.segments.items():
            segment.SetLabelValue(self._values[key])
            if key in self._images:
                segment.AddRepresentation(_labelmap_name(), self._images[key])
            _add(self._node, segment, key, self.shown[key])


def terminology_entry(snomed):
    """Slicer's text for a label's codes: as `vtkSlicerTerminologiesModuleLogic` writes it.

    `snomed` is {"category": {"scheme", "value", "meaning"}, "type": {…}}. There is no modifier and no region.
    """
    category, kind = ("^".join(snomed[part][key] for key in ("scheme", "value", "meaning")) for part in _PARTS)
    return "~".join((_TERMINOLOGY, category, kind, "^^", _ANATOMY, "^^", "^^"))


_PARTS = ("category", "type")


def _fill(node, image, geometry, labels, before, keep):
    segmentation = node.GetSegmentation()
    segmentation.SetSourceRepresentationName(_labelmap_name())
    node.SetReferenceImageGeometryParameterFromVolumeNode(geometry)
    labelmap = _oriented(image, geometry)
    _remove(segmentation, before.segments)
    for label in labels:
        if label["value"] == 0:
            continue
        key = f"{_ID_PREFIX}{label['value']}"
        old = before.segments.get(key) if keep else None
        segment = slicer.vtkSegment()
        segment.SetLabelValue(label["value"])
        segment.SetName(old.GetName() if old else label["name"])
        segment.SetColor(old.GetColor() if old else [part / 255 for part in label["color"]])
        if label.get("snomed"):
            segment.SetTerminology(terminology_entry(label["snomed"]))
        # All segments share one labelmap: they do not overlap.
        segment.AddRepresentation(_labelmap_name(), labelmap)
        _add(node, segment, key, before.shown.get(key) if keep else None)


def _labelmap_name():
    return slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()


def _shallow_copy(image):
    copy = slicer.vtkOrientedImageData()
    copy.ShallowCopy(image)
    return copy


def _oriented(image, geometry):
    """A copy of the label image, which the segment editor may write into, with the grid of a volume node."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    geometry.GetIJKToRASMatrix(matrix)
    labelmap = slicer.vtkOrientedImageData()
    labelmap.DeepCopy(image)
    labelmap.SetGeometryFromImageToWorldMatrix(matrix)
    return labelmap


def _own_ids(segmentation):
    return [key for key in segmentation.GetSegmentIDs() if key.startswith(_ID_PREFIX)]


def _remove(segmentation, keys):
    for key in keys:
        segmentation.RemoveSegment(key)


def _add(node, segment, key, shown):
    if not node.GetSegmentation().AddSegment(segment, key):
        raise RuntimeError(f"the segment {segment.GetName()} could not be added")
    display = node.GetDisplayNode()
    if shown is not None and display is not None:
        display.SetSegmentVisibility(key, shown["visible"])
        display.SetSegmentOpacity2DFill(key, shown["fill"])
        display.SetSegmentOpacity2DOutline(key, shown["outline"])
        display.SetSegmentOpacity3D(key, shown["surface"])


def _properties(node, key):
    """What the user can change of how a segment is shown."""
    display = node.GetDisplayNode()
    if display is None:
        return None
    return {
        "visible": display.GetSegmentVisibility(key),
        "fill": display.GetSegmentOpacity2DFill(key),
        "outline": display.GetSegmentOpacity2DOutline(key),
        "surface": display.GetSegmentOpacity3D(key),
    }
