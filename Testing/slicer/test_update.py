"""A run filled anew: the same nodes, what the user changed of their display kept, and all or nothing."""

import fake_result
import numpy as np
import pytest
import slicer
from scene_examples import (
    colors_of,
    everything,
    hierarchy,
    ijk_to_ras,
    item_parent,
    items,
    segments_of,
    units,
)
from slicer.util import arrayFromVolume

from SASANTranslationLib import colors, presentation, results, run_building


@pytest.fixture
def nodes(source):
    return results.add_results(fake_result.description(), fake_result.result(), source, segmentation_node=True)


def update(nodes, result=None, direction="mr-to-ct", segmentation_node=True, **changes):
    description = {**fake_result.description(direction), **changes}
    result = fake_result.result() if result is None else result
    return results.add_results(description, result, nodes.source, segmentation_node=segmentation_node, update=nodes)


def ids(nodes):
    helpers = [node.GetDisplayNode() for node in nodes.outputs]
    return [node.GetID() for node in (*nodes.outputs, *nodes.color_tables, *helpers)]


def test_the_same_nodes_have_the_new_voxels_provenance_and_grid(nodes):
    before, folder = ids(nodes), nodes.folder
    result = {key: array[::-1].copy() for key, array in fake_result.result().items()}
    provenance = {"model": "brain-mr-ct", "model_version": "2.0.0", "new": "entry"}
    nodes.source.SetOrigin(5, 6, 7)
    parent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    nodes.source.SetAndObserveTransformNodeID(parent.GetID())
    again = update(nodes, result, provenance=provenance)
    assert ids(again) == before and again.folder == folder and again.run == nodes.run
    assert len(results.find_runs()) == 1
    np.testing.assert_array_equal(arrayFromVolume(again.synthetic), result["synthetic"])
    np.testing.assert_array_equal(arrayFromVolume(again.attention[1]), result["attention_2"])
    for node in again.outputs:
        assert node.GetAttribute("SASAN.model_version") == "2.0.0"
        assert node.GetAttribute("SASAN.new") == "entry"
        assert node.GetAttribute("SASAN.weights_sha256") is None, "an entry of the earlier run"
        assert node.GetParentTransformNode() is parent
    for node in again.volumes:
        np.testing.assert_array_equal(ijk_to_ras(node), ijk_to_ras(again.source))


def test_updating_with_the_same_changes_nothing(nodes):
    before = everything()
    update(nodes)
    assert everything() == before


def test_the_known_answer_stays_with_the_run(nodes):
    nodes.reference = fake_result.add_source("known")
    assert update(nodes).reference is nodes.reference


def test_what_the_user_changed_of_the_display_is_kept(nodes):
    set_window(nodes.synthetic, -100, 200)
    set_window(nodes.uncertainty, 1, 30)
    set_window(nodes.attention[0], 0.1, 0.8)
    colors.recolor_attention_table(nodes.attention[0].GetDisplayNode().GetColorNode(), (1, 2, 250))
    nodes.attention[1].GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeRed")
    nodes.segmentation.GetDisplayNode().GetColorNode().SetColor(3, "label 3", 0, 1, 0, 1)
    nodes.segments.GetSegmentation().GetSegment("SASAN_2").SetColor(0.5, 0.25, 0)
    nodes.segments.GetSegmentation().GetSegment("SASAN_2").SetName("mine")
    display = nodes.segments.GetDisplayNode()
    display.SetSegmentVisibility("SASAN_1", False)
    display.SetSegmentOpacity2DFill("SASAN_2", 0.25)
    display.SetSegmentOpacity2DOutline("SASAN_2", 0.125)
    display.SetSegmentOpacity3D("SASAN_3", 0.75)
    nodes.synthetic.SetName("my name")

    again = update(nodes)

    assert window(again.synthetic) == (-100, 200)
    assert window(again.uncertainty) == (1, 30)
    assert window(again.attention[0]) == (0.1, 0.8)
    assert colors_of(again.attention[0].GetDisplayNode().GetColorNode())[255][1][:3] == [1, 2, 250]
    assert again.attention[1].GetDisplayNode().GetColorNodeID() == "vtkMRMLColorTableNodeRed"
    assert colors_of(again.segmentation.GetDisplayNode().GetColorNode())[3] == ("label 3", [0, 255, 0, 255])
    assert segments_of(again.segments)["SASAN_2"][:2] == ("mine", (0.5, 0.25, 0.0))
    display = again.segments.GetDisplayNode()
    assert [display.GetSegmentVisibility(f"SASAN_{n}") for n in (1, 2, 3)] == [False, True, True]
    assert (display.GetSegmentOpacity2DFill("SASAN_2"), display.GetSegmentOpacity2DOutline("SASAN_2")) == (0.25, 0.125)
    assert display.GetSegmentOpacity3D("SASAN_3") == 0.75
    assert again.synthetic.GetName() == "my name"


def set_window(node, low, high):
    node.GetDisplayNode().AutoWindowLevelOff()
    node.GetDisplayNode().SetWindowLevelMinMax(low, high)


def window(node):
    display = node.GetDisplayNode()
    return pytest.approx((display.GetWindowLevelMin(), display.GetWindowLevelMax()))


def test_a_window_that_the_user_did_not_touch_follows_the_new_voxels(nodes):
    result = fake_result.result()
    result["uncertainty"] = result["uncertainty"] / 2
    result["attention_1"] = np.where(result["segmentation"] > 0, 0.9, 0).astype(np.float32)
    again = update(nodes, result)
    assert window(again.uncertainty) == (0, 40)
    assert window(again.attention[0]) == (pytest.approx(0.9), 1)


def test_an_automatic_window_stays_so_unless_the_user_chose_another(source):
    description, result = fake_result.description("ct-to-mr"), fake_result.result("synthetic")
    nodes = results.add_results(description, result, source)
    nodes = results.add_results(description, result, source, update=nodes)
    assert nodes.synthetic.GetDisplayNode().GetAutoWindowLevel()
    set_window(nodes.synthetic, 3, 40)
    nodes = results.add_results(description, result, source, update=nodes)
    assert not nodes.synthetic.GetDisplayNode().GetAutoWindowLevel()
    assert window(nodes.synthetic) == (3, 40)


def test_the_units_of_another_modality_do_not_stay(nodes):
    again = update(nodes, target={"name": "PET", "modality": "PT", "units": "SUV"})
    assert units(again.synthetic) is None and units(again.uncertainty) is None
    assert again.entry("units") == "SUV"


def test_a_folder_that_has_its_new_name_already_keeps_it(nodes):
    hierarchy().SetItemName(nodes.folder, "patient_7: CT → MR")
    assert update(nodes, direction="ct-to-mr").title == "patient_7: CT → MR"


def test_of_another_modality_everything_is_shown_anew(nodes):
    set_window(nodes.synthetic, -100, 200)
    set_window(nodes.attention[0], 0.1, 0.8)
    colors.recolor_attention_table(nodes.attention[0].GetDisplayNode().GetColorNode(), (1, 2, 250))
    nodes.attention[1].GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeRed")
    nodes.segments.GetDisplayNode().SetSegmentVisibility("SASAN_1", False)
    nodes.segments.GetSegmentation().GetSegment("SASAN_2").SetName("mine")
    before = ids(nodes)

    again = update(nodes, direction="ct-to-mr")

    assert ids(again) == before
    assert again.synthetic.GetName() == "patient_7 → MR (synthetic)"
    assert again.title == "patient_7: CT → MR"
    assert again.synthetic.GetDisplayNode().GetAutoWindowLevel()
    assert units(again.synthetic) == units(again.uncertainty) == "no units"
    assert window(again.attention[0]) == (0.3, 1)
    for number, node in enumerate(again.attention, start=1):
        full = colors_of(node.GetDisplayNode().GetColorNode())[255][1][:3]
        assert full == list(colors.attention_color(number))
    assert again.segments.GetDisplayNode().GetSegmentVisibility("SASAN_1")
    assert segments_of(again.segments)["SASAN_2"][0] == "label 2"

    back = update(again)
    assert (back.synthetic.GetDisplayNode().GetWindow(), back.synthetic.GetDisplayNode().GetLevel()) == (2000, 300)


def test_labels_of_another_model_replace_names_and_colours(nodes):
    labels = [
        {"value": 1, "name": "air", "color": [1, 2, 3], "snomed": None},
        {"value": 5, "name": "metal", "color": [4, 5, 6], "snomed": None},
    ]
    table = nodes.segmentation.GetDisplayNode().GetColorNode()
    nodes.segments.GetSegmentation().GetSegment("SASAN_1").SetName("mine")
    again = update(nodes, labels=labels)
    assert again.segmentation.GetDisplayNode().GetColorNode() is table
    named = [(name, color) for name, color in colors_of(table) if name]
    assert named == [("background", [0, 0, 0, 0]), ("air", [1, 2, 3, 255]), ("metal", [4, 5, 6, 255])]
    assert [segment[0] for segment in segments_of(again.segments).values()] == ["air", "metal"]


# Other outputs than before


def test_maps_that_are_not_made_any_more_are_removed_with_their_colours(nodes):
    result = fake_result.result("synthetic", "segmentation", "uncertainty")
    result["attention_2"] = fake_result.result()["attention_2"]
    kept, gone = nodes.attention[1], [nodes.attention[n] for n in (0, 2, 3)]
    helpers = [node.GetDisplayNode() for node in gone]
    again = update(nodes, result)
    assert again.attention == [kept]
    assert all(node.GetScene() is None for node in (*gone, *helpers))
    assert len(again.color_tables) == 3
    assert len(items()) == 2 + 5


def test_maps_that_were_not_made_before_are_added_to_the_folder(source):
    nodes = results.add_results(fake_result.description(), fake_result.result("synthetic"), source)
    again = update(nodes)
    assert again.synthetic is nodes.synthetic
    assert again.attention_numbers == [1, 2, 3, 4] and again.segments is not None
    assert {item_parent(node) for node in again.outputs} == {nodes.folder}


def test_maps_are_in_order_whichever_was_made_first(source):
    third = {"attention_3": fake_result.result()["attention_3"]}
    nodes = results.add_results(fake_result.description(), third, source)
    assert update(nodes).attention_numbers == [1, 2, 3, 4]


def test_a_segmentation_node_that_is_not_asked_for_any_more_is_removed(nodes):
    again = update(nodes, segmentation_node=False)
    assert again.segments is None and nodes.segments.GetScene() is None
    assert again.segmentation is nodes.segmentation


def test_what_the_user_deleted_is_made_again_and_what_was_moved_stays_there(nodes):
    elsewhere = hierarchy().CreateFolderItem(hierarchy().GetSceneItemID(), "Elsewhere")
    hierarchy().SetItemParent(hierarchy().GetItemByDataNode(nodes.attention[0]), elsewhere)
    slicer.mrmlScene.RemoveNode(nodes.synthetic)
    slicer.mrmlScene.RemoveNode(nodes.attention[1].GetDisplayNode())
    colors.recolor_attention_table(nodes.color_tables[3], (1, 2, 250))
    slicer.mrmlScene.RemoveNode(nodes.attention[2].GetDisplayNode().GetColorNode())
    hierarchy().RemoveItem(nodes.folder, False, False)
    again = update(nodes)
    assert len(again.outputs) == 8 and again.folder != 0
    assert item_parent(again.synthetic) == again.folder
    assert item_parent(again.attention[0]) == elsewhere
    recolored = again.attention[1].GetDisplayNode().GetColorNode()
    assert recolored is nodes.color_tables[3] and colors_of(recolored)[255][1][:3] == [1, 2, 250]
    assert window(again.attention[1]) == (0.3, 1)
    assert again.attention[2].GetDisplayNode().GetColorNode() in again.color_tables


def test_a_run_of_which_nothing_is_left_is_made_again(nodes):
    results.remove_run(nodes)
    again = update(nodes)
    assert again.run == nodes.run and len(again.outputs) == 8
    assert results.find_runs() == [again]


# All or nothing


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (results, "image_from_array"),
        (run_building, "fill_volume"),
        (run_building, "fill_segments"),
        (run_building, "show_strong_part"),
        (presentation, "show_as_uncertainty"),
        (run_building.hierarchy, "put_in"),
    ],
)
def test_whatever_fails_the_run_is_as_it_was(nodes, monkeypatch, module, name):
    results.remove_run(results.add_results(fake_result.description(), fake_result.result(), nodes.source))
    for node in (nodes.attention[3], nodes.uncertainty):
        hierarchy().RemoveItem(hierarchy().GetItemByDataNode(node), False, False)
        slicer.mrmlScene.RemoveNode(node)  # one to be made, so that there is one to be put into the folder
    nodes.segments.GetDisplayNode().SetSegmentVisibility("SASAN_1", False)
    nodes.attention[1].GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeRed")
    set_window(nodes.synthetic, -100, 200)
    slicer.mrmlScene.RemoveNode(nodes.attention[0].GetDisplayNode())
    before = everything()

    original, calls = getattr(module, name), []

    def fail(*arguments, **options):
        calls.append(name)
        if len(calls) == (2 if name not in ("fill_segments", "show_as_uncertainty") else 1):
            raise MemoryError("no room")
        return original(*arguments, **options)

    monkeypatch.setattr(module, name, fail)
    result = {key: array[::-1].copy() for key, array in fake_result.result().items()}
    nodes.source.SetOrigin(5, 6, 7)
    before[0][nodes.source.GetID()] = everything()[0][nodes.source.GetID()]
    labels = [{"value": 1, "name": "air", "color": [1, 2, 3], "snomed": None}]
    with pytest.raises(MemoryError):
        update(nodes, result, direction="ct-to-mr", labels=labels)
    after = everything()
    assert after[0].keys() == before[0].keys()
    for key, facts in before[0].items():
        assert after[0][key] == facts, key
    assert after[1] == before[1]
    assert not nodes.segments.GetDisplayNode().GetSegmentVisibility("SASAN_1")
    image = nodes.segments.GetSegmentation().GetSegment("SASAN_3").GetRepresentation("Binary labelmap")
    assert {image.GetScalarComponentAsDouble(i, j, k, 0) for k, j, i in np.ndindex(fake_result.SHAPE)} == {0, 2, 3}
