"""A translation's results as MRML nodes, in the real slicer-core."""

import ast
import sys
from pathlib import Path

import fake_result
import numpy as np
import pytest
import slicer
from scene_examples import everything, hierarchy, ijk_to_ras, item_parent, items, units, volumes
from slicer.util import arrayFromVolume

import SASANTranslationLib
from SASANTranslationLib import colors, presentation, results, run_building
from SASANTranslationLib.errors import TranslationError


@pytest.fixture
def nodes(source):
    return results.add_results(fake_result.description(), fake_result.result(), source)


def by_key(nodes):
    named = {"synthetic": nodes.synthetic, "segmentation": nodes.segmentation, "uncertainty": nodes.uncertainty}
    named.update({f"attention_{n}": node for n, node in zip(nodes.attention_numbers, nodes.attention, strict=True)})
    return named


# Names, voxels, geometry


def test_names_tell_the_input_and_the_kind(nodes):
    assert nodes.synthetic.GetName() == "patient_7 → CT (synthetic)"
    assert nodes.segmentation.GetName() == "patient_7 segmentation"
    assert nodes.uncertainty.GetName() == "patient_7 uncertainty"
    assert [node.GetName() for node in nodes.attention] == [f"patient_7 attention {n}" for n in (1, 2, 3, 4)]
    assert nodes.segmentation.IsA("vtkMRMLLabelMapVolumeNode")
    assert nodes.title == "patient_7: MR → CT"
    assert nodes.segments is None and nodes.reference is None


def test_outputs_come_in_the_order_of_the_hierarchy(nodes):
    assert nodes.outputs == nodes.volumes
    assert nodes.outputs == [nodes.synthetic, nodes.segmentation, nodes.uncertainty, *nodes.attention]


def test_voxels_are_those_of_the_arrays_and_copied(source):
    given = fake_result.result()
    nodes = results.add_results(fake_result.description(), given, source)
    expected = fake_result.result()
    assert by_key(nodes).keys() == expected.keys()
    for array in given.values():
        array[:] = 7
    for key, node in by_key(nodes).items():
        np.testing.assert_array_equal(arrayFromVolume(node), expected[key], err_msg=key)
        assert arrayFromVolume(node).dtype == (np.uint8 if key == "segmentation" else np.float32)


def test_arrays_of_other_types_become_float_and_labels_stay_whole(source):
    result = {
        "synthetic": fake_result.result()["synthetic"].astype(np.float64)[:, :, ::-1],
        "segmentation": fake_result.result()["segmentation"].astype(np.int64) * 100,
    }
    nodes = results.add_results(fake_result.description(), result, source)
    assert arrayFromVolume(nodes.synthetic).dtype == np.float32
    np.testing.assert_array_equal(arrayFromVolume(nodes.synthetic), result["synthetic"].astype(np.float32))
    assert arrayFromVolume(nodes.segmentation).max() == 300


def test_files_can_be_removed_as_soon_as_the_nodes_are_there(source, tmp_path):
    """Memory-mapped arrays are copied, not kept."""
    np.save(tmp_path / "synthetic.npy", fake_result.result()["synthetic"])
    mapped = np.load(tmp_path / "synthetic.npy", mmap_mode="r+")
    nodes = results.add_results(fake_result.description(), {"synthetic": mapped}, source)
    mapped[:] = 0
    np.testing.assert_array_equal(arrayFromVolume(nodes.synthetic), fake_result.result()["synthetic"])


def test_a_left_handed_grid_is_the_inputs_bit_for_bit(nodes):
    assert np.linalg.det(fake_result.oblique_affine()[:3, :3]) < 0, "the case is meant to be left-handed"
    for node in nodes.volumes:
        np.testing.assert_array_equal(ijk_to_ras(node), ijk_to_ras(nodes.source))
        np.testing.assert_allclose(ijk_to_ras(node), fake_result.oblique_affine(), atol=1e-12)


def test_any_grid_is_the_inputs_bit_for_bit(session):
    random = np.random.default_rng(3)
    for _ in range(50):
        source = fake_result.add_source(affine=np.vstack([random.normal(size=(3, 4)) * 3, [0, 0, 0, 1]]))
        result = fake_result.result("synthetic")
        node = results.add_results(fake_result.description(), result, source).synthetic
        np.testing.assert_array_equal(ijk_to_ras(node), ijk_to_ras(source))


def test_the_grid_of_a_frame_may_be_another_than_that_of_the_input(source):
    frame = slicer.vtkMRMLScalarVolumeNode()
    frame.CopyContent(source)
    frame.SetOrigin(1, 2, 3)
    result = fake_result.result("synthetic")
    nodes = results.add_results(fake_result.description(), result, source, geometry=frame)
    assert nodes.synthetic.GetOrigin() == (1, 2, 3)
    assert nodes.source is source


def test_voxels_that_are_not_counted_from_zero_keep_their_place(source):
    source.GetImageData().SetExtent(3, 26, -2, 25, 0, 19)
    nodes = results.add_results(fake_result.description(), fake_result.result("synthetic"), source)
    assert nodes.synthetic.GetImageData().GetExtent() == (3, 26, -2, 25, 0, 19)
    np.testing.assert_array_equal(arrayFromVolume(nodes.synthetic), fake_result.result()["synthetic"])


def test_outputs_are_under_the_inputs_transform(session):
    parent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    source = fake_result.add_source(parent=parent)
    nodes = results.add_results(fake_result.description(), fake_result.result(), source, segmentation_node=True)
    assert len(nodes.outputs) == 8
    assert {node.GetParentTransformNode() for node in nodes.outputs} == {parent}


# Presentation


def test_ct_has_a_window_and_hounsfield_units_and_the_input_keeps_its_own(nodes):
    display = nodes.synthetic.GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel()) == presentation.CT_WINDOW_LEVEL
    assert not display.GetAutoWindowLevel()
    assert units(nodes.synthetic) == units(nodes.uncertainty) == "Hounsfield unit"
    assert units(nodes.source) is None
    assert units(nodes.attention[0]) is None


def test_mr_is_windowed_by_its_histogram_and_has_no_units(source):
    nodes = results.add_results(fake_result.description("ct-to-mr"), fake_result.result("synthetic"), source)
    assert nodes.synthetic.GetName() == "patient_7 → MR (synthetic)"
    assert nodes.synthetic.GetDisplayNode().GetAutoWindowLevel()
    assert units(nodes.synthetic) == "no units"


def test_the_uncertainty_is_windowed_from_zero_to_its_upper_end(nodes):
    display = nodes.uncertainty.GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == pytest.approx((0, 80))


def test_labels_have_their_names_and_colours_and_the_background_is_transparent(nodes):
    table = nodes.segmentation.GetDisplayNode().GetColorNode()
    for value, color in fake_result.COLORS.items():
        rgba = [0.0] * 4
        table.GetColor(value, rgba)
        assert rgba == pytest.approx([*(part / 255 for part in color), 1], abs=1 / 512)
        assert table.GetColorName(value) == f"label {value}"
    assert table.GetLookupTable().GetOpacity(0) == 0


def test_every_map_has_a_colour_of_its_own():
    chosen = [colors.attention_color(number) for number in range(1, 33)]
    assert len(set(chosen)) == len(chosen)
    assert all(max(color) > 150 for color in chosen), "a dark colour is not seen on a dark image"


def test_a_map_fades_from_transparent_to_its_colour(nodes):
    for number, node in enumerate(nodes.attention, start=1):
        table = node.GetDisplayNode().GetColorNode().GetLookupTable()
        assert table.GetTableValue(0)[3] == 0
        full = np.array(colors.attention_color(number)) / 255
        np.testing.assert_allclose(table.GetTableValue(255)[:3], full, atol=1 / 512)
        strength = [sum(table.GetTableValue(entry)[:3]) for entry in range(1, 256)]
        assert np.all(np.diff(strength) >= 0)
        assert strength[0] < 0.6 * strength[-1]


# Provenance, hierarchy


def test_every_output_says_what_made_it(source):
    nodes = results.add_results(fake_result.description(), fake_result.result(), source, segmentation_node=True)
    for node in nodes.outputs:
        assert node.GetAttribute("SASAN.model") == "brain-mr-ct"
        assert node.GetAttribute("SASAN.model_version") == "1.2.0"
        assert node.GetAttribute("SASAN.weights_sha256") == "ab" * 32
        assert node.GetAttribute("SASAN.direction") == "mr-to-ct"
        assert node.GetAttribute("SASAN.parameters") == '{"flips": true}'
        assert node.GetAttribute("SASAN.notices") == '["The field of view is small."]'
        assert node.GetAttribute("SASAN.run") == nodes.run
        assert node.GetNodeReference("SASAN.Source") is source
    roles = [node.GetAttribute("SASAN.role") for node in nodes.outputs]
    assert roles == ["synthetic", "segmentation", "segments", "uncertainty", *4 * ["attention"]]
    assert [node.GetAttribute("SASAN.attention_map") for node in nodes.attention] == ["1", "2", "3", "4"]
    assert source.GetAttributeNames() == (), "the input was not made by the model"
    assert nodes.entry("modality") == "CT" and nodes.entry("source_modality") == "MR"
    assert nodes.entry("nothing such") is None


def test_outputs_lie_in_one_folder_beside_the_input(nodes):
    assert {item_parent(node) for node in nodes.outputs} == {nodes.folder}
    assert hierarchy().GetItemParent(nodes.folder) == item_parent(nodes.source)
    assert hierarchy().GetItemName(nodes.folder) == "patient_7: MR → CT"


def test_further_folders_are_numbered(session):
    source = fake_result.add_source()
    runs = [results.add_results(fake_result.description(), fake_result.result("synthetic"), source) for _ in range(3)]
    names = [hierarchy().GetItemName(run.folder) for run in runs]
    assert names == ["patient_7: MR → CT", "patient_7: MR → CT (2)", "patient_7: MR → CT (3)"]


def test_the_folder_is_made_in_the_inputs_study_and_each_run_has_its_own(session):
    source = fake_result.add_source("Mine")
    study = hierarchy().CreateStudyItem(hierarchy().GetSceneItemID(), "Study")
    hierarchy().CreateItem(study, source)
    first, second = (results.add_results(fake_result.description(), fake_result.result(), source) for _ in range(2))
    assert first.run != second.run
    assert hierarchy().GetItemParent(first.folder) == hierarchy().GetItemParent(second.folder) == study
    assert hierarchy().GetItemName(first.folder) != hierarchy().GetItemName(second.folder)
    assert not set(first.outputs) & set(second.outputs)


# Any outputs may be missing


@pytest.mark.parametrize("role", ["synthetic", "segmentation", "uncertainty", "attention"])
def test_a_single_kind_of_output_is_enough(source, role):
    result = fake_result.result(role)
    nodes = results.add_results(fake_result.description(), result, source, segmentation_node=True)
    segments = [nodes.segments] if role == "segmentation" else []
    assert len(nodes.outputs) == len(result) + len(segments)
    assert {node.GetAttribute("SASAN.role") for node in nodes.volumes} == {role}
    assert (nodes.segments is not None) == (role == "segmentation")
    assert len(items()) == len(nodes.outputs) + 2, "the input, its outputs, and their folder"


def test_maps_keep_their_numbers_when_some_are_missing(source):
    result = {key: array for key, array in fake_result.result("attention").items() if key[-1] in "24"}
    nodes = results.add_results(fake_result.description(), result, source)
    assert nodes.attention_numbers == [2, 4]
    assert [node.GetName() for node in nodes.attention] == ["patient_7 attention 2", "patient_7 attention 4"]


def test_ten_maps_are_in_the_order_of_their_numbers(source):
    one = fake_result.result()["attention_1"]
    result = {f"attention_{number}": one for number in (10, 2, 9, 1)}
    assert results.add_results(fake_result.description(), result, source).attention_numbers == [1, 2, 9, 10]


# Errors


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (results, "image_from_array"),
        (run_building, "fill_volume"),
        (run_building, "fill_segments"),
        (run_building, "show_strong_part"),
        (run_building.hierarchy, "put_in"),
    ],
)
@pytest.mark.parametrize("call", [1, 3])
def test_whatever_fails_the_scene_is_as_it_was(source, monkeypatch, module, name, call):
    hierarchy().CreateItem(hierarchy().GetSceneItemID(), source)
    before = everything()
    original, calls = getattr(module, name), []

    def fail(*arguments, **options):
        calls.append(name)
        if len(calls) == call or name == "fill_segments":
            raise MemoryError("no room")
        return original(*arguments, **options)

    monkeypatch.setattr(module, name, fail)
    with pytest.raises(MemoryError):
        results.add_results(fake_result.description(), fake_result.result(), source, segmentation_node=True)
    assert everything() == before


def test_an_input_that_was_removed_is_told(source):
    slicer.mrmlScene.RemoveNode(source)
    with pytest.raises(TranslationError, match="removed") as caught:
        results.add_results(fake_result.description(), fake_result.result(), source)
    assert caught.value.kind == "source" and caught.value.hint
    assert volumes() == []


def test_a_result_of_another_size_is_told(source):
    result = fake_result.result()
    result["attention_3"] = result["attention_3"][:, :, :-1]
    with pytest.raises(TranslationError, match="23 × 28 × 20 voxels, but patient_7 has 24 × 28 × 20") as caught:
        results.add_results(fake_result.description(), result, source)
    assert caught.value.kind == "source" and caught.value.hint
    assert volumes() == [source]


def test_a_result_of_nothing_is_told(source):
    with pytest.raises(TranslationError, match="no result"):
        results.add_results(fake_result.description(), {}, source)
    with pytest.raises(ValueError, match="surprise"):
        results.add_results(fake_result.description(), {"surprise": fake_result.result()["synthetic"]}, source)


# Imports


def test_nothing_but_slicer_and_vtk_is_imported_at_file_scope():
    allowed = {*sys.stdlib_module_names, "slicer", "vtk", "qt", "ctk", "SASANTranslationLib"}
    for path in Path(SASANTranslationLib.__file__).parent.rglob("*.py"):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.Import):
                roots = {name.name.split(".")[0] for name in statement.names}
            elif isinstance(statement, ast.ImportFrom):
                roots = {statement.module.split(".")[0]}
            else:
                continue
            assert roots <= allowed, path
