"""Volume nodes from arrays, with an undo for each step: on exactly the grid, and in the place, of another volume."""

import slicer
from slicer.i18n import tr as _

from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.provenance_attributes import SOURCE_REFERENCE_ROLE
from SASANTranslationLib.scene import remove_node


def image_from_array(array, geometry, labels=False):
    """Copy an array (k, j, i) into a new vtkImageData, once: float32, or for `labels` uint8 or int16.

    `geometry` is the volume node whose voxels these are. Raises `TranslationError` when the shapes differ.
    """
    import numpy as np
    import vtk
    from vtk.util.numpy_support import get_vtk_array_type, vtk_to_numpy

    expected = _shape(geometry)
    if array.shape != expected:
        raise TranslationError(
            _("The result has {result} voxels, but {name} has {input}.").format(
                result=_times(array.shape), name=geometry.GetName(), input=_times(expected)
            ),
            _("The volume was changed while it was translated: translate it again."),
            kind="source",
        )
    scalar_type = (np.uint8 if array.dtype.itemsize == 1 else np.int16) if labels else np.float32
    image = vtk.vtkImageData()
    # Voxel indices count from the extent's lower end, which is zero in all but the oddest of volumes.
    image.SetExtent(geometry.GetImageData().GetExtent())
    image.AllocateScalars(get_vtk_array_type(scalar_type), 1)
    # One pass through a memory-mapped file, whatever its type.
    vtk_to_numpy(image.GetPointData().GetScalars()).reshape(expected)[:] = array
    return image


def add_node(node_class, name, undo):
    """Add an empty node with a display node; `undo` (an ExitStack) removes it again."""
    node = slicer.mrmlScene.AddNewNodeByClass(node_class, name)
    undo.callback(remove_node, node)
    node.CreateDefaultDisplayNodes()
    return node


def fill_volume(node, image, geometry, transform):
    """Give a volume node an image on the grid of the volume node `geometry`, under the transform node `transform`."""
    import vtk

    directions = vtk.vtkMatrix4x4()
    geometry.GetIJKToRASDirectionMatrix(directions)
    was_modifying = node.StartModify()
    # Not by SetIJKToRASMatrix: taking the matrix apart and putting it together again costs its last bits.
    node.SetIJKToRASDirectionMatrix(directions)
    node.SetSpacing(geometry.GetSpacing())
    node.SetOrigin(geometry.GetOrigin())
    node.SetAndObserveImageData(image)
    node.SetAndObserveTransformNodeID(transform.GetID() if transform is not None else None)
    node.EndModify(was_modifying)


def remember(node, undo):
    """Have `undo` (an ExitStack) give an output its name, attributes, source, transform and voxels back."""
    name, attributes = node.GetName(), attributes_of(node)
    source, transform = node.GetNodeReferenceID(SOURCE_REFERENCE_ROLE), node.GetTransformNodeID()

    def restore():
        node.SetName(name)
        set_attributes(node, attributes)
        node.SetNodeReferenceID(SOURCE_REFERENCE_ROLE, source)
        node.SetAndObserveTransformNodeID(transform)

    undo.callback(restore)
    if node.IsA("vtkMRMLVolumeNode"):
        # A shallow copy: images are replaced here, never written into.
        content = type(node)()
        content.CopyContent(node, False)
        undo.callback(node.CopyContent, content, False)
        undo.callback(node.SetVoxelValueUnits, node.GetVoxelValueUnits())
        undo.callback(node.SetVoxelValueQuantity, node.GetVoxelValueQuantity())


def remember_table(table, undo):
    """Have `undo` (an ExitStack) give a colour table its colours back."""
    content = type(table)()
    # Not CopyContent, which leaves the colours out.
    content.Copy(table)
    undo.callback(table.Copy, content)


def remember_display(display, undo):
    """Have `undo` (an ExitStack) give a display node back its colours and, of a scalar volume, its window."""
    color, attributes = display.GetColorNodeID(), attributes_of(display)
    window = None
    if display.IsA("vtkMRMLScalarVolumeDisplayNode"):
        window = display.GetAutoWindowLevel(), display.GetWindowLevelMin(), display.GetWindowLevelMax()

    def restore():
        # None before means that the colours are a new node, which has left the scene by now.
        if color is not None:
            display.SetAndObserveColorNodeID(color)
        set_attributes(display, attributes)
        if window is not None:
            automatic, low, high = window
            display.SetAutoWindowLevel(automatic)
            if not automatic:
                display.SetWindowLevelMinMax(low, high)

    undo.callback(restore)


def attributes_of(node):
    """A node's attributes as a dict."""
    return {name: node.GetAttribute(name) for name in node.GetAttributeNames()}


def set_attributes(node, attributes):
    """Give a node these attributes and no others."""
    for name in set(node.GetAttributeNames()) - attributes.keys():
        node.RemoveAttribute(name)
    for name, value in attributes.items():
        node.SetAttribute(name, value)


def _shape(volume):
    """The shape (k, j, i) of a volume node's voxels; of one without voxels, ()."""
    image = volume.GetImageData()
    return tuple(reversed(image.GetDimensions())) if image is not None else ()


def _times(shape):
    return " × ".join(str(size) for size in reversed(shape)) or _("no")
