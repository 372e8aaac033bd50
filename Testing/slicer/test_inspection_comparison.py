"""The comparison with a reference as nodes of the run."""

import math

import fake_result
import numpy as np
import pytest
import slicer
from inspection_examples import add_run, center, transform, world
from slicer.util import arrayFromVolume, arrayFromVTKMatrix
from slicer_session import Session, SliceView

from SASANTranslationLib import geometry, hierarchy, results, translation_nodes, views
from SASANTranslationLib.inspection import comparison
from SASANTranslationLib.scene import remove_node, scene_nodes

EVENT = {
    "metrics": {"mae": 61.5, "psnr": 28.25, "ssim": 0.875, "voxels": 6336},
    "classes": [
        {"value": 2, "name": "tissue 2", "voxels": 6216, "mae": 40.0, "bias": -12.5},
        {"value": 3, "name": "tissue 3", "voxels": 120, "mae": 90.0, "bias": 90.0},
        {"value": 1, "name": "tissue 1", "voxels": 0, "mae": None, "bias": None},
    ],
}


@pytest.fixture(autouse=True)
def session():
    with Session() as session:
        yield session


@pytest.fixture
def nodes(session):
    return add_run(parent=transform([[0, -1, 0, 12.5], [1, 0, 0, -7.25], [0, 0, 1.5, 31], [0, 0, 0, 1]]))


@pytest.fixture
def reference(nodes):
    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "planning CT")


def difference():
    """+80 in the first map's box, −40 elsewhere in the body, 0 outside."""
    array = np.zeros(fake_result.SHAPE, np.float32)
    array[fake_result.BODY] = -40
    array[fake_result.MARKS[0]] = 80
    return array


def column(table, number):
    array = table.GetTable().GetColumn(number)
    return [array.GetValue(row) for row in range(array.GetNumberOfValues())]


def test_the_difference_lies_on_the_synthetic_volumes_voxels(nodes, reference):
    node = comparison.add_comparison(nodes, reference, EVENT, difference()).difference
    np.testing.assert_array_equal(arrayFromVolume(node), difference())
    expected = arrayFromVTKMatrix(geometry.ijk_to_world(nodes.synthetic))
    np.testing.assert_array_equal(arrayFromVTKMatrix(geometry.ijk_to_world(node)), expected)
    assert node.GetParentTransformNode() is nodes.synthetic.GetParentTransformNode()
    assert node.GetVoxelValueUnits().GetCodeValue() == "[hnsf'U]"


def test_too_high_is_red_too_low_is_blue_and_nothing_is_black(nodes, reference):
    node = comparison.add_comparison(nodes, reference, EVENT, difference()).difference
    display = node.GetDisplayNode()
    assert display.GetWindowLevelMin() == -display.GetWindowLevelMax() == -80
    moved = arrayFromVTKMatrix(geometry.ijk_to_world(nodes.synthetic)) @ np.linalg.inv(fake_result.oblique_affine())
    view = SliceView("Test", 200, 200)
    views.set_layers(view.composite, node)

    def pixel(voxel):
        point = world(voxel, parent=moved)
        view.node.JumpSliceByCentering(*point)
        row, column = view.pixel(point)
        return view.image()[round(row), round(column)].astype(int)

    red, _green, blue = pixel(center(fake_result.MARKS[0]))
    assert red > blue + 50
    red, _green, blue = pixel(center(fake_result.MARKS[1]))
    assert blue > red + 50
    assert pixel((0, 1, 1)).max() <= 4


@pytest.mark.parametrize(("errors", "half"), [([0, 0, 0], 1.0), ([-123.4, 0, 50], 120.0), ([0, 0, 0.0417], 0.042)])
def test_the_window_is_symmetric_and_round(errors, half):
    assert comparison.window_of(np.array(errors, np.float32).reshape(1, 1, 3)) == pytest.approx(half, rel=1e-6)


def test_the_table_has_a_row_for_the_body_and_one_for_each_class(nodes, reference):
    table = comparison.add_comparison(nodes, reference, EVENT, difference()).table
    assert [table.GetColumnName(n) for n in range(4)] == [
        "Class",
        "Voxels",
        "Mean absolute error (HU)",
        "Mean error (HU)",
    ]
    assert column(table, 0) == ["Body", "tissue 2", "tissue 3", "tissue 1"]
    assert column(table, 1) == [6336, 6216, 120, 0]
    assert column(table, 2)[:3] == [61.5, 40, 90]
    box, body = 4 * 6 * 5, 16 * 22 * 18
    assert column(table, 3)[:3] == pytest.approx([(80 * box - 40 * (body - box)) / body, -12.5, 90])
    assert math.isnan(column(table, 2)[3]) and math.isnan(column(table, 3)[3])


def test_the_nodes_are_the_runs_and_lie_in_its_folder(nodes, reference):
    made = comparison.add_comparison(nodes, reference, EVENT, difference())
    tree = hierarchy.get()
    for node, role in ((made.difference, "difference"), (made.table, "errors")):
        assert node.GetAttribute("SASAN.run") == nodes.run
        assert node.GetAttribute("SASAN.role") == role
        assert tree.GetItemParent(tree.GetItemByDataNode(node)) == nodes.folder
        assert node.GetNodeReference(comparison.REFERENCE_ROLE) is reference
    table = made.difference.GetDisplayNode().GetColorNode()
    assert translation_nodes.tables_of(nodes.run)["difference"] is table


def test_comparing_again_fills_the_same_nodes(nodes, reference):
    first = comparison.add_comparison(nodes, reference, EVENT, difference())
    count = slicer.mrmlScene.GetNumberOfNodes()
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "other CT")
    event = {"metrics": {**EVENT["metrics"], "mae": 7.0}, "classes": EVENT["classes"][:1]}
    again = comparison.add_comparison(nodes, other, event, 2 * difference())
    assert (again.difference, again.table) == (first.difference, first.table)
    assert slicer.mrmlScene.GetNumberOfNodes() == count + 1
    assert arrayFromVolume(again.difference).max() == 160
    assert column(again.table, 0) == ["Body", "tissue 2"]
    found = comparison.find_comparison(nodes)
    assert (found.metrics["mae"], found.reference, found.reference_name) == (7.0, other, "other CT")


def test_what_was_deleted_is_made_anew(nodes, reference):
    first = comparison.add_comparison(nodes, reference, EVENT, difference())
    slicer.mrmlScene.RemoveNode(first.difference)
    again = comparison.add_comparison(nodes, reference, EVENT, difference())
    assert again.table is first.table
    assert again.difference is not first.difference
    assert arrayFromVolume(again.difference).max() == 80


def test_a_comparison_is_found_by_its_run_alone(nodes, reference):
    assert comparison.find_comparison(nodes) is None
    made = comparison.add_comparison(nodes, reference, EVENT, difference())
    assert comparison.find_comparison(nodes) == made
    assert comparison.find_comparison(add_run()) is None
    slicer.mrmlScene.RemoveNode(made.difference)
    slicer.mrmlScene.RemoveNode(reference)
    found = comparison.find_comparison(nodes)
    assert (found.difference, found.table, found.reference) == (None, made.table, None)
    assert found.metrics == EVENT["metrics"]


def test_a_comparison_that_is_removed_leaves_nothing(session, nodes, reference):
    before = session.scene.GetNumberOfNodes()
    items = hierarchy.get().GetNumberOfItems()
    comparison.add_comparison(nodes, reference, EVENT, difference())
    comparison.remove_comparison(nodes)
    assert comparison.find_comparison(nodes) is None
    assert session.scene.GetNumberOfNodes() == before
    assert hierarchy.get().GetNumberOfItems() == items
    comparison.remove_comparison(nodes)


def test_equal_volumes_have_an_infinite_ratio_which_is_no_number(nodes, reference):
    event = {"metrics": {"mae": 0.0, "psnr": math.inf, "ssim": math.nan, "voxels": 5}, "classes": []}
    made = comparison.add_comparison(nodes, reference, event, 0 * difference())
    assert made.metrics == {"mae": 0.0, "psnr": None, "ssim": None, "voxels": 5}
    assert comparison.find_comparison(nodes).metrics == made.metrics


def test_a_saved_scene_brings_the_comparison_back(session, nodes, reference, tmp_path):
    comparison.add_comparison(nodes, reference, EVENT, difference())
    path = str(tmp_path / "scene.mrb")
    assert session.scene.WriteToMRB(path)
    run = nodes.run
    session.scene.Clear(False)
    assert session.scene.ReadFromMRB(path, True)
    found = comparison.find_comparison(translation_nodes.find_run(run))
    assert found.metrics == EVENT["metrics"]
    assert arrayFromVolume(found.difference).max() == 80
    assert column(found.table, 0)[0] == "Body"


def test_removing_the_run_removes_its_comparison(nodes, reference):
    comparison.add_comparison(nodes, reference, EVENT, difference())
    results.remove_run(nodes)
    assert comparison.find_comparison(nodes) is None
    left = [node.GetName() for node in scene_nodes() if node.GetAttribute("SASAN.run")]
    assert left == []


def test_a_comparison_alone_is_no_run(nodes, reference):
    comparison.add_comparison(nodes, reference, EVENT, difference())
    for node in nodes.outputs:
        remove_node(node)
    assert results.find_runs() == []
