"""Frames of a sequence, and results that play back along with their input."""

import fake_result
import numpy as np
import pytest
import slicer
from make_scene import save_scene
from scene_examples import everything, hierarchy, module_session, volumes
from slicer.util import arrayFromVolume

from SASANTranslationLib import results
from SASANTranslationLib.frames import FrameRecorder, frames_of
from SASANTranslationLib.provenance_attributes import forget
from SASANTranslationLib.scene import scene_nodes

TIMES = ("0.5", "2", "10")


@pytest.fixture(params=["with Slicer's logic", "without"])
def session(request):
    with module_session(sequences=request.param != "without") as session:
        yield session


@pytest.fixture
def source(session):
    return add_sequence()


def add_sequence():
    """Add a sequence of three frames, with the values 1, 2 and 3, and show its second; returns the volume."""
    source = fake_result.add_source("cine")
    hierarchy().CreateItem(hierarchy().GetSceneItemID(), source)
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "cine")
    sequence.SetIndexName("phase")
    sequence.SetIndexUnit("%")
    for number, time in enumerate(TIMES, start=1):
        arrayFromVolume(source)[:] = number
        sequence.SetDataNodeAtValue(source, time)
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "player")
    browser.AddProxyNode(source, sequence, False)
    select(browser, 1)
    return source


def select(browser, number):
    """Select a frame, as the user does; without Slicer's logic, do what it would."""
    browser.SetSelectedItemNumber(number)
    value = browser.GetMasterSequenceNode().GetNthIndexValue(number)
    for sequence in scene_nodes("vtkMRMLSequenceNode"):
        proxy = browser.GetProxyNode(sequence)
        if proxy is not None:
            proxy.CopyContent(sequence.GetDataNodeAtValue(value, False))


def translate(source, number, update=None, *roles):
    """A result that has the frame's number (from 0) everywhere in the synthetic volume."""
    result = fake_result.result(*(roles or ("synthetic", "segmentation", "attention")))
    if "synthetic" in result:
        result["synthetic"][:] = number
    options = {"segmentation_node": "segmentation" in result, "update": update}
    options["geometry"] = frames_of(source).frame(number)
    return results.add_results(fake_result.description(), result, source, **options)


def translate_all(source, update=None):
    frames, nodes, recorder = frames_of(source), update, None
    for number in range(frames.count):
        nodes = translate(source, number, nodes)
        recorder = recorder or FrameRecorder(frames, nodes)
        recorder.record(number)
    return results.find_run(nodes.run)


def shown(node):
    values = np.unique(arrayFromVolume(node))
    assert len(values) == 1
    return values[0]


# The input


def test_frames_are_those_of_the_sequence_that_the_volume_shows(source):
    frames = frames_of(source)
    assert frames.count == 3
    assert frames.current == 1
    assert [frames.value(number) for number in range(3)] == list(TIMES)
    assert frames.browser.GetName() == "player" and frames.sequence.GetName() == "cine"
    assert frames.volume is source


def test_reading_a_frame_selects_nothing(source):
    frames = frames_of(source)
    assert [shown(frames.frame(number)) for number in range(3)] == [1, 2, 3]
    assert frames.current == 1 and shown(source) == 2


def test_a_plain_volume_has_no_frames(session):
    assert frames_of(fake_result.add_source()) is None
    assert frames_of(None) is None
    removed = fake_result.add_source()
    slicer.mrmlScene.RemoveNode(removed)
    assert frames_of(removed) is None
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode")
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(empty.GetID())
    volume = fake_result.add_source()
    browser.AddProxyNode(volume, empty, False)
    assert frames_of(volume) is None


def test_the_current_frame_is_counted_in_the_volumes_own_sequence(source):
    """A volume browsed along with another one, at times of which it has only some."""
    browser = frames_of(source).browser
    other = fake_result.add_source("other")
    sparse = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "sparse")
    sparse.SetDataNodeAtValue(other, "0.5")
    sparse.SetDataNodeAtValue(other, "10")
    browser.AddSynchronizedSequenceNode(sparse)
    browser.AddProxyNode(other, sparse, False)
    select(browser, 2)
    assert frames_of(other).count == 2
    assert frames_of(other).current == 1
    select(browser, 1)
    assert frames_of(other).current == 0, "the last frame before it"


# The results


def test_results_play_back_along_with_the_input(source):
    nodes = translate_all(source)
    browser = frames_of(source).browser
    assert shown(nodes.synthetic) == 1, "as the input, the second frame"
    for number in (2, 0, 1):
        select(browser, number)
        assert shown(source) == number + 1
        assert shown(nodes.synthetic) == number
    for node in nodes.outputs:
        own = frames_of(node)
        assert own.browser is browser and own.count == 3
        assert [own.value(number) for number in range(3)] == list(TIMES)
        assert own.sequence.GetIndexUnit() == "%" and own.sequence.GetIndexName() == "phase"
        assert own.sequence.GetName() == f"{node.GetName()} frames"


def test_the_segments_refer_to_the_input_in_the_scene(source):
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")  # the frames have the IDs of the scene's nodes
    nodes = translate_all(source)
    role = nodes.segments.GetReferenceImageGeometryReferenceRole()
    assert nodes.segments.GetNodeReference(role) is source
    select(frames_of(source).browser, 0)
    assert nodes.segments.GetNodeReference(role) is source


def test_playing_back_keeps_what_is_known_of_the_run(source):
    nodes = translate_all(source)
    select(frames_of(source).browser, 0)
    assert results.find_runs() == [nodes]
    assert nodes.synthetic.GetAttribute("SASAN.model") == "brain-mr-ct"


def test_nothing_is_known_of_a_recording_before_it_is_complete(source):
    nodes = translate(source, 0)
    before = everything()
    recorder = FrameRecorder(frames_of(source), nodes)
    recorder.record(0)
    recorder.record(1)
    assert everything() == before
    recorder.record(2)
    assert len(scene_nodes("vtkMRMLSequenceNode")) == 1 + len(nodes.outputs)


def test_some_frames_are_a_recording_if_so_wished(source):
    recorder = FrameRecorder(frames_of(source), translate(source, 0))
    recorder.record(0)
    recorder.finish()
    nodes = results.find_runs()[0]
    assert frames_of(nodes.synthetic).count == 1
    select(frames_of(source).browser, 2)
    assert shown(nodes.synthetic) == 0


def test_a_recording_that_is_never_finished_leaves_nothing(source):
    before = everything()
    nodes = translate(source, 0)
    FrameRecorder(frames_of(source), nodes).record(0)
    results.remove_run(nodes)
    assert everything() == before


def test_removing_the_run_removes_its_sequences_and_nothing_of_the_input(source):
    before = everything()
    nodes = translate_all(source)
    browser = frames_of(source).browser
    results.remove_run(nodes)
    assert everything() == before
    assert str(browser).count("Sequence: ") == 1, "the browser has forgotten them"
    assert frames_of(source).count == 3
    select(browser, 2)
    assert shown(source) == 3


def test_translating_all_frames_again_replaces_the_recording(source):
    nodes = translate_all(source)
    again = translate_all(source, update=nodes)
    assert [node.GetID() for node in again.outputs] == [node.GetID() for node in nodes.outputs]
    assert len(scene_nodes("vtkMRMLSequenceNode")) == 1 + len(nodes.outputs)
    assert frames_of(source).browser.GetNumberOfSynchronizedSequenceNodes(True) == 1 + len(nodes.outputs)


def test_outputs_that_are_not_made_any_more_leave_with_their_frames(source):
    nodes = translate_all(source)
    again = translate(source, 0, nodes, "synthetic")
    assert again.outputs == [nodes.synthetic]
    assert len(scene_nodes("vtkMRMLSequenceNode")) == 2


@pytest.mark.parametrize("file", ["as Slicer writes it", "without attributes, as older ones do"])
def test_results_play_back_in_a_loaded_scene(tmp_path, file):
    with module_session():
        run = translate_all(add_sequence()).run
        names = sorted(node.GetName() for node in volumes())
        save_scene(tmp_path / "scene.mrb")
    with module_session() as session:
        assert session.scene.ReadFromMRB(str(tmp_path / "scene.mrb"), True)
        nodes = results.find_run(run)
        assert len(nodes.outputs) == 7 and nodes.source.GetName() == "cine"
        browser = frames_of(nodes.source).browser
        if "without" in file:
            for frames in map(frames_of, nodes.outputs):
                for number in range(frames.count):
                    forget(frames.frame(number))
            select(browser, 1)
            assert nodes.synthetic.GetAttribute("SASAN.run") is None
            assert results.find_run(run) == nodes
        for number in (0, 2):
            select(browser, number)
            assert shown(nodes.source) == number + 1
            assert shown(nodes.synthetic) == number
        assert results.find_run(run).outputs == nodes.outputs
        assert results.find_run(run).attention_numbers == [1, 2, 3, 4]
        assert sorted(node.GetName() for node in volumes()) == names
        results.remove_run(results.find_run(run))
        assert volumes() == [nodes.source]
        assert len(scene_nodes("vtkMRMLSequenceNode")) == 1
