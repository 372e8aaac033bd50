"""The values of a run at one point of the patient, as fast as the mouse moves. No Qt, and no copy of a volume."""

from dataclasses import dataclass
from math import floor, isfinite

import slicer
import vtk


@dataclass(frozen=True)
class Reading:
    """What the volumes of a run hold at one point; None where a volume is missing or the point lies outside it.

    `attention` has a value for each map. `label` is the class's value, `class_color` (red, green, blue) in 0 to
    255, None for the background and for a value without a colour.
    """

    source: float | None = None
    synthetic: float | None = None
    uncertainty: float | None = None
    difference: float | None = None
    label: int | None = None
    class_name: str | None = None
    class_color: tuple | None = None
    attention: tuple = ()


def read_at(nodes, ras, difference=None):
    """The `Reading` of a run (`TranslationNodes`) at the world point `ras` (mm).

    Every volume is asked through its own geometry and transform, also one that is not linear: the user may have
    moved one since. The voxel that holds the point counts, as in Slicer's data probe. About 0.1 ms.
    """
    points = {}
    source, synthetic, uncertainty, label, difference_value, *attention = (
        _value(node, ras, points)
        for node in (nodes.source, nodes.synthetic, nodes.uncertainty, nodes.segmentation, difference, *nodes.attention)
    )
    label = None if label is None else int(label)
    name, color = (None, None) if label is None else describe_class(nodes.segmentation, label)
    return Reading(source, synthetic, uncertainty, difference_value, label, name, color, tuple(attention))


def describe_class(segmentation, label):
    """Name and colour (0 to 255; None if it has none to show) of a label value in a labelmap's colour table."""
    display = segmentation.GetDisplayNode()
    table = display.GetColorNode() if display is not None else None
    color = [0.0] * 4
    if table is None or not table.GetColor(label, color):
        return str(label), None
    shown = tuple(round(255 * part) for part in color[:3]) if label and color[3] > 0 else None
    return table.GetColorName(label) or str(label), shown


def units_of(node):
    """The short text of a volume's units ("HU", …), empty when it has none or counts in none."""
    units = node.GetVoxelValueUnits() if node is not None else None
    code = units.GetCodeValue() if units is not None else None
    if not code or code == "1":
        return ""
    return {"[hnsf'U]": "HU"}.get(code, code)


def number_text(value, specification):
    """A number as text, to be read only: formatted, with a minus sign as wide as a plus, and none before a zero."""
    text = format(value, specification)
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def _value(node, ras, points):
    """The voxel of `node` at world `ras`; None outside. `points` keeps what each parent transform made of it."""
    image = node.GetImageData() if node is not None else None
    if image is None or image.GetPointData().GetScalars() is None:
        return None
    parent = node.GetParentTransformNode()
    if parent not in points:
        points[parent] = ras if parent is None else _into(parent, ras)
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    if points[parent] is None or matrix.Determinant() == 0:
        return None
    matrix.Invert()
    voxel = matrix.MultiplyPoint((*points[parent], 1.0))[:3]
    if not all(map(isfinite, voxel)):
        return None
    voxel = [floor(part + 0.5) for part in voxel]
    if not all(0 <= index < size for index, size in zip(voxel, image.GetDimensions(), strict=True)):
        return None
    return image.GetScalarComponentAsDouble(*voxel, 0)


def _into(transform, ras):
    """A world point in the coordinates below a transform node, linear or not; None if it squeezes space flat."""
    if transform.IsTransformToWorldLinear():
        to_world = vtk.vtkMatrix4x4()
        transform.GetMatrixTransformToWorld(to_world)
        if to_world.Determinant() == 0:
            return None
    from_world = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(None, transform, from_world)
    return from_world.TransformPoint(ras)
