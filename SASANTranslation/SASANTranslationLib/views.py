"""How slice views show a translation: layers, where the slices lie, and a layout for the first look."""

import math
from dataclasses import dataclass

import slicer
import vtk

from SASANTranslationLib.attention import anatomy_volume, body_mask, complementary_maps
from SASANTranslationLib.geometry import has_voxels, ijk_to_world

ATTENTION_OPACITY = 0.6
SEGMENTATION_OPACITY = 0.45

#: Rows of the three-by-three layout, by view name. Red, Yellow and Green keep their usual orientation, so
#: that the first row is what the user finds when returning to a standard layout.
_ORIENTATIONS = ("Axial", "Sagittal", "Coronal")
_SOURCE_ROW = ("Red", "Yellow", "Green")
_SYNTHETIC_ROW = ("Slice4", "Slice5", "Slice6")
_ATTENTION_ROW = ("Slice7", "Slice8", "Slice9")

#: Space around the anatomy, as a factor on its size.
_MARGIN = 1.07


@dataclass(frozen=True)
class Extent:
    """Where the content of a volume lies in RAS, millimetres: its box and its centre of brightness."""

    lower: tuple
    upper: tuple
    focus: tuple

    @property
    def center(self):
        return tuple((low + high) / 2 for low, high in zip(self.lower, self.upper, strict=True))

    @property
    def size(self):
        return tuple(high - low for low, high in zip(self.lower, self.upper, strict=True))


def show_translation(nodes, overlay=None):
    """Show a run in nine slice views: source, synthetic, source with attention, each in three planes.

    `nodes` is a `TranslationNodes`; `overlay` the one attention map to show, by default the one that marks most
    of the anatomy. One, because Slicer does not save the opacities of more layers than three with a scene, and
    this is how a saved scene opens. Of what the run has not, another output takes the place. Views are centred
    on the anatomy and linked.
    """
    layout = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    layout.SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutThreeByThreeSliceView)
    rows = _rows(nodes, overlay)
    extent = content_extent(rows[0][1])
    for names, background, overlays, label in rows:
        for name, orientation in zip(names, _ORIENTATIONS, strict=True):
            view, composite = slice_view(name)
            set_layers(composite, background, overlays, label)
            composite.SetLinkedControl(True)
            view.SetOrientation(orientation)
            fit(view, extent)


def show_in_slices(nodes):
    """Show a run in the user's own views: the synthetic volume over its source, so that the fade slider compares.

    What the views' layers hold else (labels), how they lie and what they zoom on stays, unless they were empty.
    """
    background = image_to_show(nodes)
    foreground = nodes.synthetic or background
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        view = slicer.mrmlScene.GetSingletonNode(composite.GetLayoutName(), "vtkMRMLSliceNode")
        if view is None or view.GetViewGroup() != 0:  # of another layout's own, as inspection's are
            continue
        was_empty = composite.GetBackgroundVolumeID() is None
        composite.SetBackgroundVolumeID(background.GetID())
        composite.SetForegroundVolumeID(foreground.GetID())
        composite.SetForegroundOpacity(1.0)
        if was_empty:
            fit(view, content_extent(background))


def _rows(nodes, overlay):
    """(view names, background, overlays, label map) of the rows of the layout, from what a run has."""
    overlays = complementary_maps(nodes.attention, anatomy_volume(nodes), count=1) if overlay is None else [overlay]
    image = image_to_show(nodes)
    label = None if overlays else nodes.segmentation
    return (
        (_SOURCE_ROW, image, (), None),
        (_SYNTHETIC_ROW, nodes.synthetic or nodes.uncertainty or image, (), None),
        (_ATTENTION_ROW, image, overlays, label),
    )


def image_to_show(nodes):
    """What to show a run's other outputs on: its input, or the next best if that was removed or is all there is."""
    images = (nodes.source, nodes.synthetic, nodes.uncertainty, *nodes.attention, nodes.segmentation)
    return next(node for node in images if node is not None and has_voxels(node))


def slice_view(name):
    """The slice node and the composite node of the view `name` ("Red", "Slice4", …), made if missing."""
    return _view_node("vtkMRMLSliceNode", name), _view_node("vtkMRMLSliceCompositeNode", name)


def set_layers(composite, background, overlays=(), label=None, opacity=ATTENTION_OPACITY):
    """Show a `background`, `overlays` and a `label` map, each above the last, in a composite node's view.

    Any number of overlays can be shown: the first is the foreground layer, the others get layers of their
    own, whose opacity Slicer does not save with a scene. All have `opacity`; the label map has
    `SEGMENTATION_OPACITY`. A `background` of None leaves the view black.
    """
    first_extra = slicer.vtkMRMLSliceCompositeNode.Layer_Last
    extra = overlays[1:]
    was_modifying = composite.StartModify()
    composite.SetCompositing(slicer.vtkMRMLSliceCompositeNode.Alpha)
    composite.SetBackgroundVolumeID(background.GetID() if background else None)
    composite.SetForegroundVolumeID(overlays[0].GetID() if overlays else None)
    composite.SetForegroundOpacity(opacity if overlays else 0.0)
    composite.SetLabelVolumeID(label.GetID() if label else None)
    composite.SetLabelOpacity(SEGMENTATION_OPACITY)
    # From the last: the references of the layers above a removed one move down.
    for layer in reversed(range(first_extra + len(extra), first_extra + composite.GetNumberOfAdditionalLayers())):
        composite.SetNthLayerVolumeID(layer, None)
    for layer, node in enumerate(extra, start=first_extra):
        composite.SetNthLayerVolumeID(layer, node.GetID())
        composite.SetNthLayerOpacity(layer, opacity)
    composite.EndModify(was_modifying)


def fit(view, extent):
    """Show all of an `Extent` in a slice node's view, in the slice through its focus.

    The view stays as it is where the extent is that of nothing: of a volume that a transform has squeezed flat.
    """
    if not all(map(math.isfinite, (*extent.lower, *extent.upper, *extent.focus))):
        return
    view.JumpSliceByCentering(*extent.center)
    view.JumpSliceByOffsetting(*extent.focus)
    width, height = in_plane_size(view, extent)
    columns, rows, _ = view.GetDimensions()
    millimetres_per_pixel = max(width / columns, height / rows)
    if millimetres_per_pixel <= 0:
        return
    depth = view.GetFieldOfView()[2]
    view.SetFieldOfView(columns * millimetres_per_pixel, rows * millimetres_per_pixel, depth)


def in_plane_size(view, extent):
    """Width and height (mm) that a slice node's view needs for an `Extent`, some space around it included."""
    to_ras = view.GetSliceToRAS()
    return tuple(
        _MARGIN * sum(abs(to_ras.GetElement(row, column)) * extent.size[row] for row in range(3)) for column in range(2)
    )


def content_extent(volume):
    """The `Extent` of what a volume shows: its body, as `attention.body_mask` finds it, without stray voxels.

    The outer 0.1 % along each axis are left out. A linear parent transform is applied.
    """
    import numpy as np
    from slicer.util import arrayFromVolume, arrayFromVTKMatrix

    array = arrayFromVolume(volume)
    step = max(1, round((array.size / 1e6) ** (1 / 3)))
    coarse = array[::step, ::step, ::step].astype(np.float32)
    inside = body_mask(coarse)
    # A few saturated vessels or a metal artefact must not pull the focus.
    weights = np.minimum(coarse[inside], np.percentile(coarse[inside], 95)) - np.percentile(coarse, 1) + 1e-6
    matrix = arrayFromVTKMatrix(_ijk_to_world(volume))
    points = np.argwhere(inside)[:, ::-1] * step @ matrix[:3, :3].T + matrix[:3, 3]
    lower, upper = np.percentile(points, [0.1, 99.9], axis=0)
    focus = np.average(points, axis=0, weights=weights)
    return Extent(tuple(lower.tolist()), tuple(upper.tolist()), tuple(focus.tolist()))


def _ijk_to_world(volume):
    """As `geometry.ijk_to_world`, but a transform that is not linear, which a matrix cannot tell, is left out."""
    parent = volume.GetParentTransformNode()
    if parent is None or parent.IsTransformToWorldLinear():
        return ijk_to_world(volume)
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return matrix


def _view_node(node_class, name):
    """The node of `node_class` of the view `name`; one added here serves the view's widget once it exists."""
    node = slicer.mrmlScene.GetSingletonNode(name, node_class)
    if node is None:
        node = slicer.mrmlScene.CreateNodeByClass(node_class)
        node.UnRegister(None)
        node.SetName(name)
        node.SetSingletonTag(name)
        node.SetLayoutName(name)
        node = slicer.mrmlScene.AddNode(node)
    return node
