"""Comparing with a reference, and answers that come too late."""

import fake_result
import numpy as np
import pytest
import slicer
from inspect_examples import EVENT, MARKED, hover, layers
from inspection_examples import add_run, world

from SASANTranslationLib import results
from SASANTranslationLib.inspection import comparison


def test_the_button_says_why_it_is_grey(panel, nodes, parameters):
    button = panel.ui.compareButton
    assert not button.isEnabled() and "Choose a reference" in button.toolTip
    parameters.referenceVolume = nodes.synthetic
    assert not button.isEnabled() and "itself" in button.toolTip
    parameters.referenceVolume = nodes.source
    assert button.isEnabled()
    assert panel.ui.referenceSelector.currentNode() is nodes.source


def test_a_comparison_fills_the_fourth_view_and_the_panel(host, panel, nodes, parameters, reference, worker):
    panel.ui.inspectCompareButton.collapsed = False
    panel.ui.inspectButton.click()
    assert layers("difference") == [nodes.uncertainty]
    panel.ui.compareButton.click()
    assert worker.asked == [(nodes, reference)]
    assert not panel.ui.compareButton.isEnabled() and panel.ui.compareButton.text == "Comparing…"
    difference = np.full(fake_result.SHAPE, 25, np.float32)
    worker.done(EVENT, difference)
    made = comparison.find_comparison(nodes)
    assert layers("difference") == [made.difference]
    text = panel.ui.metricsLabel.text
    assert "MAE 61.5 HU" in text and "PSNR 28.2 dB" in text and "SSIM 0.875" in text and "planning CT" in text
    assert "tissue &lt;2&gt;" in text and ">−12.5" in text
    assert panel.ui.metricsLabel.visible
    assert panel.ui.compareButton.isEnabled()
    hover(host, world(MARKED))
    assert panel.ui.differenceValueLabel.text == "25 HU"
    # The run is left and looked at again.
    panel.set_nodes(add_run())
    assert not panel.ui.metricsLabel.visible
    panel.set_nodes(nodes)
    assert "MAE 61.5 HU" in panel.ui.metricsLabel.text


def test_the_errors_in_the_table_node_stay_numbers(panel, nodes, reference, worker):
    panel.ui.compareButton.click()
    rounded = {**EVENT, "classes": [{**EVENT["classes"][0], "mae": 0.01, "bias": -0.01}]}
    worker.done(rounded, np.zeros(fake_result.SHAPE, np.float32))
    assert ">0.0&" in panel.ui.metricsLabel.text
    assert "−0.0" not in panel.ui.metricsLabel.text and "-0.0" not in panel.ui.metricsLabel.text
    table = comparison.find_comparison(nodes).table.GetTable()
    assert table.GetColumn(3).GetValue(1) == -0.01


def test_a_failure_is_told_and_can_be_tried_again(panel, nodes, reference, worker):
    panel.ui.inspectCompareButton.collapsed = False
    panel.ui.compareButton.click()
    worker.failed("The volumes do not overlap. Choose another.")
    assert panel.ui.compareStatusLabel.text == "The volumes do not overlap. Choose another."
    assert panel.ui.compareStatusLabel.visible
    assert panel.ui.compareButton.isEnabled()
    panel.ui.compareButton.click()
    assert not panel.ui.compareStatusLabel.visible


@pytest.mark.parametrize("event", ["run removed", "reference removed", "scene closed"])
def test_an_answer_that_comes_too_late_does_no_harm(host, panel, nodes, reference, worker, event):
    panel.ui.compareButton.click()
    if event == "run removed":
        results.remove_run(nodes)
    elif event == "reference removed":
        slicer.mrmlScene.RemoveNode(reference)
    else:
        host.close_scene()
        assert panel.ui.compareButton.text == "Compare", "nobody waits for it any more"
    worker.done(EVENT, np.zeros(fake_result.SHAPE, np.float32))
    assert slicer.util.getNodesByClass("vtkMRMLTableNode") == []


def test_an_answer_for_another_run_goes_to_that_run(panel, nodes, reference, worker):
    panel.ui.compareButton.click()
    other = add_run()
    panel.set_nodes(other)
    worker.done(EVENT, np.zeros(fake_result.SHAPE, np.float32))
    assert comparison.find_comparison(nodes) is not None
    assert comparison.find_comparison(other) is None
    assert not panel.ui.metricsLabel.visible


def test_a_run_that_is_translated_again_in_place_loses_its_comparison(panel, nodes, reference, worker):
    panel.ui.compareButton.click()
    worker.done(EVENT, np.zeros(fake_result.SHAPE, np.float32))
    panel.set_nodes(results.find_run(nodes.run))
    assert comparison.find_comparison(nodes) is not None, "only looked at again"
    slicer.util.updateVolumeFromArray(nodes.synthetic, np.zeros(fake_result.SHAPE, np.float32))
    panel.set_nodes(results.find_run(nodes.run))
    assert comparison.find_comparison(nodes) is None
    assert panel.comparing.difference is None


def test_another_volume_is_not_taken_for_a_deleted_reference(panel, nodes, reference, parameters):
    slicer.mrmlScene.RemoveNode(reference)
    assert parameters.referenceVolume is None
