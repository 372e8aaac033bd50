"""A hardened copy of a volume under a transform that is not linear."""

import fake_result
import numpy as np
import pytest
import slicer
import vtk
from scene_examples import everything, hierarchy, ijk_to_ras, item_parent
from slicer.util import arrayFromVolume
from slicer_session import Session

from SASANTranslationLib import harden, results
from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.harden import hardened_clone

#: Spacing of the volume (mm), and how far the transforms below move it along R.
SPACING, SHIFT = 2.0, 6.0


@pytest.fixture
def session():
    with Session() as session:
        yield session


@pytest.fixture
def volume(session):
    """A volume of 20³ voxels that is bright in one box, away from its border."""
    array = np.zeros((20, 20, 20), np.float32)
    array[8:12, 6:10, 4:8] = 100
    return slicer.util.addVolumeFromArray(array, np.diag([SPACING, SPACING, SPACING, 1.0]), "scan")


def grid_transform():
    """A displacement field that moves everything by `SHIFT` along R, and a little more at the far end."""
    displacement = np.zeros((7, 7, 7, 3), np.float64)
    displacement[..., 0] = SHIFT
    image = vtk.vtkImageData()
    image.SetDimensions(7, 7, 7)
    image.SetOrigin(-20, -20, -20)
    image.SetSpacing(15, 15, 15)
    scalars = vtk.util.numpy_support.numpy_to_vtk(displacement.reshape(-1, 3), deep=True)
    image.GetPointData().SetScalars(scalars)
    grid = slicer.vtkOrientedGridTransform()
    grid.SetDisplacementGridData(image)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode")
    node.SetAndObserveTransformToParent(grid)
    return node


def bspline_transform():
    node = grid_transform()
    coefficients = node.GetTransformToParent().GetDisplacementGrid()
    bspline = slicer.vtkOrientedBSplineTransform()
    bspline.SetCoefficientData(coefficients)
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLBSplineTransformNode")
    other.SetAndObserveTransformToParent(bspline)
    return other


def bright_center(node):
    """The RAS centre of what is bright."""
    points = np.argwhere(arrayFromVolume(node) > 50)[:, ::-1]
    matrix = ijk_to_ras(node)
    return (points @ matrix[:3, :3].T + matrix[:3, 3]).mean(axis=0)


@pytest.mark.parametrize("make", [grid_transform, bspline_transform])
def test_the_copy_is_where_the_transform_puts_the_volume(volume, make):
    before, center = arrayFromVolume(volume).copy(), bright_center(volume)
    parent = make()
    volume.SetAndObserveTransformNodeID(parent.GetID())
    assert not parent.IsTransformToWorldLinear()
    clone = hardened_clone(volume)
    assert clone.GetName() == "scan hardened"
    assert clone.GetParentTransformNode() is None
    np.testing.assert_allclose(bright_center(clone), center + np.array((SHIFT, 0, 0)), atol=0.3)
    np.testing.assert_allclose(clone.GetSpacing(), volume.GetSpacing())
    assert volume.GetParentTransformNode() is parent, "the volume itself is left alone"
    np.testing.assert_array_equal(arrayFromVolume(volume), before)


def test_the_copy_lies_beside_the_volume_and_is_shown_like_it(volume):
    study = hierarchy().CreateStudyItem(hierarchy().GetSceneItemID(), "Study")
    hierarchy().CreateItem(study, volume)
    volume.GetDisplayNode().AutoWindowLevelOff()
    volume.GetDisplayNode().SetWindowLevelMinMax(3, 40)
    volume.SetAndObserveTransformNodeID(grid_transform().GetID())
    clone = hardened_clone(volume)
    assert item_parent(clone) == study
    assert clone.GetDisplayNode() is not volume.GetDisplayNode()
    assert (clone.GetDisplayNode().GetWindowLevelMin(), clone.GetDisplayNode().GetWindowLevelMax()) == (3, 40)


def test_a_copy_of_an_output_is_no_output(session):
    nodes = results.add_results(fake_result.description(), fake_result.result("synthetic"), fake_result.add_source())
    nodes.synthetic.SetAndObserveTransformNodeID(grid_transform().GetID())
    clone = hardened_clone(nodes.synthetic)
    assert clone.GetAttribute("SASAN.run") is None and clone.GetAttribute("SASAN.model") == "brain-mr-ct"
    assert results.find_runs() == [nodes]


def test_a_volume_without_voxels_is_told(session):
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    with pytest.raises(TranslationError, match="empty has no image data") as caught:
        hardened_clone(empty)
    assert caught.value.hint


def test_a_copy_that_fails_is_not_left(volume, monkeypatch):
    volume.SetAndObserveTransformNodeID(grid_transform().GetID())
    hierarchy().CreateItem(hierarchy().GetSceneItemID(), volume)
    before = everything()

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(harden.hierarchy, "put_beside", fail)
    with pytest.raises(MemoryError):
        hardened_clone(volume)
    assert everything() == before
