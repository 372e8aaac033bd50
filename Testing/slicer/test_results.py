"""A translation's results as MRML nodes, and in the slice views, in the real slicer-core."""

import ast
import sys
from pathlib import Path

import fake_result
import numpy as np
import pytest
import slicer
from make_scene import main, save_scene
from slicer.util import arrayFromVolume, arrayFromVTKMatrix
from slicer_session import Session, SliceView

import SASANTranslationLib
from SASANTranslationLib import attention, colors, results, views

PLANES = ("Axial", "Coronal", "Sagittal")


@pytest.fixture
def session():
    with Session() as session:
        yield session


@pytest.fixture
def folder(tmp_path):
    return fake_result.write(tmp_path / "patient_7")


@pytest.fixture
def nodes(session, folder):
    return results.load_results(folder)


def ijk_to_ras(node):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return arrayFromVTKMatrix(matrix)


def center_ras(mark):
    """The RAS centre of a box of voxels given as slices (k, j, i)."""
    k, j, i = ((part.start + part.stop - 1) / 2 for part in mark)
    return (fake_result.oblique_affine() @ (i, j, k, 1))[:3]


def saturation(pixels):
    """How colourful each pixel is: largest minus smallest channel."""
    return np.ptp(pixels.astype(int), axis=-1)


def item_parent(node):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    return hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node))


def volumes():
    return slicer.util.getNodesByClass("vtkMRMLVolumeNode")


# Nodes


def test_names_tell_the_input_and_the_kind(nodes):
    assert nodes.source.GetName() == "patient_7"
    assert nodes.synthetic.GetName() == "patient_7 → CT (synthetic)"
    assert nodes.segmentation.GetName() == "patient_7 segmentation"
    assert nodes.uncertainty.GetName() == "patient_7 uncertainty"
    assert [node.GetName() for node in nodes.attention] == [f"patient_7 attention {n}" for n in (1, 2, 3, 4)]
    assert nodes.segmentation.IsA("vtkMRMLLabelMapVolumeNode")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b/head.nii.gz", "head"),
        ("head.NRRD", "head"),
        ("dicom/series.3", "series.3"),
        ("C1.mha", "C1"),
        (".nrrd", ".nrrd"),
    ],
)
def test_the_name_of_an_input_is_its_file_name_without_extension(path, name):
    assert results.input_name(path) == name


def _loaded_by_file(nodes):
    named = {"source": nodes.source, "synthetic": nodes.synthetic, "segmentation": nodes.segmentation}
    named["uncertainty"] = nodes.uncertainty
    named.update({f"attention_{n}": node for n, node in enumerate(nodes.attention, start=1)})
    return named


def test_geometry_and_voxels_are_those_of_the_files(session, tmp_path):
    right_handed = fake_result.oblique_affine() @ np.diag([1, 1, -1, 1])
    nodes = results.load_results(fake_result.write(tmp_path / "case", affine=right_handed))
    expected = fake_result.arrays()
    loaded = _loaded_by_file(nodes)
    assert loaded.keys() == expected.keys()
    for name, node in loaded.items():
        np.testing.assert_allclose(ijk_to_ras(node), right_handed, atol=1e-6, err_msg=name)
        np.testing.assert_array_equal(arrayFromVolume(node), expected[name], err_msg=name)


def test_left_handed_voxels_keep_their_place(nodes):
    """Slicer's reader reverses the last axis of a left-handed file; each value must stay where it is in RAS."""
    affine = fake_result.oblique_affine()
    assert np.linalg.det(affine[:3, :3]) < 0, "the case is meant to be left-handed"
    expected = fake_result.arrays()
    for name, node in _loaded_by_file(nodes).items():
        to_file = np.linalg.inv(affine) @ ijk_to_ras(node)
        np.testing.assert_allclose(to_file[:3, :3], np.diag([1, 1, -1]), atol=1e-6, err_msg=name)
        np.testing.assert_allclose(to_file[:3, 3], (0, 0, fake_result.SHAPE[0] - 1), atol=1e-6, err_msg=name)
        np.testing.assert_array_equal(arrayFromVolume(node)[::-1], expected[name], err_msg=name)


def test_ct_has_a_window_and_hounsfield_units_and_mr_neither(nodes):
    display = nodes.synthetic.GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel()) == results.CT_WINDOW_LEVEL
    assert not display.GetAutoWindowLevel()
    assert nodes.source.GetDisplayNode().GetAutoWindowLevel()
    assert nodes.synthetic.GetVoxelValueUnits().GetCodeMeaning() == "Hounsfield unit"
    assert nodes.uncertainty.GetVoxelValueUnits().GetCodeMeaning() == "Hounsfield unit"
    assert nodes.source.GetVoxelValueUnits().GetCodeMeaning() == "no units"


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


def test_every_output_says_what_made_it(nodes):
    for node in nodes.outputs:
        assert node.GetAttribute("SASAN.model") == "brain-mr-ct"
        assert node.GetAttribute("SASAN.model_version") == "1.2.0"
        assert node.GetAttribute("SASAN.weights_sha256") == "ab" * 32
        assert node.GetAttribute("SASAN.direction") == "mr-to-ct"
        assert node.GetAttribute("SASAN.parameters") == '{"flips": true}'
        assert node.GetAttribute("SASAN.notices") == '["The field of view is small."]'
        assert node.GetNodeReference(results.SOURCE_REFERENCE_ROLE) is nodes.source
    assert nodes.synthetic.GetAttribute("SASAN.role") == "synthetic"
    assert [node.GetAttribute("SASAN.attention_map") for node in nodes.attention] == ["1", "2", "3", "4"]
    assert nodes.source.GetAttribute("SASAN.model") is None, "the input was not made by the model"


def test_outputs_lie_in_one_folder_beside_the_input(nodes):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    assert {item_parent(node) for node in nodes.outputs} == {nodes.folder}
    assert hierarchy.GetItemParent(nodes.folder) == item_parent(nodes.source)
    assert hierarchy.GetItemName(nodes.folder) == "patient_7: MR → CT"


def test_a_volume_already_in_the_scene_is_used_and_the_folder_is_made_in_its_study(session, folder):
    source = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Mine")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
    hierarchy.CreateItem(study, source)
    nodes = results.load_results(folder, source)
    again = results.load_results(folder, source)
    assert nodes.source is source and again.source is source
    assert nodes.synthetic.GetName() == "Mine → CT (synthetic)"
    assert hierarchy.GetItemParent(nodes.folder) == study
    assert hierarchy.GetItemParent(again.folder) == study
    assert hierarchy.GetItemName(nodes.folder) != hierarchy.GetItemName(again.folder)


def test_a_known_answer_is_loaded_beside_the_input(session, folder):
    (folder / "synthetic.nrrd").rename(folder / "ct_known.nrrd")
    fake = fake_result.write(folder.parent / "other")
    (fake / "synthetic.nrrd").rename(folder / "synthetic.nrrd")
    nodes = results.load_results(folder)
    assert nodes.reference.GetName() == "patient_7: known CT"
    assert nodes.reference.GetDisplayNode().GetWindow() == results.CT_WINDOW_LEVEL[0]
    assert item_parent(nodes.reference) == item_parent(nodes.source)


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_damaged_result_names_the_file_and_leaves_the_scene_as_it_was(session, folder, damage):
    file = folder / "attention_3.nrrd"
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:200])
    before = session.scene.GetNumberOfNodes()
    with pytest.raises(results.ResultsError, match="attention_3"):
        results.load_results(folder)
    assert volumes() == []
    assert session.scene.GetNumberOfNodes() == before


@pytest.mark.parametrize("text", [None, "{", "[]", '{"input": "x"}'])
def test_a_folder_without_a_whole_translation_json_is_refused(session, folder, text):
    file = folder / "translation.json"
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    with pytest.raises(results.ResultsError, match=r"translation\.json"):
        results.load_results(folder)


# Choice of maps


def test_maps_are_chosen_that_mark_different_places(nodes):
    first, second, same_as_first, empty = nodes.attention
    arrayFromVolume(first)[4:16, 16:22, 5:10] = 1
    chosen = attention.complementary_maps(nodes.attention, nodes.segmentation)
    assert chosen == [first], "the second marks 1 % of the body, which is not worth a colour"
    arrayFromVolume(second)[4:16, 6:10, 13:18] = 1
    chosen = attention.complementary_maps(nodes.attention, nodes.segmentation)
    assert chosen == [first, second], "largest first; neither the repetition nor the empty one"
    assert attention.complementary_maps(nodes.attention, nodes.segmentation, count=1) == [first]
    assert attention.complementary_maps([same_as_first], nodes.segmentation) == [same_as_first]
    assert attention.complementary_maps([empty], nodes.segmentation) == [empty]


def test_a_map_of_the_background_is_not_chosen(nodes):
    first, background = nodes.attention[:2]
    arrayFromVolume(background)[:] = arrayFromVolume(nodes.segmentation) == 0
    assert attention.complementary_maps([background, first], nodes.segmentation) == [first]


def test_a_dense_map_is_drawn_where_it_is_strongest(nodes):
    node = nodes.attention[0]
    inside = arrayFromVolume(nodes.segmentation) > 0
    values = np.linspace(0, 1, inside.sum())
    arrayFromVolume(node)[inside] = values
    attention.show_strong_part(node, nodes.segmentation)
    drawn = arrayFromVolume(node) > node.GetDisplayNode().GetWindowLevelMin()
    assert drawn.sum() / inside.sum() == pytest.approx(0.15, abs=0.01)


# Pictures


@pytest.mark.parametrize("plane", PLANES)
def test_the_overlay_is_drawn_where_the_map_is_high_and_nowhere_else(nodes, plane):
    mark = fake_result.MARKS[0]
    view = SliceView("Test", 240, 200)
    views.set_layers(view.composite, nodes.source, nodes.attention[:1])
    view.node.SetOrientation(plane)
    views.fit(view.node, views.content_extent(nodes.source))
    center = center_ras(mark)
    view.node.JumpSliceByOffsetting(*center)
    picture = view.image()
    colored = saturation(picture) > 40

    row, column = view.pixel(center)
    red, green, blue = picture[round(row), round(column)].astype(int)
    assert red > green + 40 and red > blue + 40, "map 1 is red"
    assert np.argwhere(colored).mean(axis=0) == pytest.approx((row, column), abs=2)
    mirrored = picture.shape[0] - 1 - row, picture.shape[1] - 1 - column
    assert not colored[round(mirrored[0]), round(mirrored[1])]
    rows, columns = np.indices(colored.shape)
    inside = _in_box(view, rows, columns, mark, margin=0.6)
    assert colored[_in_box(view, rows, columns, mark, margin=-1.0)].all()
    assert not colored[~inside].any()


def _in_box(view, rows, columns, mark, margin):
    """Which pixels lie in a box of voxels, grown by `margin` voxels."""
    xy = np.stack([columns, view.node.GetDimensions()[1] - 1 - rows, 0 * rows, 0 * rows + 1], axis=-1)
    ras = xy @ arrayFromVTKMatrix(view.node.GetXYToRAS()).T
    ijk = (ras @ np.linalg.inv(fake_result.oblique_affine()).T)[..., :3]
    inside = np.ones(rows.shape, bool)
    for axis, part in zip((2, 1, 0), mark, strict=True):
        inside &= (ijk[..., axis] >= part.start - 0.5 - margin) & (ijk[..., axis] <= part.stop - 0.5 + margin)
    return inside


def test_several_maps_are_drawn_at_once_each_in_its_colour(nodes):
    view = SliceView("Test", 200, 200)
    views.set_layers(view.composite, nodes.source, nodes.attention)
    for map_number in (2, 3):  # 3 lies on 1, above it
        center = center_ras(fake_result.MARKS[map_number - 1])
        view.node.JumpSliceByCentering(*center)
        row, column = view.pixel(center)
        pixel = view.image()[round(row), round(column)]
        hue = int(np.argmax(colors.attention_color(map_number)))
        assert np.argmax(pixel) == hue
        assert saturation(pixel) > 40


def test_the_segmentation_is_drawn_in_the_labels_colours(nodes):
    view = SliceView("Test", 200, 200)
    views.set_layers(view.composite, nodes.source, (), nodes.segmentation)
    center = center_ras(fake_result.MARKS[0])
    view.node.JumpSliceByCentering(*center)
    row, column = (round(float(part)) for part in view.pixel(center))
    with_labels = view.image()[row, column]
    views.set_layers(view.composite, nodes.source)
    without = view.image()[row, column]
    share = views.SEGMENTATION_OPACITY
    expected = (1 - share) * without + share * np.array(fake_result.COLORS[3])
    np.testing.assert_allclose(with_labels, expected, atol=2)


def test_layers_of_an_earlier_overlay_do_not_stay(nodes):
    _, composite = views.slice_view("Test")
    views.set_layers(composite, nodes.source, nodes.attention)
    views.set_layers(composite, nodes.synthetic, nodes.attention[:2])
    assert composite.GetNumberOfAdditionalLayers() == 1
    views.set_layers(composite, nodes.synthetic)
    assert composite.GetNumberOfAdditionalLayers() == 0
    assert composite.GetForegroundVolumeID() is None
    assert composite.GetBackgroundVolumeID() == nodes.synthetic.GetID()


@pytest.mark.parametrize("plane", PLANES)
def test_a_fitted_view_is_filled_by_the_anatomy_and_cuts_nothing_off(nodes, plane):
    extent = views.content_extent(nodes.source)
    view = SliceView("Test", 300, 200)
    view.node.SetOrientation(plane)
    views.fit(view.node, extent)
    corners = np.array(np.meshgrid(*zip(extent.lower, extent.upper, strict=True))).reshape(3, -1).T
    pixels = np.array([view.pixel(corner) for corner in corners])
    assert pixels.min() >= 0
    assert (pixels <= (199, 299)).all()
    used = np.ptp(pixels, axis=0) / (200, 300)
    assert used.max() > 0.9
    field = view.node.GetFieldOfView()
    assert field[0] / 300 == pytest.approx(field[1] / 200), "pixels are square"


def test_the_extent_is_that_of_the_body_in_patient_space(nodes):
    extent = views.content_extent(nodes.source)
    k, j, i = np.mgrid[fake_result.BODY]
    points = np.stack([i, j, k, 0 * i + 1], axis=-1).reshape(-1, 4) @ fake_result.oblique_affine().T
    np.testing.assert_allclose(extent.lower, points.min(axis=0)[:3], atol=2)
    np.testing.assert_allclose(extent.upper, points.max(axis=0)[:3], atol=2)


def test_the_first_look_is_radiological(nodes):
    views.show_translation(nodes)
    ends = {"Red": ("R", "A"), "Green": ("R", "S"), "Yellow": ("A", "S")}
    towards = {"R": (1, 0, 0), "A": (0, 1, 0), "S": (0, 0, 1)}
    for name, (left, above) in ends.items():
        view = SliceView(name, 200, 200)
        center = views.content_extent(nodes.source).center
        row, column = view.pixel(center)
        assert view.pixel(np.add(center, towards[left]))[1] < column
        assert view.pixel(np.add(center, towards[above]))[0] < row


# Scene


def test_the_bundle_reads_back_with_the_same_nodes_layers_and_pictures(tmp_path, folder):
    names = [f"Slice{n}" for n in range(4, 10)] + ["Red", "Yellow", "Green"]
    with Session():
        nodes = results.load_results(folder)
        views.show_translation(nodes, nodes.attention[0])
        views.slice_view("Slice7")[0].JumpSliceByOffsetting(*center_ras(fake_result.MARKS[0]))
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
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    display = node.GetDisplayNode()
    table = display.GetColorNode()
    return {
        "class": node.GetClassName(),
        "geometry": np.round(ijk_to_ras(node), 6).tolist(),
        "voxels": arrayFromVolume(node).tolist(),
        "attributes": {key: node.GetAttribute(key) for key in node.GetAttributeNames()},
        "folder": hierarchy.GetItemName(item_parent(node)),
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


def test_make_scene_writes_the_bundle_and_a_picture(tmp_path, monkeypatch, capsys):
    for name in ("one", "two"):
        fake_result.write(tmp_path / "demo" / name, f"{name}.nrrd")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["make_scene.py", "demo"])
    assert main() == 0
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == [
        "one",
        "overview.png",
        "scene.mrb",
        "two",
    ]
    assert capsys.readouterr().out.split() == [str(tmp_path / "demo" / n) for n in ("scene.mrb", "overview.png")]
    with Session() as session:
        assert session.scene.ReadFromMRB(str(tmp_path / "demo" / "scene.mrb"), True)
        assert len(volumes()) == 2 * len(fake_result.arrays())
    picture = _read_png(tmp_path / "demo" / "overview.png")
    assert picture.shape[1] > 1000
    assert (saturation(picture) > 40).mean() > 0.01
    upper, lower = np.array_split(picture, 2)
    assert (upper > 0).any() and (lower > 0).any()


def test_make_scene_refuses_a_folder_without_results(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["make_scene.py", str(tmp_path)])
    assert main() == 1
    assert "no result" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def _read_png(path):
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    reader = vtk.vtkPNGReader()
    reader.SetFileName(str(path))
    reader.Update()
    columns, rows, _ = reader.GetOutput().GetDimensions()
    return vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(rows, columns, -1)


# Imports


def test_nothing_but_slicer_and_vtk_is_imported_at_file_scope():
    allowed = {*sys.stdlib_module_names, "slicer", "vtk", "SASANTranslationLib"}
    for path in Path(SASANTranslationLib.__file__).parent.rglob("*.py"):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.Import):
                roots = {name.name.split(".")[0] for name in statement.names}
            elif isinstance(statement, ast.ImportFrom):
                roots = {statement.module.split(".")[0]}
            else:
                continue
            assert roots <= allowed, path
