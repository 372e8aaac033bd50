"""The panel while scenes come and go and the module is reloaded: nothing is lost, and nothing is kept alive."""

import gc

import pytest
import slicer
import vtk
from panel_examples import add_phantom, open_panel, translate, wait_until


@pytest.fixture
def opened():
    with open_panel() as opened:
        yield opened


def test_reloaded_while_open_it_is_open(opened):
    host, widget, _panel = opened
    widget.onReload()
    host.app.processEvents()
    panel = slicer.modules.SASANTranslationWidget.panel
    assert panel is not widget.panel
    host.close_scene()
    assert panel.parameters is not None
    add_phantom(panel)
    assert translate(panel) == "done"
    panel.inspect.ui.inspectButton.click()
    assert panel.inspect.active


def test_a_closed_scene_is_let_go(opened):
    host, _widget, panel = opened
    add_phantom(panel, "First")
    assert translate(panel) == "done"
    add_phantom(panel, "Second")
    nodes = panel.results_section.current
    weak = {node.GetName(): vtk.vtkWeakReference() for node in (nodes.source, *nodes.outputs)}
    for node in (nodes.source, *nodes.outputs):
        weak[node.GetName()].Set(node)
    del nodes, node
    host.close_scene()
    host.app.processEvents()
    gc.collect()
    assert [name for name, reference in weak.items() if reference.Get() is not None] == []


def test_a_scene_added_to_the_present_one_changes_nothing_that_was_chosen(opened, tmp_path):
    host, _widget, panel = opened
    add_phantom(panel, "First")
    host.save_scene(tmp_path / "scene.mrb")
    host.close_scene()
    volume = add_phantom(panel, "Mine")
    panel.parameters.device = "cpu"
    slicer.util.addVolumeFromArray(slicer.util.arrayFromVolume(volume), name="Another")
    host.load_scene(tmp_path / "scene.mrb", clear=False)
    names = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]
    assert sorted(names) == ["Another", "First", "Mine"]
    # A singleton node takes over what the file says of it: its own input, which came with it.
    assert panel.parameters.inputVolume.GetName() == "First"
    assert panel.ui.inputSelector.currentNode() is panel.parameters.inputVolume


def test_a_scene_loaded_while_it_translates_ends_the_run(opened, tmp_path):
    from SASANTranslationLib.states import RUNNING, State

    host, _widget, panel = opened
    add_phantom(panel, "First")
    host.save_scene(tmp_path / "scene.mrb")
    panel.ui.translateButton.click()
    wait_until(lambda: panel.run_section.state is State.TRANSLATING)
    host.load_scene(tmp_path / "scene.mrb")
    wait_until(lambda: panel.run_section.state not in RUNNING)
    assert panel.parameters.inputVolume.GetName() == "First"
    assert translate(panel) == "done"
