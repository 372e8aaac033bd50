"""The values under the mouse."""

import fake_result
import numpy as np
import pytest
import slicer
from inspect_examples import MARKED, hover
from inspection_examples import add_run, world


def test_the_values_follow_the_mouse(host, panel, nodes):
    ui = panel.ui
    hover(host, world(MARKED))
    assert ui.sourceValueLabel.text == "100"
    assert ui.syntheticValueLabel.text.endswith(" HU")
    assert ui.uncertaintyValueLabel.text == "0 HU"
    assert ui.classValueLabel.text == '<span style="color: #f0d791">■</span> tissue 3'
    bars = panel.readout._bars
    assert [bar._bar.value for bar in bars] == [1000, 0, 1000, 0]
    assert [bar._label.text for bar in bars] == ["1.00", "0.00", "1.00", "0.00"]
    host.hover("Red", (900, 900, 900))
    assert ui.sourceValueLabel.text == ui.classValueLabel.text == "–"
    hover(host, world(MARKED))
    host.hover("Red", None)
    assert ui.sourceValueLabel.text == ui.syntheticValueLabel.text == bars[0]._label.text == "–"
    assert bars[0]._bar.value == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [(-1000, "−1000 HU"), (-12.34, "−12.3 HU"), (-2e-6, "−2e−06 HU"), (-0.0, "0 HU"), (7, "7 HU"), (np.nan, "–")],
)
def test_negative_values_have_a_minus(host, panel, nodes, value, text):
    slicer.util.updateVolumeFromArray(nodes.synthetic, np.full(fake_result.SHAPE, value, np.float32))
    hover(host, world(MARKED))
    assert panel.ui.syntheticValueLabel.text == text


def test_after_the_module_is_left_nothing_follows_the_mouse(host, panel, nodes):
    panel.exit()
    hover(host, world(MARKED))
    assert panel.ui.sourceValueLabel.text == "–"


def test_outputs_that_were_not_asked_for_take_no_room(host, panel):
    panel.set_nodes(add_run(only=("attention",)))
    assert not panel.ui.uncertaintyValueLabel.visible
    assert not panel.ui.classTitleLabel.visible
    assert not panel.ui.differenceValueLabel.visible
    hover(host, world(MARKED))
    assert panel.ui.sourceValueLabel.text == "100"
