"""A volume that is a frame of a sequence: the current frame, all frames, and a change of mind on the way."""

import numpy as np
import pytest
import slicer
from panel_examples import add_phantom, translate, wait_until

FRAMES = 3


@pytest.fixture
def panel(opened):
    host, _widget, panel = opened
    host.close_scene()
    panel.parameters.inputVolume = add_sequence(panel)
    return panel


def add_sequence(panel):
    """A head that grows brighter; returns the volume that shows the selected frame."""
    first = add_phantom(panel, "Frame")
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "Heads")
    for number in range(FRAMES):
        slicer.util.updateVolumeFromArray(first, slicer.util.arrayFromVolume(first) * (1 + 0.2 * number))
        sequence.SetDataNodeAtValue(first, str(number))
    slicer.mrmlScene.RemoveNode(first)
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "Browser")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    return browser.GetProxyNode(sequence)


def browser():
    return slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode")


def sequences():
    return slicer.util.getNodesByClass("vtkMRMLSequenceNode")


def test_the_choice_is_there_for_a_sequence_only(panel):
    combo = panel.ui.framesComboBox
    assert combo.visible and [combo.itemText(n) for n in range(combo.count)] == ["Current frame", "All 3 frames"]
    add_phantom(panel)
    assert not combo.visible


def test_the_current_frame(panel):
    assert translate(panel) == "done"
    assert len(sequences()) == 1
    assert panel.results_section.current.source is panel.parameters.inputVolume


def test_all_frames_play_along_with_the_input(panel):
    selected = browser().GetSelectedItemNumber()
    panel.ui.framesComboBox.setCurrentIndex(1)
    assert panel.parameters.allFrames
    assert translate(panel) == "done"
    assert browser().GetSelectedItemNumber() == selected, "the user's frame stays"
    nodes = panel.results_section.current
    assert len(sequences()) == 1 + len(nodes.outputs)
    shown = []
    for number in range(FRAMES):
        browser().SetSelectedItemNumber(number)
        slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser())
        one = panel.logic.translate(panel.parameters.inputVolume, outputs=(), direction="mr-to-ct")
        np.testing.assert_array_equal(
            slicer.util.arrayFromVolume(nodes.synthetic), slicer.util.arrayFromVolume(one.synthetic)
        )
        shown.append(slicer.util.arrayFromVolume(one.synthetic).copy())
    assert nodes.synthetic.GetAttribute("SASAN.run") == nodes.run
    panel.parameters.run = nodes.run
    panel.ui.removeRunButton.click()
    assert len(sequences()) == 1


def test_cancelled_on_the_way_nothing_is_left(panel):
    from SASANTranslationLib.states import RUNNING

    panel.parameters.allFrames = True
    panel.ui.translateButton.click()
    wait_until(lambda: "Frame 2 of 3" in panel.ui.statusLabel.text)
    panel.ui.translateButton.click()
    wait_until(lambda: panel.run_section.state not in RUNNING)
    assert panel.run_section.state.value == "cancelled"
    assert len(sequences()) == 1
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == [panel.parameters.inputVolume]


def test_all_frames_again_in_place(panel):
    panel.parameters.allFrames = True
    assert translate(panel) == "done"
    first = panel.results_section.current
    count = len(sequences())
    panel.ui.updateInPlaceCheckBox.click()
    panel.parameters.uncertainty = True
    assert translate(panel) == "done"
    again = panel.results_section.current
    assert again.run == first.run and again.synthetic is first.synthetic and again.title == first.title
    assert len(sequences()) == count + 1, "a sequence more, of the uncertainty"


def test_the_script_of_all_frames_translates_all_frames(panel):
    from SASANTranslationLib.python_script import python_script

    assert translate(panel) == "done"
    assert "allFrames" not in python_script(panel.results_section.current)
    panel.parameters.allFrames = True
    assert translate(panel) == "done"
    assert "    allFrames=True,\n" in python_script(panel.results_section.current)


def test_the_time_left_is_that_of_all_frames(panel, monkeypatch):
    from SASANTranslationLib import run
    from SASANTranslationLib.models import find_model
    from SASANTranslationLib.options import TranslationOptions

    class Client:
        def send(self, request):
            self.request = request

    class Listener:
        def progress(self, *values):
            self.values = values

        def notice(self, *_):
            pass

    clock = [100.0]
    monkeypatch.setattr(run.time, "monotonic", lambda: clock[0])
    client, listener = Client(), Listener()
    options = TranslationOptions("brain-mr-ct", "mr-to-ct", all_frames=True)
    running = run.TranslationRun(client, panel.parameters.inputVolume, options, find_model("brain-mr-ct"), listener)
    running.start()
    clock[0] = 101.0
    client.request.progress(1, 4, "Axial slices", 3.0)
    assert listener.values == (pytest.approx(1 / 12), "Frame 1 of 3: Axial slices", pytest.approx(3 + 2 * 4))
    running._folder.remove()
