"""The comparison of a synthetic volume with a reference, as nodes of its run: a difference volume and a table."""

import json
from dataclasses import dataclass

import slicer
import vtk
from slicer.i18n import tr as _

from SASANTranslationLib import colors, hierarchy, presentation
from SASANTranslationLib.inspection.maps import mark_colors
from SASANTranslationLib.inspection.readout import units_of
from SASANTranslationLib.provenance_attributes import DIFFERENCE_ROLE, ERRORS_ROLE, PREFIX, ROLE, RUN
from SASANTranslationLib.scene import batch, remove_node
from SASANTranslationLib.translation_nodes import tables_of

#: Node reference from the difference volume and the table to the volume that was compared with.
REFERENCE_ROLE = "SASAN.Reference"

#: Attribute of the difference volume: the measures as JSON.
_METRICS = PREFIX + "metrics"

#: The window shows errors up to this percentile of what is not zero; few voxels lie beyond.
_WINDOW_PERCENTILE = 99


@dataclass(frozen=True)
class Comparison:
    """The nodes of a run's comparison and its measures: "mae", "psnr" (dB), "ssim", "voxels".

    A node that the user deleted is None, and so is a measure that is not a number, or infinite.
    """

    difference: "slicer.vtkMRMLScalarVolumeNode | None"
    table: "slicer.vtkMRMLTableNode | None"
    reference: "slicer.vtkMRMLScalarVolumeNode | None"
    reference_name: str
    metrics: dict


def find_comparison(nodes):
    """The `Comparison` of a run (`TranslationNodes`), also in a scene that was loaded; None if there is none."""
    found = {}
    for node_class in ("vtkMRMLScalarVolumeNode", "vtkMRMLTableNode"):
        for node in slicer.util.getNodesByClass(node_class):
            if nodes.run and node.GetAttribute(RUN) == nodes.run:
                found.setdefault(node.GetAttribute(ROLE), node)
    difference, table = found.get(DIFFERENCE_ROLE), found.get(ERRORS_ROLE)
    first = difference or table
    if first is None:
        return None
    metrics = json.loads(first.GetAttribute(_METRICS) or "{}")
    name = first.GetAttribute(PREFIX + "reference") or ""
    return Comparison(difference, table, first.GetNodeReference(REFERENCE_ROLE), name, metrics)


def add_comparison(nodes, reference, event, array):
    """Put the worker's answer to "compare" into the scene, or into the nodes of the run's earlier comparison.

    `event` has "metrics" and "classes"; `array` (k, j, i) is the difference synthetic − reference on the synthetic
    volume's grid. Returns a `Comparison`.
    """
    earlier = find_comparison(nodes)
    with batch():
        difference = earlier.difference if earlier and earlier.difference else _new_difference(nodes)
        _fill_difference(difference, nodes, array)
        table = earlier.table if earlier and earlier.table else _new_table(nodes)
        _fill_table(table, event, array, units_of(nodes.synthetic))
        name = reference.GetName()
        for node in (difference, table):
            node.SetAttribute(_METRICS, json.dumps(_plain(event["metrics"]), sort_keys=True))
            node.SetAttribute(PREFIX + "reference", name)
            node.SetNodeReferenceID(REFERENCE_ROLE, reference.GetID())
            if nodes.folder:
                hierarchy.put_in(nodes.folder, node)
    return Comparison(difference, table, reference, name, _plain(event["metrics"]))


def remove_comparison(nodes):
    """Remove the nodes of a run's comparison, if it has one: what it measured is not true any more."""
    found = find_comparison(nodes)
    if found is None:
        return
    with batch():
        table = tables_of(nodes.run).get(DIFFERENCE_ROLE)
        for node in (found.difference, found.table, table):
            remove_node(node)


def window_of(array):
    """Half the window of a difference: symmetric around zero, two significant digits, 1 where all is equal."""
    import numpy as np

    errors = np.abs(presentation.sampled(array))
    errors = errors[errors > 0]
    return float(f"{np.percentile(errors, _WINDOW_PERCENTILE):.2g}") if errors.size else 1.0


def _new_difference(nodes):
    name = _("{synthetic} − reference").format(synthetic=nodes.synthetic.GetName())
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.CreateDefaultDisplayNodes()
    table = colors.difference_color_table(f"{name} colors")
    mark_colors(table, nodes.run, DIFFERENCE_ROLE)
    node.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
    _mark(node, nodes.run, DIFFERENCE_ROLE)
    return node


def _fill_difference(node, nodes, array):
    """Put the voxels where those of the synthetic volume are."""
    import numpy as np
    from slicer.util import updateVolumeFromArray

    matrix = vtk.vtkMatrix4x4()
    nodes.synthetic.GetIJKToRASMatrix(matrix)
    node.SetIJKToRASMatrix(matrix)
    node.SetAndObserveTransformNodeID(nodes.synthetic.GetTransformNodeID())
    updateVolumeFromArray(node, np.asarray(array))
    node.SetVoxelValueQuantity(nodes.synthetic.GetVoxelValueQuantity())
    node.SetVoxelValueUnits(nodes.synthetic.GetVoxelValueUnits())
    half = window_of(array)
    presentation.set_window(node, -half, half)


def _new_table(nodes):
    name = _("{synthetic} errors by class").format(synthetic=nodes.synthetic.GetName())
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
    _mark(table, nodes.run, ERRORS_ROLE)
    return table


def _fill_table(node, event, array, units):
    """One row for the body and one for each class."""
    import numpy as np

    voxels, mae = event["metrics"]["voxels"], event["metrics"]["mae"]
    # Outside the body the difference is zero, so that the sum is that of the body.
    bias = np.sum(array, dtype=np.float64) / voxels if voxels else None
    rows = [{"name": _("Body"), "voxels": voxels, "mae": mae, "bias": bias}, *event["classes"]]
    unit = f" ({units})" if units else ""
    columns = [
        (_("Class"), vtk.vtkStringArray(), [row["name"] for row in rows]),
        (_("Voxels"), vtk.vtkIntArray(), [row["voxels"] for row in rows]),
        (_("Mean absolute error") + unit, vtk.vtkDoubleArray(), [_number(row.get("mae")) for row in rows]),
        (_("Mean error") + unit, vtk.vtkDoubleArray(), [_number(row.get("bias")) for row in rows]),
    ]
    was_modifying = node.StartModify()
    node.RemoveAllColumns()
    for title, array, values in columns:
        array.SetName(title)
        for value in values:
            array.InsertNextValue(value)
        node.AddColumn(array)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.EndModify(was_modifying)


def _mark(node, run, role):
    node.SetAttribute(RUN, run)
    node.SetAttribute(ROLE, role)


def _number(value):
    """A measure for the table: not a number where there is none, as for a class without voxels."""
    return float("nan") if value is None else float(value)


def _plain(metrics):
    """Measures that JSON can hold: None for what is missing, not a number or infinite (equal volumes)."""
    return {key: value if value is not None and abs(value) < float("inf") else None for key, value in metrics.items()}
