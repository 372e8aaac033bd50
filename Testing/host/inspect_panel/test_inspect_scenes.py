"""Nodes and scenes that go while a run is inspected."""

import fake_result
import numpy as np
import qt_facade
import slicer
from inspect_examples import EVENT, FOUR_UP, MARKED, arrangement, hover, layers
from inspection_examples import add_run, world

from SASANTranslationLib import results
from SASANTranslationLib.inspection import layouts


def test_a_deleted_map_loses_its_row(panel, nodes, parameters):
    panel.ui.allMapsButton.click()
    slicer.mrmlScene.RemoveNode(nodes.attention[1])
    assert [row.number for row in panel.picker.rows] == [1, 3, 4]
    assert layers("attention") == [nodes.source, nodes.attention[0], *nodes.attention[2:]]


def test_a_deleted_source_is_missed_only_where_it_was(host, panel, nodes):
    panel.ui.inspectButton.click()
    slicer.mrmlScene.RemoveNode(nodes.source)
    hover(host, world(MARKED))
    assert panel.ui.sourceValueLabel.text == "–"
    assert panel.ui.syntheticValueLabel.text.endswith("HU")
    assert layers("synthetic") == [nodes.synthetic]


def test_a_removed_run_ends_inspection(panel, nodes):
    panel.ui.inspectButton.click()
    results.remove_run(nodes)
    assert panel.nodes is None
    assert not panel.active
    assert arrangement() == FOUR_UP
    assert panel.ui.inspectHintLabel.visible
    assert panel.picker.rows == []


def test_a_deleted_difference_gives_way_to_the_uncertainty(panel, nodes, reference, worker):
    panel.ui.inspectButton.click()
    panel.ui.compareButton.click()
    worker.done(EVENT, np.ones(fake_result.SHAPE, np.float32))
    slicer.mrmlScene.RemoveNode(panel.comparing.difference)
    assert layers("difference") == [nodes.uncertainty]


def test_closing_the_scene_while_inspecting(host, panel, nodes):
    panel.ui.allMapsButton.click()
    host.close_scene()
    assert arrangement() == FOUR_UP
    assert panel.nodes is None and not panel.active
    assert not panel.ui.inspectButton.isEnabled()


def test_a_scene_that_is_loaded_while_inspecting(host, panel, nodes, parameters, tmp_path):
    panel.ui.inspectButton.click()
    host.save_scene(tmp_path / "scene.mrb")
    host.load_scene(tmp_path / "scene.mrb")
    from SASANTranslationLib.parameter_node import SASANTranslationParameterNode

    assert not panel.active
    node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScriptedModuleNode")
    loaded = SASANTranslationParameterNode(node)
    assert loaded.inspectLayout == "four Axial"
    panel.set_parameter_node(loaded)
    panel.set_nodes(results.find_runs()[-1])
    assert panel.active
    assert len(panel.picker.rows) == 4
    assert arrangement() == layouts.LAYOUTS["four"].number
    panel.exit()
    assert arrangement() == FOUR_UP, "that of the user when he saved"


def test_a_scene_that_is_added_while_inspecting_brings_its_own_layout(host, panel, nodes, parameters, tmp_path):
    one_up = slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView
    slicer.app.layoutManager().setLayout(one_up)
    host.save_scene(tmp_path / "scene.mrb")
    slicer.app.layoutManager().setLayout(FOUR_UP)
    panel.ui.inspectButton.click()
    host.load_scene(tmp_path / "scene.mrb", clear=False)
    assert not panel.active
    assert arrangement() == one_up
    panel.exit()
    assert arrangement() == one_up


def test_cleanup_leaves_nothing_behind(host, worker, parameters):
    import qt

    from SASANTranslationLib.inspection.panel import InspectPanel

    widget = qt.QWidget()
    panel = InspectPanel(qt.QVBoxLayout(widget), worker)
    panel.set_parameter_node(parameters)
    panel.enter()
    panel.set_nodes(add_run())
    panel.ui.inspectButton.click()
    panel.cleanup()
    assert arrangement() == FOUR_UP
    qt_facade.unwrap(widget).deleteLater()
    host.app.processEvents()
    hover(host, world(MARKED))
    parameters.overlayOpacity = 0.1
    host.close_scene()
