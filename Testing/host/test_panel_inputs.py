"""What the panel says of inputs that cannot be translated, of directions, frames and the sample."""

import numpy as np
import pytest
import slicer
import vtk
from panel_examples import add_phantom, translate, wait_until


@pytest.fixture
def panel(opened):
    host, _widget, panel = opened
    host.close_scene()
    yield panel
    panel.cancel()
    from SASANTranslationLib.states import RUNNING

    wait_until(lambda: panel.run_section.state not in RUNNING)


def reason(panel):
    """Why the button is grey; fails when it is not."""
    assert not panel.ui.translateButton.enabled
    assert panel.ui.translateButton.toolTip == panel.ui.statusLabel.text != ""
    return panel.ui.translateButton.toolTip


def refusal(panel, volume):
    from SASANTranslationLib.errors import TranslationError

    with pytest.raises(TranslationError) as raised:
        panel.logic.translate(volume, direction="mr-to-ct")
    assert raised.value.hint
    return raised.value


def test_no_volume(panel):
    assert "No input volume is chosen" in reason(panel)
    assert "No input volume" in str(refusal(panel, None))


def test_a_volume_without_image_data(panel):
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Empty")
    panel.parameters.inputVolume = volume
    assert "Empty has no image data" in reason(panel)
    assert "no image data" in str(refusal(panel, volume))


def test_a_label_volume(panel):
    labels = slicer.util.addVolumeFromArray(np.ones((4, 4, 4), np.uint8), nodeClassName="vtkMRMLLabelMapVolumeNode")
    labels.SetName("Labels")
    assert panel.ui.inputSelector.nodeCount() == 0, "the selector does not offer it"
    assert "Labels is a labelmap" in str(refusal(panel, labels))


def test_a_volume_of_vectors(panel):
    volume = slicer.util.addVolumeFromArray(np.ones((4, 4, 4, 3), np.uint8), nodeClassName="vtkMRMLVectorVolumeNode")
    assert "3 values in each voxel" in str(refusal(panel, volume))


def test_an_image_is_taken_as_soon_as_it_has_voxels(panel):
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Late")
    panel.parameters.inputVolume = volume
    assert "no image data" in reason(panel)
    slicer.util.updateVolumeFromArray(volume, np.random.default_rng(0).random((8, 8, 8)).astype(np.float32))
    assert panel.ui.translateButton.enabled


def bend():
    """A transform that is not linear."""
    grid = vtk.vtkImageData()
    grid.SetDimensions(2, 2, 2)
    grid.SetSpacing(400, 400, 400)
    grid.SetOrigin(-200, -200, -200)
    grid.AllocateScalars(vtk.VTK_DOUBLE, 3)
    grid.GetPointData().GetScalars().Fill(0)
    grid.SetScalarComponentFromDouble(0, 0, 0, 0, 5.0)
    displacement = slicer.vtkOrientedGridTransform()
    displacement.SetDisplacementGridData(grid)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", "Bend")
    node.SetAndObserveTransformFromParent(displacement)
    return node


def test_under_a_non_linear_transform_a_hardened_copy_is_offered(panel):
    volume = add_phantom(panel)
    assert not panel.ui.hardenButton.visible
    volume.SetAndObserveTransformNodeID(bend().GetID())
    assert "not linear" in reason(panel)
    assert panel.ui.hardenButton.visible
    panel.ui.hardenButton.click()
    copy = panel.parameters.inputVolume
    assert copy is not volume and copy.GetName() == "Phantom hardened"
    assert copy.GetParentTransformNode() is None and volume.GetParentTransformNode() is not None
    assert panel.ui.translateButton.enabled and not panel.ui.hardenButton.visible


def test_a_constant_volume_is_refused_by_the_worker_and_nothing_is_left(panel):
    volume = slicer.util.addVolumeFromArray(np.full((8, 8, 8), 7, np.float32), name="Flat")
    panel.parameters.inputVolume = volume
    assert "direction is not clear" in reason(panel), "nothing tells its modality"
    panel.parameters.direction = "mr-to-ct"
    assert translate(panel) == "failed"
    assert "Flat" in panel.ui.statusLabel.text and "same value" in panel.ui.statusLabel.text
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == [volume]


def test_the_direction_is_guessed_from_the_values(panel):
    values = np.random.default_rng(0).normal(40, 20, (8, 8, 8)).astype(np.float32)
    add_phantom(panel)
    assert panel.ui.directionComboBox.currentText == "Automatic: MR → CT"
    values[:4] = -1000
    panel.parameters.inputVolume = slicer.util.addVolumeFromArray(values, name="CT")
    assert panel.ui.directionComboBox.currentText == "Automatic: CT → MR"


def test_the_direction_is_guessed_from_dicom_first(panel):
    volume = add_phantom(panel)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item = hierarchy.GetItemByDataNode(volume)
    hierarchy.SetItemAttribute(item, "DICOM.Modality", "CT")
    assert panel.logic.guessDirection(volume) == "ct-to-mr"
    hierarchy.SetItemAttribute(item, "DICOM.Modality", "PT")
    panel.refresh()
    assert "Phantom is PT, so the direction is not clear" in reason(panel)
    assert "Choose one of: mr-to-ct (MR → CT), ct-to-mr (CT → MR)." in reason(panel)
    panel.ui.directionComboBox.setCurrentIndex(1)
    assert panel.parameters.direction == "mr-to-ct"
    assert panel.ui.translateButton.enabled


def test_the_units_tell_where_the_values_do_not(panel):
    from SASANTranslationLib.presentation import set_units

    volume = add_phantom(panel)
    set_units(volume, "CT")
    assert panel.logic.guessDirection(volume) == "ct-to-mr"


def test_load_sample(panel):
    panel.ui.sampleButton.click()
    assert panel.parameters.inputVolume.GetName() == "MRHead"
    assert panel.ui.directionComboBox.currentText == "Automatic: MR → CT"
    assert panel.ui.translateButton.enabled


def test_the_selector_and_the_parameter_node_follow_each_other(panel):
    volume = add_phantom(panel)
    assert panel.ui.inputSelector.currentNode() is volume
    panel.ui.inputSelector.setCurrentNode(None)
    assert panel.parameters.inputVolume is None
    panel.ui.uncertaintyCheckBox.click()
    assert panel.parameters.uncertainty


@pytest.mark.parametrize("name", ["singular", "not a number"])
def test_a_degenerate_geometry(panel, name):
    volume = add_phantom(panel)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Flat")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(2, 2, 0.0 if name == "singular" else float("nan"))
    transform.SetMatrixTransformToParent(matrix)
    volume.SetAndObserveTransformNodeID(transform.GetID())
    assert "The geometry of Phantom is degenerate" in reason(panel)


def test_the_input_is_not_silently_another_volume_when_it_is_deleted(panel):
    volume = add_phantom(panel)
    add_phantom(panel, "Other")
    panel.parameters.inputVolume = volume
    slicer.mrmlScene.RemoveNode(volume)
    assert panel.parameters.inputVolume is None
    assert "No input volume" in reason(panel)
