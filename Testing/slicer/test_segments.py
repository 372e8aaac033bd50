"""The segmentation node: segments, terminology, geometry."""

import fake_result
import numpy as np
import pytest
import slicer
import vtk
from scene_examples import ijk_to_ras, module_session, segments_of
from slicer.util import arrayFromVolume

from SASANTranslationLib import results
from SASANTranslationLib.segments import fill_segments, terminology_entry

SOFT_TISSUE = (
    "Segmentation category and type - 3D Slicer General Anatomy list"
    "~SCT^85756007^Tissue~SCT^87784001^Soft tissue~^^~Anatomic codes - DICOM master list~^^~^^"
)


@pytest.fixture
def session():
    with module_session() as session:
        yield session


@pytest.fixture
def nodes(session):
    return add(fake_result.add_source())


def add(source, **options):
    result = fake_result.result("segmentation")
    return results.add_results(fake_result.description(), result, source, segmentation_node=True, **options)


def exported(nodes, key):
    """What Slicer makes of a segment on the grid of the input: an array (k, j, i), and the matrix of its node."""
    keys = vtk.vtkStringArray()
    keys.InsertNextValue(key)
    labelmap = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.ExportSegmentsToLabelmapNode(nodes.segments, keys, labelmap, nodes.source)
    return arrayFromVolume(labelmap), ijk_to_ras(labelmap)


def test_segments_have_the_labels_names_colours_and_values(nodes):
    described = segments_of(nodes.segments)
    assert [segment[0] for segment in described.values()] == ["label 1", "label 2", "label 3"]
    assert [segment[2] for segment in described.values()] == [1, 2, 3]
    for (_, color, _, _), expected in zip(described.values(), fake_result.COLORS.values(), strict=True):
        assert color == pytest.approx([part / 255 for part in expected])
    assert nodes.segments.GetName() == "patient_7 segments"
    assert nodes.segments in nodes.outputs and nodes.segments not in nodes.volumes


def test_terminology_is_what_slicer_writes_and_reads():
    assert terminology_entry(fake_result.SNOMED[2]) == SOFT_TISSUE
    logic, entry = slicer.vtkSlicerTerminologiesModuleLogic, slicer.vtkSlicerTerminologyEntry()
    assert logic().DeserializeTerminologyEntry(SOFT_TISSUE, entry)
    assert logic.SerializeTerminologyEntry(entry) == SOFT_TISSUE
    assert entry.GetTypeObject().GetCodeMeaning() == "Soft tissue"
    assert entry.GetCategoryObject().GetCodeValue() == "85756007"


def test_segments_have_their_terminology(nodes):
    terminology = [segment[3] for segment in segments_of(nodes.segments).values()]
    assert terminology[1] == SOFT_TISSUE
    assert "3138006^Bone" in terminology[2]
    default = slicer.vtkSegment().GetTerminology()
    assert terminology[0] == default, "a label without codes says nothing"


@pytest.mark.parametrize("handed", [1, -1])
def test_segments_lie_where_the_labels_do(session, handed):
    affine = fake_result.oblique_affine() @ np.diag([1, 1, handed, 1])
    nodes = add(fake_result.add_source(affine=affine))
    for value in (2, 3):
        array, matrix = exported(nodes, f"SASAN_{value}")
        np.testing.assert_array_equal(array > 0, fake_result.arrays()["segmentation"] == value)
        np.testing.assert_allclose(matrix, affine, atol=1e-9)


def test_the_input_is_the_reference_geometry_and_no_surface_is_made(nodes):
    segmentation = nodes.segments.GetSegmentation()
    assert segmentation.GetSourceRepresentationName() == "Binary labelmap"
    assert not segmentation.ContainsRepresentation("Closed surface")
    assert segmentation.GetNumberOfLayers() == 1, "one labelmap for all, as they do not overlap"
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    assert nodes.segments.GetNodeReference(role) is nodes.source


def test_segments_under_a_transform_are_where_the_labelmap_is(session):
    parent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    parent.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.diag([1.0, 2.0, 1.0, 1.0])))
    nodes = add(fake_result.add_source(parent=parent))
    assert nodes.segments.GetParentTransformNode() is parent
    array, _ = exported(nodes, "SASAN_3")
    np.testing.assert_array_equal(array > 0, fake_result.arrays()["segmentation"] == 3)


def test_drawing_on_segments_leaves_the_labelmap_alone(nodes):
    image = nodes.segments.GetSegmentation().GetSegment("SASAN_3").GetRepresentation("Binary labelmap")
    image.GetPointData().GetScalars().Fill(3)
    np.testing.assert_array_equal(arrayFromVolume(nodes.segmentation), fake_result.arrays()["segmentation"])


def test_a_surface_that_the_user_made_is_made_anew_on_update(nodes):
    nodes.segments.CreateClosedSurfaceRepresentation()
    before = nodes.segments.GetClosedSurfaceInternalRepresentation("SASAN_3").GetBounds()
    result = fake_result.result("segmentation")
    result["segmentation"] = result["segmentation"][:, :, ::-1].copy()
    description = fake_result.description()
    again = results.add_results(description, result, nodes.source, segmentation_node=True, update=nodes)
    after = again.segments.GetClosedSurfaceInternalRepresentation("SASAN_3")
    assert after is None or after.GetBounds() != before
    array, _ = exported(again, "SASAN_3")
    np.testing.assert_array_equal(array > 0, result["segmentation"] == 3)


def test_segments_of_the_user_stay_on_update(nodes):
    mine = slicer.vtkSegment()
    mine.SetName("lesion")
    nodes.segments.GetSegmentation().AddSegment(mine, "lesion")
    again = add(nodes.source, update=nodes)
    assert sorted(segments_of(again.segments)) == ["SASAN_1", "SASAN_2", "SASAN_3", "lesion"]


def test_segments_are_as_they_were_when_filling_them_fails(nodes):
    before = segments_of(nodes.segments)
    nodes.segments.GetDisplayNode().SetSegmentVisibility("SASAN_2", False)
    labels = [*fake_result.description()["labels"][:1], {"value": 2}]
    with pytest.raises(KeyError):
        fill_segments(nodes.segments, nodes.segmentation.GetImageData(), nodes.source, labels, nodes.source)
    assert segments_of(nodes.segments) == before
    assert not nodes.segments.GetDisplayNode().GetSegmentVisibility("SASAN_2")
    array, _ = exported(nodes, "SASAN_2")
    np.testing.assert_array_equal(array > 0, fake_result.arrays()["segmentation"] == 2)
