"""A scripted module in the host: loading, panel, parameter node, reload, scene, self-test."""

import sys

import example_module
import numpy as np
import pytest
import slicer
from slicer_host import Host


@pytest.fixture
def folder(tmp_path):
    yield example_module.write(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "ExampleLib"]:
        del sys.modules[name]


@pytest.fixture
def widget(host, folder):
    return host.load_module("Example", folder)


def add_volume(name="head", value=1):
    return slicer.util.addVolumeFromArray(np.full((3, 4, 5), value, np.int16), np.eye(4), name)


def test_a_module_is_loaded_as_slicer_does(widget, folder):
    module = slicer.modules.example
    assert module.path == str(folder / "Example.py") == slicer.util.modulePath("Example")
    assert module.title == "An Example"
    assert module.categories == ("Examples",), "lists come back as tuples"
    assert slicer.modules.ExampleWidget is widget is module.widgetRepresentation().self()
    assert slicer.util.getModuleWidget("Example") is widget
    assert slicer.util.getModuleLogic("Example") is widget.logic
    assert slicer.util.getModule("Example") is module
    assert "Example" in slicer.util.moduleNames()
    assert slicer.modules.ExampleInstance.resourcePath("x") == str(folder / "Resources/x")
    assert widget.parent.className() == "qSlicerScriptedLoadableModuleWidget"
    assert widget.parent.inherits("QWidget") and widget.layout.count() == 1
    with pytest.raises(AttributeError):
        module.titel = "typo"
    with pytest.raises(AttributeError, match="list"):
        module.categories = "Examples"


def test_selecting_enters_and_exits(host, widget):
    host.select_module("Example")
    assert widget.parent.visible and widget.ui.applyButton.visible
    host.select_module(None)
    assert not widget.ui.applyButton.visible
    assert widget.calls == ["enter", "exit"]


def test_the_panel_follows_the_parameter_node_and_back(host, widget):
    parameters, ui = widget.logic.getParameterNode(), widget.ui
    assert (ui.nameEdit.text, ui.countSpin.value, ui.opacitySlider.value) == ("head", 3, 0.5)
    assert (ui.planeCombo.currentText, ui.sideCombo.currentText) == ("coronal", "LEFT")
    assert (ui.countSpin.minimum, ui.countSpin.maximum) == (1, 9)
    parameters.name, parameters.count, parameters.opacity = "neck", 7, 0.25
    parameters.invert, parameters.plane, parameters.side = True, "axial", type(parameters.side).RIGHT
    assert (ui.nameEdit.text, ui.countSpin.value, ui.opacitySlider.value) == ("neck", 7, 0.25)
    assert (ui.invertCheck.checked, ui.planeCombo.currentText, ui.sideCombo.currentText) == (True, "axial", "RIGHT")
    ui.nameEdit.text, ui.countSpin.value, ui.opacitySlider.value = "foot", 2, 0.75
    ui.invertCheck.checked, ui.planeCombo.currentIndex, ui.sideCombo.currentIndex = False, 1, 0
    assert (parameters.name, parameters.count, parameters.opacity) == ("foot", 2, 0.75)
    assert (parameters.invert, parameters.plane, parameters.side.name) == (False, "coronal", "LEFT")


def test_a_volume_is_chosen_applied_and_removed(host, widget):
    ui = widget.ui
    assert not ui.applyButton.enabled
    volume = add_volume(value=4)
    assert ui.inputSelector.currentNode() is None, "None is enabled, so nothing is chosen by itself"
    ui.inputSelector.setCurrentNode(volume)
    assert widget.logic.getParameterNode().inputVolume is volume and ui.applyButton.enabled
    ui.applyButton.click()
    assert slicer.util.arrayFromVolume(slicer.util.getNode("head times")).max() == 12
    slicer.mrmlScene.RemoveNode(volume)
    assert widget.logic.getParameterNode().inputVolume.GetName() == "head times", "Qt chooses the next one"
    slicer.mrmlScene.RemoveNode(slicer.util.getNode("head times"))
    assert widget.logic.getParameterNode().inputVolume is None and not ui.applyButton.enabled
    assert widget.calls == ["head", "head times", None]


def test_the_scene_is_closed_saved_and_loaded(host, widget, tmp_path):
    volume = add_volume("kept")
    parameters = widget.logic.getParameterNode()
    parameters.inputVolume, parameters.count, parameters.shown = volume, 8, [2, 5]
    parameters.notes = ["å", "b"]
    host.save_scene(tmp_path / "scene.mrb")
    host.close_scene()
    assert [call for call in widget.calls if call in ("close", "closed")] == ["close", "closed"]
    fresh = widget.logic.getParameterNode()
    assert (fresh.inputVolume, fresh.count, fresh.shown) == (None, 3, [])
    assert widget.ui.countSpin.value == 3 and widget.ui.inputSelector.currentNode() is None
    host.load_scene(tmp_path / "scene.mrb")
    loaded = widget.logic.getParameterNode()
    assert (loaded.inputVolume.GetName(), loaded.count) == ("kept", 8)
    assert loaded.shown == [2, 5] and loaded.notes == ["å", "b"]
    widget.initializeParameterNode()
    assert widget.ui.inputSelector.currentNode().GetName() == "kept" and widget.ui.countSpin.value == 8


def test_reload_makes_a_new_panel_in_the_same_place(host, folder):
    old = host.load_module("Example", folder)
    host.select_module("Example")
    old_button, place = old.ui.applyButton, old.parent
    script = folder / "Example.py"
    script.write_text(script.read_text(encoding="utf-8").replace("An Example", "Another").replace("head", "leg"))
    slicer.util.reloadScriptedModule("Example")
    slicer.app.processEvents()
    new = slicer.modules.ExampleWidget
    assert new is not old and new.parent is place
    assert "cleanup" in old.calls and not old_button.visible
    assert new.layout.count() == 1 and new.ui.applyButton.visible
    assert type(new) is not type(old)
    widget_without_reload = old.logic.getParameterNode()
    widget_without_reload.count = 5
    assert new.ui.countSpin.value == 5 and old.ui.countSpin.value == 3, "the old panel is no longer connected"


def test_the_self_test_runs_and_fails_when_it_should(host, widget):
    test = type(slicer.selfTests["Example"].__self__)
    script = sys.modules[test.__module__]
    slicer.selfTests["Example"](msec=10)
    assert sorted(script.ExampleTest.ran) == ["process", "told"]
    script.ExampleTest.broken = True
    with pytest.raises(AssertionError):
        slicer.selfTests["Example"]()


def test_leaving_calls_cleanup_once_and_takes_everything_back(folder):
    with Host() as host:
        widget = host.load_module("Example", folder)
        host.select_module("Example")
        button = widget.ui.applyButton
    assert widget.calls == ["enter", "exit", "cleanup"]
    assert not button, "a destroyed widget is false"
    assert not hasattr(slicer, "app") and not hasattr(slicer, "modules") and "qt" not in sys.modules
    assert slicer.getNode is slicer.util.getNode, "what slicer-core had is back"
    assert str(folder) not in sys.path and "Example" not in sys.modules
    with Host() as host:
        again = host.load_module("Example", folder)
        assert again.logic.getParameterNode().count == 3
    assert host.slot_errors == []


def test_what_a_slot_raises_is_kept_and_not_propagated(folder):
    with Host() as host:
        widget = host.load_module("Example", folder)
        widget.ui.applyButton.enabled = True
        widget.ui.applyButton.click()
        assert [str(error) for error in host.slot_errors] == ["There is no input."]


def test_what_an_observer_raises_is_kept(folder, capsys):
    with Host() as host:
        node = add_volume()
        node.AddObserver("ModifiedEvent", lambda *_: 1 / 0)
        node.SetName("other")
        assert [type(error) for error in host.slot_errors] == [ZeroDivisionError]


def test_a_module_without_its_class_or_file_is_refused(host, tmp_path):
    with pytest.raises(FileNotFoundError):
        host.load_module("Missing", tmp_path)
    (tmp_path / "Other.py").write_text("x = 1\n")
    with pytest.raises(RuntimeError, match="class Other was not found"):
        host.load_module("Other", tmp_path)


def test_the_end_of_the_start_is_told_once_to_each_module(host, folder, tmp_path):
    widget = host.load_module("Example", folder)
    (tmp_path / "Second.py").write_text(SECOND)
    host.load_module("Second", tmp_path)
    assert sys.modules["Example"].Example.started == 1
    assert sys.modules["Second"].Second.started == 1
    assert slicer.util.moduleNames()[-2:] == ("Example", "Second") and widget.calls == []


SECOND = """
import slicer
from slicer.ScriptedLoadableModule import *


class Second(ScriptedLoadableModule):
    started = 0

    def __init__(self, parent):
        super().__init__(parent)
        slicer.app.connect("startupCompleted()", self.onStarted)

    def onStarted(self):
        Second.started += 1


class SecondWidget(ScriptedLoadableModuleWidget):
    pass
"""


def test_a_widget_makes_its_own_parent_when_there_is_none(host, tmp_path):
    (tmp_path / "Second.py").write_text(SECOND)
    alone = type(host.load_module("Second", tmp_path))()
    assert alone.parent.className() == "qMRMLWidget" and alone.parent.visible
    assert alone.parent.mrmlScene() is slicer.mrmlScene and alone.layout.count() == 0


def test_what_fails_at_the_end_is_raised_when_everything_is_taken_back(folder):
    with pytest.raises(ZeroDivisionError), Host() as host:
        widget = host.load_module("Example", folder)
        host.select_module("Example")
        widget.exit = lambda: 1 / 0
    assert not hasattr(slicer, "app")
    with Host() as host:
        host.load_module("Example", folder)
        with pytest.raises(RuntimeError, match="a host already"):
            Host()
    assert not hasattr(slicer, "app")
