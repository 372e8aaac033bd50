"""The scene file and the picture of the demonstration."""

import fake_result
import numpy as np
import pytest
import slicer
from make_scene import check_scene, contents, save_demo, save_scene
from scene_examples import hierarchy, ijk_to_ras, item_parent, volumes
from slicer.util import arrayFromVolume
from slicer_session import Session, SliceView
from test_overlays import center_ras, saturation

from SASANTranslationLib import results, views
from SASANTranslationLib.errors import TranslationError

RIGHT_HANDED = fake_result.oblique_affine() @ np.diag([1, 1, -1, 1])


def add_run(name="patient_7", *roles, affine=RIGHT_HANDED):
    source = fake_result.add_source(name, affine)
    return results.add_results(fake_result.description(), fake_result.result(*roles), source)


def test_left_handed_voxels_keep_their_place_in_the_file(tmp_path):
    """Slicer's files reverse the last axis of a left-handed volume; each value must stay where it is in RAS."""
    affine = fake_result.oblique_affine()
    assert np.linalg.det(affine[:3, :3]) < 0, "the case is meant to be left-handed"
    with Session():
        run = add_run(affine=affine).run
        save_scene(tmp_path / "scene.mrb")
    with Session() as session:
        assert session.scene.ReadFromMRB(str(tmp_path / "scene.mrb"), True)
        nodes = results.find_run(run)
        expected = fake_result.arrays()
        for node, key in (
            (nodes.source, "source"),
            (nodes.synthetic, "synthetic"),
            (nodes.attention[1], "attention_2"),
        ):
            to_file = np.linalg.inv(affine) @ ijk_to_ras(node)
            np.testing.assert_allclose(to_file[:3, :3], np.diag([1, 1, -1]), atol=1e-6)
            np.testing.assert_allclose(to_file[:3, 3], (0, 0, fake_result.SHAPE[0] - 1), atol=1e-6)
            np.testing.assert_array_equal(arrayFromVolume(node)[::-1], expected[key])


def test_the_bundle_reads_back_with_the_same_nodes_layers_and_pictures(tmp_path):
    names = [f"Slice{n}" for n in range(4, 10)] + ["Red", "Yellow", "Green"]
    with Session():
        nodes = add_run()
        views.show_translation(nodes, nodes.attention[0])
        views.slice_view("Slice7")[0].JumpSliceByOffsetting(*center_ras(fake_result.MARKS[0], RIGHT_HANDED))
        # The view nodes' scene is what is written, so the pictures are taken after that.
        save_scene(tmp_path / "scene.mrb")
        before = {node.GetName(): _described(node) for node in volumes()}
        pictures = {name: SliceView(name, 150, 150).image() for name in names}
        layers = {name: _layers(name) for name in names}
    with Session() as session:
        assert session.scene.ReadFromMRB(str(tmp_path / "scene.mrb"), True)
        after = {node.GetName(): _described(node) for node in volumes()}
        assert after.keys() == before.keys()
        for name in before:
            assert after[name] == before[name]
        assert {name: _layers(name) for name in names} == layers
        assert layers["Slice7"] == ["patient_7", "patient_7 attention 1"]
        assert layers["Slice4"] == ["patient_7 → CT (synthetic)"]
        arrangement = session.scene.GetFirstNodeByClass("vtkMRMLLayoutNode").GetViewArrangement()
        assert arrangement == slicer.vtkMRMLLayoutNode.SlicerLayoutThreeByThreeSliceView
        for name, picture in pictures.items():
            difference = np.abs(SliceView(name, 150, 150).image().astype(int) - picture)
            assert difference.max() <= 2, name
            assert picture.any(), name
        assert (saturation(pictures["Slice7"]) > 40).any(), "the overlay is seen"


def _described(node):
    """What must survive in the file, of one volume node."""
    display = node.GetDisplayNode()
    table = display.GetColorNode()
    return {
        "class": node.GetClassName(),
        "geometry": np.round(ijk_to_ras(node), 6).tolist(),
        "voxels": arrayFromVolume(node).tolist(),
        "attributes": {key: node.GetAttribute(key) for key in node.GetAttributeNames()},
        "folder": hierarchy().GetItemName(item_parent(node)),
        "window": (round(display.GetWindow(), 4), round(display.GetLevel(), 4))
        if node.IsA("vtkMRMLScalarVolumeNode") and not node.IsA("vtkMRMLLabelMapVolumeNode")
        else None,
        "colors": [np.round(np.array(table.GetLookupTable().GetTableValue(n)) * 255).tolist() for n in range(4)],
    }


def _layers(name):
    """The names of the volumes in a view, from the background up."""
    _, composite = views.slice_view(name)
    count = slicer.vtkMRMLSliceCompositeNode.Layer_Last + composite.GetNumberOfAdditionalLayers()
    shown = [composite.GetNthLayerVolume(layer) for layer in range(count)]
    return [node.GetName() for node in shown if node is not None]


def test_the_demo_is_a_scene_of_all_runs_and_a_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    with Session() as session:
        runs = [add_run("one"), add_run("two")]
        runs[0].reference = fake_result.add_source("known")
        paths = save_demo(runs, "demo")
        assert slicer.mrmlScene is session.scene, "looking at the file does not disturb the scene"
        assert results.find_runs()[0].synthetic is runs[0].synthetic
    assert paths == (tmp_path / "demo" / "scene.mrb", tmp_path / "demo" / "overview.png")
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == ["overview.png", "scene.mrb"]
    with Session() as session:
        assert session.scene.ReadFromMRB(str(paths[0]), True)
        assert len(volumes()) == 2 * len(fake_result.arrays()) + 1
        assert len(results.find_runs()) == 2
    picture = _read_png(paths[1])
    assert picture.shape[1] > 1000
    assert (saturation(picture) > 40).mean() > 0.01
    upper, lower = np.array_split(picture, 2)
    assert (upper > 0).any() and (lower > 0).any()


@pytest.mark.parametrize(("roles", "columns"), [(("synthetic",), 2), (("segmentation", "uncertainty"), 3)])
def test_the_picture_has_a_column_for_what_there_is(tmp_path, roles, columns):
    with Session():
        nodes = add_run("one", *roles)
        narrow = _read_png(save_demo([nodes], tmp_path)[1])
        assert narrow.shape[1] == 34 + columns * 324
        slicer.mrmlScene.RemoveNode(nodes.source)
        assert _read_png(save_demo([results.find_run(nodes.run)], tmp_path)[1]).shape[1] == narrow.shape[1] - 324


def test_a_scene_that_does_not_read_back_is_told(tmp_path):
    with Session():
        add_run()
        save_scene(tmp_path / "scene.mrb")
        expected = contents()
        check_scene(tmp_path / "scene.mrb", expected)
        with pytest.raises(TranslationError, match="does not read back"):
            check_scene(tmp_path / "scene.mrb", expected[:-1])
        with pytest.raises(TranslationError, match="does not read back"):
            check_scene(tmp_path / "nothing.mrb", expected)
        assert len(volumes()) == len(expected)


def _read_png(path):
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    reader = vtk.vtkPNGReader()
    reader.SetFileName(str(path))
    reader.Update()
    columns, rows, _ = reader.GetOutput().GetDimensions()
    return vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(rows, columns, -1)
