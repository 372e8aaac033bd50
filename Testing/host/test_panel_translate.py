"""A click on Translate: what is asked for, what is told meanwhile, where the results are."""

import pytest
import slicer
from panel_examples import add_phantom, translate, wait_until


@pytest.fixture
def panel(opened):
    host, _widget, panel = opened
    host.close_scene()
    add_phantom(panel)
    return panel


def test_what_is_on_by_default(panel):
    parameters = panel.parameters
    assert parameters.attention and parameters.segmentation
    assert not (parameters.uncertainty or parameters.fusePlanes or parameters.segmentationNode)
    assert panel.ui.deviceComboBox.currentText == "Automatic"


def test_only_the_synthetic_volume(panel):
    for box in (panel.ui.attentionCheckBox, panel.ui.segmentationCheckBox):
        box.click()
    assert translate(panel) == "done"
    nodes = panel.results_section.current
    assert nodes.outputs == [nodes.synthetic]
    assert panel.inspect.picker.rows == []


def test_everything(panel):
    for box in (panel.ui.uncertaintyCheckBox, panel.ui.segmentationNodeCheckBox, panel.ui.fusePlanesCheckBox):
        box.click()
    assert translate(panel) == "done"
    nodes = panel.results_section.current
    assert nodes.uncertainty is not None and nodes.segments is not None and len(nodes.attention) == 8
    assert nodes.entry("planes") == '["axial", "coronal", "sagittal"]'


def test_a_banner_says_what_is_unusual_and_the_outputs_keep_it(panel):
    assert not panel.ui.bannerLabel.visible
    assert translate(panel) == "done"
    assert panel.ui.bannerLabel.visible
    assert "9 mm apart; the model was trained on 1 mm" in panel.ui.bannerLabel.text
    assert "9 mm apart" in panel.results_section.current.entry("notices")
    assert "uncertainty" not in panel.results_section.current.entry("notices"), "it was not asked for"


def test_the_devices_come_from_the_worker_automatic_first(panel):
    assert translate(panel) == "done"
    combo = panel.ui.deviceComboBox
    texts = [combo.itemText(index) for index in range(combo.count)]
    assert texts[0] == "Automatic" and texts[-1].startswith("CPU")
    combo.setCurrentIndex(combo.count - 1)
    assert panel.parameters.device == "cpu"
    assert translate(panel) == "done"


def test_a_device_that_is_not_there_is_a_message(panel):
    panel.parameters.device = "cuda:7"
    assert panel.ui.deviceComboBox.currentText == "cuda:7"
    assert translate(panel) == "failed"
    assert "cuda:7" in panel.ui.statusLabel.text and "Choose one of" in panel.ui.statusLabel.text


def test_progress_has_a_stage_and_a_time(panel):
    from SASANTranslationLib.states import RUNNING

    seen = []
    panel.ui.translateButton.click()
    wait_until(lambda: seen.append(panel.ui.statusLabel.text) or panel.run_section.state not in RUNNING)
    assert "Starting the worker process…" in seen or "Preparing" in seen
    assert any(text.startswith("Axial slices · about ") and text.endswith("s left") for text in seen)
    assert panel.ui.progressBar.value == 1000 and not panel.ui.progressBar.visible


def test_the_result_is_shown_over_its_source(panel):
    assert translate(panel) == "done"
    nodes = panel.results_section.current
    composite = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert composite.GetBackgroundVolumeID() == nodes.source.GetID()
    assert composite.GetForegroundVolumeID() == nodes.synthetic.GetID()


def test_again_makes_another_folder_and_in_place_fills_the_selected_one(panel):
    assert translate(panel) == "done"
    first = panel.results_section.current
    assert translate(panel) == "done"
    second = panel.results_section.current
    assert second.run != first.run and second.title != first.title
    combo = panel.ui.runComboBox
    assert [combo.itemText(index) for index in range(combo.count)] == [first.title, second.title]
    combo.setCurrentIndex(0)
    assert panel.results_section.current.run == first.run
    panel.ui.updateInPlaceCheckBox.click()
    panel.parameters.uncertainty = True
    assert translate(panel) == "done"
    updated = panel.results_section.current
    assert updated.run == first.run and updated.synthetic is first.synthetic and updated.uncertainty is not None


def test_update_in_place_needs_the_same_input(panel):
    assert translate(panel) == "done"
    first = panel.results_section.current
    panel.ui.updateInPlaceCheckBox.click()
    add_phantom(panel, "Other")
    assert translate(panel) == "done"
    assert panel.results_section.current.run != first.run
    assert first.synthetic.GetName() == "Phantom → CT (synthetic)"


def test_outputs_deleted_by_hand_leave_the_list_right(panel):
    assert translate(panel) == "done"
    nodes = panel.results_section.current
    slicer.mrmlScene.RemoveNode(nodes.attention[3])
    assert len(panel.results_section.current.attention) == 7
    for node in panel.results_section.current.outputs:
        slicer.mrmlScene.RemoveNode(node)
    assert panel.results_section.current is None
    assert not panel.ui.removeRunButton.enabled and panel.ui.runComboBox.count == 0


def test_a_folder_deleted_in_the_hierarchy_takes_its_run_from_the_list(panel):
    assert translate(panel) == "done"
    nodes = panel.results_section.current
    slicer.mrmlScene.StartState(slicer.mrmlScene.BatchProcessState)
    for node in nodes.outputs:
        slicer.mrmlScene.RemoveNode(node)
    slicer.mrmlScene.EndState(slicer.mrmlScene.BatchProcessState)
    assert panel.results_section.current is None and panel.ui.runComboBox.count == 0


def test_a_translation_goes_on_while_another_module_is_open(panel, opened):
    from SASANTranslationLib.states import RUNNING

    host = opened[0]
    panel.ui.translateButton.click()
    host.select_module(None)
    wait_until(lambda: panel.run_section.state not in RUNNING)
    host.select_module("SASANTranslation")
    assert panel.results_section.current.synthetic is not None


def test_what_a_run_came_to_is_gone_when_something_else_is_chosen(panel):
    panel.parameters.device = "cuda:7"
    assert translate(panel) == "failed"
    panel.parameters.device = "auto"
    add_phantom(panel, "Other")
    assert panel.run_section.state.value == "ready" and panel.ui.statusLabel.text == ""
    assert translate(panel) == "done"
    assert panel.ui.statusLabel.text.startswith("Added “Other → CT")
    panel.ui.updateInPlaceCheckBox.click()
    assert translate(panel) == "done"
    assert panel.ui.statusLabel.text.startswith("Updated “Other → CT")
    panel.ui.removeRunButton.click()
    assert panel.ui.statusLabel.text == ""


def test_a_failure_after_the_nodes_are_there_is_no_dead_end(panel, opened, monkeypatch):
    from SASANTranslationLib import views

    def fail(_nodes):
        raise RuntimeError("no views")

    monkeypatch.setattr(views, "show_in_slices", fail)
    assert translate(panel) == "done"
    monkeypatch.undo()
    assert [str(error) for error in opened[0].slot_errors] == ["no views"]
    opened[0].slot_errors.clear()
    assert translate(panel) == "done"


def compare(panel):
    """Compare the selected run with its own synthetic volume, a little brighter; returns once it has begun."""
    nodes = panel.results_section.current
    reference = slicer.modules.volumes.logic().CloneVolume(slicer.mrmlScene, nodes.synthetic, "Reference")
    for name in reference.GetAttributeNames():
        reference.RemoveAttribute(name)
    slicer.util.arrayFromVolume(reference)[:] += 25
    panel.parameters.referenceVolume = reference
    panel.inspect.ui.compareButton.click()
    return nodes


def tables():
    return slicer.util.getNodesByClass("vtkMRMLTableNode")


def test_a_comparison_through_the_real_worker(panel):
    assert translate(panel) == "done"
    compare(panel)
    assert not panel.ui.translateButton.enabled
    assert "busy" in panel.ui.translateButton.toolTip
    wait_until(tables)
    assert panel.ui.translateButton.enabled
    difference = panel.inspect.comparing.difference
    body = slicer.util.arrayFromVolume(difference)
    assert body[body != 0] == pytest.approx(-25, abs=1e-3)
    assert "MAE 25" in panel.inspect.ui.metricsLabel.text


def test_a_comparison_without_the_labels_colours_still_ends(panel):
    assert translate(panel) == "done"
    nodes = panel.results_section.current
    slicer.mrmlScene.RemoveNode(nodes.segmentation.GetDisplayNode().GetColorNode())
    compare(panel)
    wait_until(tables)


def test_the_script_finds_a_volume_whatever_its_name(panel):
    from SASANTranslationLib.python_script import python_script

    panel.parameters.inputVolume.SetName("T1 [axial] 'ü'")
    assert translate(panel) == "done"
    first = panel.results_section.current
    names = {"slicer": slicer}
    exec(python_script(first), names)
    assert names["nodes"].run != first.run and names["nodes"].source is first.source
