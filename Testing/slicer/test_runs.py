"""Runs found again in a scene, whatever the user did to it, and removed without a trace."""

import fake_result
import numpy as np
import pytest
import slicer
from make_scene import save_scene
from scene_examples import everything, hierarchy, item_parent, items, module_session, segments_of, volumes
from slicer.util import arrayFromVolume

from SASANTranslationLib import results
from SASANTranslationLib.scene import scene_nodes


@pytest.fixture
def source(session):
    node = fake_result.add_source()
    hierarchy().CreateItem(hierarchy().GetSceneItemID(), node)
    return node


@pytest.fixture
def nodes(source):
    return add(source)


def add(source, *roles, **options):
    return results.add_results(fake_result.description(), fake_result.result(*roles), source, **options)


# Find


def test_a_run_is_found_as_it_was_made(source):
    nodes = add(source, segmentation_node=True)
    assert results.find_runs() == [nodes]
    assert results.find_run(nodes.run) == nodes
    assert results.find_run("another") is None


def test_a_scene_without_runs_has_none(session):
    assert results.find_runs() == []


def test_the_newest_run_is_last_also_after_an_update_of_the_first(source):
    first, second = add(source, "synthetic"), add(source)
    first = add(source, update=first)
    assert [nodes.run for nodes in results.find_runs()] == [first.run, second.run]


def test_deleted_outputs_are_none(nodes):
    for node in (nodes.synthetic, nodes.attention[1], nodes.color_tables[0]):
        slicer.mrmlScene.RemoveNode(node)
    found = results.find_run(nodes.run)
    assert found.synthetic is None and found.segmentation is nodes.segmentation
    assert found.attention_numbers == [1, 3, 4]
    assert found.color_tables == nodes.color_tables[1:]
    assert found.entry("model") == "brain-mr-ct"


def test_a_deleted_input_is_none(nodes):
    slicer.mrmlScene.RemoveNode(nodes.source)
    found = results.find_run(nodes.run)
    assert found.source is None
    assert found.outputs == nodes.outputs


def test_a_run_of_which_nothing_is_left_is_not_found(nodes):
    for node in nodes.outputs:
        slicer.mrmlScene.RemoveNode(node)
    assert results.find_runs() == []


def test_the_folder_is_found_wherever_it_was_moved(nodes):
    elsewhere = hierarchy().CreateFolderItem(hierarchy().GetSceneItemID(), "Elsewhere")
    hierarchy().SetItemParent(nodes.folder, elsewhere)
    hierarchy().SetItemName(nodes.folder, "My best")
    found = results.find_run(nodes.run)
    assert found.folder == nodes.folder
    assert found.title == "My best"


def test_without_its_folder_a_run_is_called_by_its_output(nodes):
    hierarchy().RemoveItem(nodes.folder, False, False)
    found = results.find_run(nodes.run)
    assert found.folder == 0
    assert found.title == "patient_7 → CT (synthetic)"
    assert results.TranslationNodes().title == ""


def test_a_copy_that_the_user_made_does_not_take_an_outputs_place(nodes):
    clone(nodes.synthetic)
    assert results.find_run(nodes.run).synthetic is nodes.synthetic


def clone(node):
    return slicer.vtkSlicerVolumesLogic.CloneVolumeGeneric(slicer.mrmlScene, node, "copy")


def test_a_translation_of_a_translation_is_a_run_of_its_own(nodes):
    back = results.add_results(fake_result.description("ct-to-mr"), fake_result.result("synthetic"), nodes.synthetic)
    assert back.source is nodes.synthetic
    assert [run.run for run in results.find_runs()] == [nodes.run, back.run]
    results.remove_run(nodes)
    found = results.find_runs()
    assert [run.run for run in found] == [back.run]
    assert found[0].source is None


@pytest.mark.parametrize("affine", ["right-handed", "left-handed"])
def test_runs_are_found_in_a_loaded_scene(tmp_path, affine):
    flip = -1 if affine == "right-handed" else 1
    with module_session():
        source = fake_result.add_source(affine=fake_result.oblique_affine() @ np.diag([1, 1, flip, 1]))
        first = add(source, segmentation_node=True)
        add(source, "synthetic")
        hierarchy().SetItemName(first.folder, "Mine")
        segments = rounded(segments_of(first.segments))
        parts = len(first.outputs), len(first.color_tables)
        save_scene(tmp_path / "scene.mrb")
    with module_session() as session:
        assert session.scene.ReadFromMRB(str(tmp_path / "scene.mrb"), True)
        found, second = results.find_runs()
        assert found.run == first.run and found.title == "Mine"
        assert (len(found.outputs), len(found.color_tables)) == parts
        assert found.source.GetName() == "patient_7" and second.source is found.source
        assert found.synthetic.GetName() == "patient_7 → CT (synthetic)"
        assert found.attention_numbers == [1, 2, 3, 4]
        assert rounded(segments_of(found.segments)) == segments
        assert second.outputs == [second.synthetic]
        assert not found.segments.GetSegmentation().ContainsRepresentation("Closed surface")
        for node in found.volumes:
            assert node.GetDisplayNode().GetColorNode() is not None
        labelled = found.segmentation.GetDisplayNode().GetColorNode()
        assert labelled in found.color_tables and labelled.GetColorName(3) == "label 3"
        again = add(found.source, update=found)
        assert [node.GetID() for node in again.volumes] == [node.GetID() for node in found.volumes]
        results.remove_run(second)
        results.remove_run(found)
        assert [node.GetName() for node in volumes()] == ["patient_7"]
        assert not scene_nodes("vtkMRMLSegmentationNode")
        assert not [node for node in scene_nodes("vtkMRMLStorageNode") if "→" in str(node.GetName())]
        assert items() == ["patient_7"]


def rounded(segments):
    """Without the digits of the colours that a file does not have."""
    byte = {key: np.round(np.multiply(color, 255)).tolist() for key, (_, color, *_) in segments.items()}
    return {key: (name, byte[key], *rest) for key, (name, _, *rest) in segments.items()}


# Remove


def test_nothing_is_left_of_a_removed_run_and_the_input_stays(source):
    before = everything()
    nodes = add(source, segmentation_node=True)
    for node in nodes.outputs:
        node.AddDefaultStorageNode()
    assert everything() != before
    results.remove_run(nodes)
    assert everything() == before
    results.remove_run(nodes)
    assert everything() == before, "removing it again does nothing"


def test_only_that_run_is_removed(source):
    first, second = add(source), add(source)
    results.remove_run(first)
    assert results.find_runs() == [second]
    assert {item_parent(node) for node in second.outputs} == {second.folder}


def test_a_run_that_the_user_took_apart_is_removed_too(source):
    before = everything()
    nodes = add(source)
    delete(nodes.synthetic)
    delete(nodes.attention[0])
    slicer.mrmlScene.RemoveNode(nodes.attention[1].GetDisplayNode())
    slicer.mrmlScene.RemoveNode(nodes.color_tables[1])
    results.remove_run(nodes)
    assert everything() == before


def delete(node):
    """As the user does it: the node and its item go, its display node stays."""
    hierarchy().RemoveItem(hierarchy().GetItemByDataNode(node), False, False)
    slicer.mrmlScene.RemoveNode(node)


def test_the_tables_and_the_folder_of_a_run_without_outputs_are_removed(nodes):
    for node in nodes.outputs:
        delete(node)
    results.remove_run(nodes)
    assert items() == ["patient_7"]
    assert not [n for n in scene_nodes("vtkMRMLColorTableNode") if n.GetAttribute("Category") == "SASAN"]


def test_colours_of_runs_that_the_user_deleted_by_hand_go_with_the_next_run_removed(source):
    deleted, kept, removed = add(source), add(source), add(source)
    used, categorised, *rest = deleted.color_tables
    mine = fake_result.add_source("mine")
    mine.CreateDefaultDisplayNodes()
    mine.GetDisplayNode().SetAndObserveColorNodeID(used.GetID())
    categorised.SetAttribute("Category", "Mine")
    for node in deleted.outputs:
        delete(node)
    kept.attention[0].GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeRed")
    results.remove_run(removed)
    assert all(table.GetScene() is not None for table in (used, categorised, *kept.color_tables))
    assert all(table.GetScene() is None for table in (*rest, *removed.color_tables))


def test_what_the_user_put_into_the_folder_stays(nodes):
    mine = fake_result.add_source("mine")
    hierarchy().CreateItem(nodes.folder, mine)
    results.remove_run(nodes)
    assert [node.GetName() for node in volumes()] == ["patient_7", "mine"]
    assert items() == ["mine", "patient_7"]
    assert item_parent(mine) == hierarchy().GetSceneItemID()


def test_a_copy_that_the_user_made_stays_with_its_colours_and_belongs_to_no_run(nodes):
    copy = clone(nodes.attention[0])
    hierarchy().CreateItem(nodes.folder, copy)
    table = nodes.attention[0].GetDisplayNode().GetColorNode()
    results.remove_run(nodes)
    assert volumes() == [nodes.source, copy]
    assert copy.GetDisplayNode().GetColorNode() is table
    assert results.find_runs() == []
    assert copy.GetAttribute("SASAN.model") == "brain-mr-ct", "it still says what made it"
    assert arrayFromVolume(copy).max() == 1


def test_a_display_node_that_another_volume_uses_stays(nodes):
    mine, display = fake_result.add_source("mine"), nodes.synthetic.GetDisplayNode()
    mine.SetAndObserveDisplayNodeID(display.GetID())
    results.remove_run(nodes)
    assert mine.GetDisplayNode() is display


def test_colours_of_slicer_that_the_user_chose_stay(nodes):
    display = nodes.attention[0].GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeRed")
    results.remove_run(nodes)
    assert slicer.mrmlScene.GetNodeByID("vtkMRMLColorTableNodeRed") is not None
    assert not [n for n in scene_nodes("vtkMRMLColorTableNode") if n.GetAttribute("Category") == "SASAN"]
