"""A run in the slice views: layouts, layers, flicker, and the user's views exactly as they were afterwards."""

import fake_result
import numpy as np
import pytest
import slicer
from inspection_examples import add_run, center, world
from slicer.util import arrayFromVTKMatrix
from slicer_session import Session, SliceView

from SASANTranslationLib import views
from SASANTranslationLib.inspection import layouts
from SASANTranslationLib.inspection.stage import Look, Stage
from SASANTranslationLib.inspection.view_state import ViewState

SOURCE, SYNTHETIC = "head", "head → CT (synthetic)"
SEGMENTATION, UNCERTAINTY = "head segmentation", "head uncertainty"
MAPS = [f"head attention {number}" for number in (1, 2, 3, 4)]

CONVENTIONAL = slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView


@pytest.fixture
def session():
    with Session() as session:
        yield session


@pytest.fixture
def nodes(session):
    return add_run()


@pytest.fixture
def stage(session):
    return Stage()


@pytest.fixture
def users_views(nodes):
    """A user's own arrangement, in every respect that inspection may touch; returns what describes it."""
    layout = layouts.layout_node()
    layout.SetViewArrangement(CONVENTIONAL)
    mine = slicer.mrmlScene.AddNode(slicer.vtkMRMLScalarVolumeNode())
    mine.CreateDefaultDisplayNodes()
    for number, name in enumerate(("Red", "Green", "Yellow")):
        node, composite = views.slice_view(name)
        composite.SetBackgroundVolumeID(nodes.source.GetID())
        composite.SetForegroundVolumeID(mine.GetID())
        composite.SetForegroundOpacity(0.3)
        composite.SetLabelVolumeID(nodes.segmentation.GetID())
        composite.SetLabelOpacity(0.2)
        composite.SetNthLayerVolumeID(3, nodes.uncertainty.GetID())
        composite.SetNthLayerOpacity(3, 0.15)
        composite.SetLinkedControl(number != 1)
        composite.SetCompositing(slicer.vtkMRMLSliceCompositeNode.Add)
        node.SetFieldOfView(111 + number, 111 + number, 1)
        node.SetXYZOrigin(3, -4, 0)
        node.SetSliceOffset(12.5 - number)
    nodes.source.GetDisplayNode().AutoWindowLevelOff()
    nodes.source.GetDisplayNode().SetWindowLevel(123, 45)
    return describe()


def describe():
    """The user's views and windows."""
    layout = layouts.layout_node()
    described = {"layout": layout.GetViewArrangement()}
    for name in ("Red", "Green", "Yellow"):
        node, composite = views.slice_view(name)
        count = 3 + composite.GetNumberOfAdditionalLayers()
        described[name] = (
            [(composite.GetNthLayerVolumeID(n), composite.GetNthLayerOpacity(n)) for n in range(count)],
            (composite.GetLinkedControl(), composite.GetCompositing()),
            np.round(arrayFromVTKMatrix(node.GetSliceToRAS()), 6).tolist(),
            node.GetFieldOfView(),
            node.GetXYZOrigin(),
        )
    for name in (SOURCE, SYNTHETIC, UNCERTAINTY):
        node = slicer.mrmlScene.GetFirstNodeByName(name)
        if node is not None:
            display = node.GetDisplayNode()
            described[node.GetName()] = (display.GetWindow(), display.GetLevel(), display.GetAutoWindowLevel())
    return described


def shown(view):
    """The names of the volumes in one of inspection's views, from the background up, and its label."""
    node, composite = views.slice_view(layouts.VIEWS[view])
    return layers(composite), node.GetLayoutLabel()


def layers(composite):
    volumes = [composite.GetNthLayerVolume(n) for n in range(3 + composite.GetNumberOfAdditionalLayers())]
    return [node.GetName() for node in volumes if node is not None]


# What the views show


@pytest.mark.parametrize("name", ["four", "row", "three"])
def test_a_layout_has_its_own_linked_views(nodes, stage, name):
    stage.show(nodes, Look(layout=name, overlays=tuple(nodes.attention[:2])))
    assert layouts.layout_node().GetViewArrangement() == layouts.LAYOUTS[name].number
    assert shown("source") == ([SOURCE], "Source")
    assert shown("synthetic") == ([SYNTHETIC], "Synthetic")
    assert shown("attention") == ([SOURCE, MAPS[0], MAPS[1]], "Attention")
    if name != "three":
        assert shown("difference") == ([UNCERTAINTY], "Uncertainty")
    for view in layouts.LAYOUTS[name].views:
        node, composite = views.slice_view(layouts.VIEWS[view])
        assert composite.GetLinkedControl() and composite.GetHotLinkedControl()
        assert node.GetViewGroup() == layouts.VIEW_GROUP
        assert node.GetOrientation() == "Axial"


@pytest.mark.parametrize("orientation", layouts.ORIENTATIONS)
def test_the_anatomy_fills_all_views_in_every_orientation(nodes, stage, orientation):
    stage.show(nodes, Look(layout="three", orientation="Coronal"))
    stage.show(nodes, Look(layout="three", orientation=orientation))
    extent = views.content_extent(nodes.source)
    for view in layouts.LAYOUTS["three"].views:
        picture = SliceView(layouts.VIEWS[view], 120, 160)
        assert picture.node.GetOrientation() == orientation
        stage.fit()
        corners = np.array(np.meshgrid(*zip(extent.lower, extent.upper, strict=True))).reshape(3, -1).T
        pixels = np.array([picture.pixel(corner) for corner in corners])
        assert pixels.min() >= 0
        assert (pixels <= (159, 119)).all()
        assert (np.ptp(pixels, axis=0) / (160, 120)).max() > 0.9


def test_the_first_slice_goes_through_the_focus_and_a_change_of_maps_stays_where_the_user_is(nodes, stage):
    stage.show(nodes, Look())
    view = views.slice_view(layouts.VIEWS["source"])[0]
    assert view.GetSliceOffset() == pytest.approx(views.content_extent(nodes.source).focus[2])
    view.SetSliceOffset(3)
    view.SetFieldOfView(40, 40, 1)
    stage.show(nodes, Look(overlays=tuple(nodes.attention), opacity=0.3))
    assert view.GetSliceOffset() == pytest.approx(3)
    assert view.GetFieldOfView()[:2] == (40, 40)


def test_the_overlays_are_drawn_in_their_colours_and_as_opaque_as_asked(nodes, stage):
    point = world(center(fake_result.MARKS[0]))
    pixels = []
    for opacity in (1.0, 0.5):
        stage.show(nodes, Look(overlays=(nodes.attention[0],), opacity=opacity))
        view = SliceView("SASANAttention", 200, 200)
        view.node.JumpSliceByCentering(*point)
        row, column = view.pixel(point)
        pixels.append(view.image()[round(row), round(column)].astype(float))
    grey = 127.5  # 100 in a window from 0 to 200
    np.testing.assert_allclose(pixels[0], (255, 89, 64), atol=2)
    np.testing.assert_allclose(pixels[1], (np.array((255, 89, 64)) + grey) / 2, atol=3)


def test_maps_lie_over_the_synthetic_volume_if_asked(nodes, stage):
    stage.show(nodes, Look(overlays=tuple(nodes.attention[:1]), overlay_on="synthetic"))
    assert shown("attention") == ([SYNTHETIC, MAPS[0]], "Attention")
    assert shown("source")[0] == [SOURCE]


def test_fewer_overlays_leave_no_layer_behind(nodes, stage):
    stage.show(nodes, Look(overlays=tuple(nodes.attention)))
    stage.show(nodes, Look(overlays=(nodes.attention[1],)))
    assert shown("attention")[0] == [SOURCE, MAPS[1]]
    stage.show(nodes, Look())
    assert shown("attention") == ([SOURCE], "Source")


def test_flicker_swaps_source_and_synthetic_in_every_view(nodes, stage):
    stage.show(nodes, Look(overlays=(nodes.attention[0],), flipped=True))
    assert shown("source") == ([SYNTHETIC], "Synthetic")
    assert shown("synthetic") == ([SOURCE], "Source")
    assert shown("attention")[0] == [SYNTHETIC, MAPS[0]]
    assert shown("difference")[0] == [UNCERTAINTY]


def test_the_fourth_view_shows_the_most_telling_volume(nodes, stage):
    stage.show(nodes, Look(difference=nodes.attention[3]))
    assert shown("difference") == ([MAPS[3]], "Difference")
    nodes.uncertainty = None
    stage.show(nodes, Look())
    assert shown("difference") == ([SOURCE, SEGMENTATION], "Segmentation")
    nodes.segmentation = None
    stage.show(nodes, Look())
    assert shown("difference") == ([], "Nothing to show")


def test_a_run_whose_source_was_deleted_is_still_shown(nodes, stage):
    nodes.source = None
    stage.show(nodes, Look(overlays=(nodes.attention[0],)))
    assert shown("source")[0] == []
    assert shown("synthetic")[0] == [SYNTHETIC]


def test_in_the_users_layout_his_views_show_the_overlays(nodes, stage, users_views):
    stage.show(nodes, Look(layout=layouts.USERS_VIEWS, overlays=tuple(nodes.attention[:2]), overlay_on="synthetic"))
    assert layouts.layout_node().GetViewArrangement() == CONVENTIONAL
    for name in ("Red", "Green", "Yellow"):
        assert layers(views.slice_view(name)[1]) == [SYNTHETIC, MAPS[0], MAPS[1]]
    stage.stop()
    assert describe() == users_views


def test_from_a_layout_to_the_users_views(nodes, stage, users_views):
    stage.show(nodes, Look(layout="four"))
    stage.show(nodes, Look(layout=layouts.USERS_VIEWS))
    assert layouts.layout_node().GetViewArrangement() == CONVENTIONAL
    stage.stop()
    assert describe() == users_views


def test_a_jump_moves_the_slices_that_are_shown_and_no_others(nodes, stage, users_views):
    stage.show(nodes, Look())
    point = world(center(fake_result.MARKS[0]))
    stage.jump(point)
    for view in layouts.LAYOUTS["four"].views:
        assert views.slice_view(layouts.VIEWS[view])[0].GetSliceOffset() == pytest.approx(point[2])
    assert describe()["Red"] == users_views["Red"]


def test_a_volume_chosen_for_all_views_leaves_these_alone(session, nodes, stage, users_views):
    """As when another module loads a volume and shows it everywhere."""
    stage.show(nodes, Look())
    session.application.GetSelectionNode().SetActiveVolumeID(nodes.uncertainty.GetID())
    session.application.PropagateVolumeSelection()
    assert views.slice_view("Red")[1].GetBackgroundVolumeID() == nodes.uncertainty.GetID()
    assert shown("source")[0] == [SOURCE]


# And back


@pytest.mark.parametrize("name", ["four", "row", "three", layouts.USERS_VIEWS])
def test_all_comes_back_as_it_was(nodes, stage, users_views, name):
    stage.show(nodes, Look(layout=name, overlays=tuple(nodes.attention)))
    stage.show(nodes, Look(layout=name, orientation="Sagittal", overlays=(nodes.attention[2],), flipped=True))
    _disturb(nodes)
    assert describe() != users_views
    stage.stop()
    assert describe() == users_views
    assert not stage.is_on
    assert layouts.layout_node().GetAttribute(layouts.USERS_LAYOUT) is None
    for view in layouts.VIEWS:
        assert shown(view)[0] == []


def _disturb(nodes):
    """What a user may do meanwhile: scroll, zoom, drag a window, drop another volume into his views."""
    for name in ("Red", "Green", "Yellow"):
        node, composite = views.slice_view(name)
        composite.SetBackgroundVolumeID(nodes.uncertainty.GetID())
        composite.SetNthLayerVolumeID(4, nodes.synthetic.GetID())
        composite.SetLinkedControl(False)
        node.SetOrientation("Coronal")
        node.SetFieldOfView(50, 50, 1)
        node.SetXYZOrigin(0, 0, 0)
        node.SetSliceOffset(0)
    nodes.source.GetDisplayNode().SetWindowLevel(1, 2)
    nodes.synthetic.GetDisplayNode().SetWindowLevel(3, 4)


def test_an_automatic_window_is_automatic_again(nodes, stage):
    display = nodes.source.GetDisplayNode()
    display.AutoWindowLevelOn()
    before = display.GetWindow(), display.GetLevel()
    stage.show(nodes, Look())
    display.AutoWindowLevelOff()
    display.SetWindowLevel(7, 8)
    stage.stop()
    assert display.GetAutoWindowLevel()
    assert (display.GetWindow(), display.GetLevel()) == before


def test_thresholds_of_the_maps_are_choices_that_stay(nodes, stage):
    stage.show(nodes, Look())
    nodes.attention[0].GetDisplayNode().SetWindowLevelMinMax(0.75, 1)
    stage.stop()
    assert nodes.attention[0].GetDisplayNode().GetWindowLevelMin() == pytest.approx(0.75)


def test_what_was_deleted_meanwhile_is_passed_over(nodes, stage, users_views):
    stage.show(nodes, Look())
    slicer.mrmlScene.RemoveNode(nodes.source)
    slicer.mrmlScene.RemoveNode(nodes.uncertainty)
    slicer.mrmlScene.RemoveNode(views.slice_view("Green")[0])
    stage.stop()
    _node, composite = views.slice_view("Red")
    assert composite.GetBackgroundVolumeID() is None
    assert composite.GetNumberOfAdditionalLayers() == 0
    assert composite.GetForegroundVolumeID() == users_views["Red"][0][1][0]
    assert layouts.layout_node().GetViewArrangement() == CONVENTIONAL
    assert SOURCE not in describe()


def test_a_maximised_view_is_maximised_again(nodes, stage):
    layout = layouts.layout_node()
    layout.SetViewArrangement(CONVENTIONAL)
    red = views.slice_view("Red")[0]
    layout.AddMaximizedViewNode(red)
    stage.show(nodes, Look())
    assert layout.GetNumberOfMaximizedViewNodes() == 0
    layout.AddMaximizedViewNode(views.slice_view("SASANSource")[0])
    stage.stop()
    assert [layout.GetMaximizedViewNode(n) for n in range(layout.GetNumberOfMaximizedViewNodes())] == [red]


def test_a_view_that_was_resized_keeps_the_size_of_its_pixels(nodes):
    view = SliceView("Red", 200, 100)
    view.node.SetFieldOfView(100, 50, 1)
    state = ViewState.save()
    view.node.SetDimensions(100, 100, 1)
    view.node.SetFieldOfView(7, 7, 1)
    state.restore()
    assert view.node.GetFieldOfView() == pytest.approx((50, 50, 1))


def test_a_layout_that_the_user_chooses_meanwhile_is_kept(nodes, stage, users_views):
    stage.show(nodes, Look())
    assert not stage.user_left()
    layouts.layout_node().SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    assert stage.user_left()
    stage.stop(with_layout=False)
    after = describe()
    assert after.pop("layout") == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    users_views.pop("layout")
    assert after == users_views


def test_stopping_twice_or_without_having_begun_does_nothing(nodes, stage, users_views):
    stage.stop()
    stage.show(nodes, Look())
    stage.stop()
    stage.stop()
    assert describe() == users_views


# The scene


def test_closing_the_scene_brings_the_users_layout_back(session, nodes, stage):
    layout = layouts.layout_node()
    layout.SetViewArrangement(CONVENTIONAL)
    stage.show(nodes, Look())
    session.scene.AddObserver(slicer.vtkMRMLScene.StartCloseEvent, lambda *_: stage.stop())
    session.scene.Clear(False)
    assert layouts.layout_node().GetViewArrangement() == CONVENTIONAL
    assert not stage.is_on
    stage.stop()


def test_a_scene_saved_during_inspection_knows_the_users_layout(session, nodes, stage, tmp_path):
    layouts.layout_node().SetViewArrangement(CONVENTIONAL)
    stage.show(nodes, Look())
    session.scene.SetURL(str(tmp_path / "scene.mrml"))
    session.scene.Commit()
    session.scene.Clear(False)
    layouts.layout_node().SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    session.scene.SetURL(str(tmp_path / "scene.mrml"))
    session.scene.Import()
    assert layouts.is_ours(layouts.layout_node().GetViewArrangement())
    later = Stage()
    nodes = add_run()
    later.show(nodes, Look())
    later.stop()
    assert layouts.layout_node().GetViewArrangement() == CONVENTIONAL


def test_without_a_layout_node_the_views_are_filled_all_the_same(session, nodes, stage):
    """As in Slicer without a main window."""
    session.layout.SetMRMLScene(None)
    session.scene.RemoveNode(layouts.layout_node())
    stage.show(nodes, Look())
    assert shown("source")[0] == [SOURCE]
    stage.stop()
