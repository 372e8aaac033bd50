"""A run in the scene, made of the arrays of `fake_result`: small, oblique and left-handed, told apart by place."""

import english  # noqa: F401, before the panel's code
import fake_result
import numpy as np
import slicer
import vtk
from slicer.util import updateVolumeFromArray

from SASANTranslationLib import presentation, results

DESCRIPTION = {
    "direction": "mr-to-ct",
    "source": {"name": "MR", "modality": "MR", "units": "a.u."},
    "target": {"name": "CT", "modality": "CT", "units": "HU"},
    "labels": [{"value": v, "name": f"tissue {v}", "color": list(c)} for v, c in fake_result.COLORS.items()],
    "maps": fake_result.MAPS,
    "notices": [],
    "provenance": {"model": "brain-mr-ct"},
}


def add_run(affine=None, parent=None, only=("segmentation", "uncertainty", "attention")):
    """Add a run to the scene, by default on the grid of `fake_result.oblique_affine`; returns `TranslationNodes`.

    `parent` is a transform node for its volumes; `only` names the outputs to make beside the synthetic volume.
    The source is shown from 0 to 200, the maps from 0.5 to 1.
    """
    arrays = fake_result.arrays()
    source = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "head")
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy((fake_result.oblique_affine() if affine is None else affine).ravel())
    source.SetIJKToRASMatrix(matrix)
    source.CreateDefaultDisplayNodes()
    updateVolumeFromArray(source, arrays.pop("source"))
    source.SetAndObserveTransformNodeID(parent.GetID() if parent else None)
    presentation.set_window(source, 0, 200)
    wanted = {key: array for key, array in arrays.items() if key.partition("_")[0] in ("synthetic", *only)}
    nodes = results.add_results(DESCRIPTION, wanted, source)
    for node in nodes.attention:
        presentation.set_window(node, 0.5, 1.0)
    return nodes


def world(voxel, affine=None, parent=None):
    """The world RAS (mm) of a voxel (k, j, i), under a `parent` matrix (4×4) if given."""
    k, j, i = voxel
    point = (fake_result.oblique_affine() if affine is None else affine) @ (i, j, k, 1)
    return tuple(float(part) for part in (point if parent is None else parent @ point)[:3])


def center(mark):
    """The voxel (k, j, i) in the middle of a box given as slices, as whole numbers."""
    return tuple((part.start + part.stop - 1) // 2 for part in mark)


def transform(matrix):
    """Add a linear transform node with a 4×4 array as its matrix to its parent."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    to_parent = vtk.vtkMatrix4x4()
    to_parent.DeepCopy(np.asarray(matrix, float).ravel())
    node.SetMatrixTransformToParent(to_parent)
    return node
