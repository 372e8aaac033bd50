"""The application: settings, messages, files, Subject Hierarchy, logics."""

import logging
import os
import subprocess
import sys

import numpy as np
import pytest
import slicer
from slicer_host import Host


def volume(name="head", affine=None):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    return slicer.util.addVolumeFromArray(array, np.eye(4) if affine is None else affine, name)


# Application


def test_the_application_knows_itself_and_its_folders(host):
    app = slicer.app
    assert app.applicationName == "Slicer" and (app.majorVersion, app.minorVersion) >= (5, 10)
    for folder in (app.slicerHome, app.temporaryPath, app.cachePath, os.path.dirname(app.slicerUserSettingsFilePath)):
        assert os.path.isdir(folder)
    assert app.testingEnabled() and app.mainWindow() is None and slicer.util.mainWindow() is None
    assert slicer.util.tempDirectory().startswith(app.temporaryPath)
    assert slicer.util.startupEnvironment()["PATH"] == os.environ["PATH"]
    with pytest.raises(AttributeError):
        app.applicationTitle  # noqa: B018
    with pytest.raises(TypeError):
        app.applicationName()
    with pytest.raises(AttributeError):
        app.typo = 1


def test_settings_last_as_long_as_the_host_and_no_longer():
    for _ in range(2):
        with Host() as host:
            import qt

            assert slicer.util.settingsValue("SASAN/model", "none") == "none"
            qt.QSettings().setValue("SASAN/model", "brain")
            qt.QSettings().setValue("SASAN/ask", False)
            assert slicer.util.settingsValue("SASAN/model", "none") == "brain"
            assert slicer.app.userSettings().value("SASAN/model") == "brain"
            assert slicer.util.settingsValue("SASAN/ask", True, converter=slicer.util.toBool) is False
            temporary = slicer.app.temporaryPath
        assert host.slot_errors == [] and not os.path.exists(temporary) and "qt" not in sys.modules


def test_quitting_is_told_once():
    told = []
    with Host() as host:
        slicer.app.connect("aboutToQuit()", lambda: told.append("quit"))
        slicer.app.quit()
        assert told == ["quit"]
    assert told == ["quit"] and host.slot_errors == []


def test_leaving_with_a_code_is_recorded_and_told_once():
    told = []
    with Host() as host:
        assert host.exit_code is None
        options = slicer.app.commandOptions()
        options.runPythonAndExit = True
        slicer.app.connect("aboutToQuit()", lambda: told.append("quit"))
        slicer.util.exit(3)
        assert host.exit_code == 3 and options.runPythonAndExit is False
        slicer.util.exit(1)
        with pytest.raises(AttributeError):
            options.runPythonAndExitt = True
    assert host.exit_code == 1 and told == ["quit"]
    with Host() as host:
        pass
    assert host.exit_code is None


def test_processes_may_fail_before_their_start_returns(host):
    import qt

    got, process = [], qt.QProcess()
    process.connect("errorOccurred(QProcess::ProcessError)", got.append)
    host.processes_start_at_once = True
    process.start("/no/such/program", [])
    assert got == [qt.QProcess.FailedToStart] and host.processes_start_at_once
    host.close()
    with Host() as other:
        assert not other.processes_start_at_once


def test_the_style_is_dark_if_wished_and_light_again_after():
    colors = []
    for dark in (True, False, True):
        with Host(dark=dark):
            import qt

            window, button = slicer.app.palette(), qt.QPushButton("text")
            assert button.palette.color(qt.QPalette.Window).name() == window.color(qt.QPalette.Window).name()
            colors.append({role: window.color(getattr(qt.QPalette, role)).name() for role in ("Window", "Text", "Mid")})
    assert colors[0] == colors[2] == {"Window": "#323232", "Text": "#ffffff", "Mid": "#2b2b2b"}
    assert all(int(colors[1][role][1:3], 16) > 0x80 for role in ("Window", "Mid")), "nothing dark is left over"


QUIET = """
import sys
from PySide6 import QtCore, QtWidgets
{before}
sys.path[:0] = [{here!r}]
from slicer_host import Host
with Host() as host:
    host.window.resize(900, 700)
    host.app.processEvents()
    QtCore.qWarning("This plugin does not support propagateSizeHints()")
    QtCore.qWarning("something else")
"""


@pytest.mark.parametrize("before", ["", "application = QtWidgets.QApplication(['-platform', 'offscreen'])"])
def test_what_the_offscreen_platform_lacks_is_not_printed(before):
    process = subprocess.run(
        [sys.executable, "-c", QUIET.format(before=before, here=os.path.dirname(__file__))],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stderr.splitlines() == ["something else"]


def test_only_slicers_own_names_are_in_slicer(host):
    assert not hasattr(slicer, "getNode") and not hasattr(slicer, "arrayFromVolume")
    with pytest.raises(ImportError):
        from slicer import arrayFromVolume  # noqa: F401
    assert callable(slicer.util.getNode)


# Messages


def test_under_testing_messages_are_logged_and_nothing_is_confirmed(host):
    slicer.util.errorDisplay("It broke.")
    assert host.log.errors == ["It broke."]
    assert not slicer.util.confirmOkCancelDisplay("Go on?")
    assert not slicer.util.confirmYesNoDisplay("Go on?")
    with pytest.raises(ValueError), slicer.util.tryWithErrorDisplay("Trying failed."):
        raise ValueError("bad")
    assert host.answers.asked == []


def test_otherwise_message_boxes_come_up_and_are_answered(interactive):
    import qt
    import qt_facade

    interactive.answers.expect("exec", qt.QMessageBox.Ok)
    assert slicer.util.confirmOkCancelDisplay("Go on?") is True
    interactive.answers.expect("exec", "No")
    assert slicer.util.confirmYesNoDisplay("Really?") is False
    interactive.answers.expect("exec", "OK")
    slicer.util.errorDisplay("It broke.")
    assert [details["text"] for _kind, details in interactive.answers.asked] == ["Go on?", "Really?", "It broke."]
    with pytest.raises(qt_facade.UnansweredDialog):
        slicer.util.confirmOkCancelDisplay("And now?")


def test_the_main_window_knows_the_selected_module(interactive, tmp_path):
    import example_module

    interactive.load_module("Example", example_module.write(tmp_path))
    assert slicer.util.selectedModule() == ""
    slicer.util.selectModule("Example")
    assert slicer.util.selectedModule() == "Example" and slicer.modules.ExampleWidget.calls == ["enter"]
    slicer.util.showStatusMessage("Busy")
    assert interactive.window.status == "Busy"


# Files


def test_volumes_are_saved_and_loaded(host, tmp_path):
    affine = np.diag([-2.0, -1.5, 3.0, 1.0])
    node = volume(affine=affine)
    assert slicer.util.saveNode(node, str(tmp_path / "out.nrrd"))
    loaded = slicer.util.loadVolume(str(tmp_path / "out.nrrd"), {"name": "again"})
    assert loaded.GetName() == "again"
    assert np.array_equal(slicer.util.arrayFromVolume(loaded), slicer.util.arrayFromVolume(node))
    import vtk

    matrix = vtk.vtkMatrix4x4()
    loaded.GetIJKToRASMatrix(matrix)
    assert np.allclose(slicer.util.arrayFromVTKMatrix(matrix), affine)
    composite = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert composite.GetBackgroundVolumeID() == loaded.GetID(), "a loaded volume is shown"
    with pytest.raises(RuntimeError, match="Failed to load"):
        slicer.util.loadVolume(str(tmp_path / "missing.nrrd"))
    (tmp_path / "broken.nrrd").write_text("no volume")
    with pytest.raises(RuntimeError, match="Failed to load"):
        slicer.util.loadVolume(str(tmp_path / "broken.nrrd"))
    with pytest.raises(NotImplementedError):
        slicer.util.loadModel(str(tmp_path / "x.vtk"))


def test_a_label_map_is_loaded_as_one(host, tmp_path):
    slicer.util.saveNode(volume(), str(tmp_path / "out.nrrd"))
    assert slicer.util.loadLabelVolume(str(tmp_path / "out.nrrd")).IsA("vtkMRMLLabelMapVolumeNode")


def test_tables_and_scenes_without_data_are_saved(host, tmp_path):
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "errors")
    slicer.util.updateTableFromArray(table, np.array([1.0, 2.5]), "mae")
    assert slicer.util.saveNode(table, str(tmp_path / "errors.csv"))
    assert (tmp_path / "errors.csv").read_text().splitlines()[1:] == ["1", "2.5"]
    host.save_scene(tmp_path / "scene.mrml")
    assert "errors" in (tmp_path / "scene.mrml").read_text()


def test_a_scene_that_cannot_be_written_is_an_error(host, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RuntimeError):
        host.save_scene(tmp_path / "file" / "scene.mrb")
    with pytest.raises(RuntimeError):
        host.load_scene(tmp_path / "missing.mrb")


# Subject Hierarchy and logics


def test_every_volume_has_an_item_as_long_as_it_is_there(host):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    node, hidden = volume(), slicer.vtkMRMLScalarVolumeNode()
    hidden.SetHideFromEditors(True)
    slicer.mrmlScene.AddNode(hidden)
    item = hierarchy.GetItemByDataNode(node)
    assert item and hierarchy.GetItemName(item) == "head"
    assert hierarchy.GetItemParent(item) == hierarchy.GetSceneItemID()
    assert not hierarchy.GetItemByDataNode(hidden)
    slicer.mrmlScene.RemoveNode(node)
    assert hierarchy.GetNumberOfItems() == 0


def test_the_hierarchy_comes_back_with_the_scene(host, tmp_path):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "Run")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(volume()), folder)
    host.save_scene(tmp_path / "scene.mrb")
    host.load_scene(tmp_path / "scene.mrb")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item = hierarchy.GetItemByDataNode(slicer.util.getNode("head"))
    assert hierarchy.GetItemName(hierarchy.GetItemParent(item)) == "Run"
    assert hierarchy.GetNumberOfItems() == 2


def test_a_sequence_is_browsed_by_the_real_logic(host):
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "frames")
    for frame in range(3):
        array = np.full((2, 2, 2), frame, np.int16)
        node = slicer.util.addVolumeFromArray(array, np.eye(4), f"frame {frame}")
        sequence.SetDataNodeAtValue(node, str(frame))
        slicer.mrmlScene.RemoveNode(node)
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "browser")
    browser.AddSynchronizedSequenceNode(sequence)
    logic = slicer.modules.sequences.logic()
    logic.UpdateAllProxyNodes()
    proxy = browser.GetProxyNode(sequence)
    browser.SetSelectedItemNumber(2)
    assert slicer.util.arrayFromVolume(proxy).max() == 2
    assert logic.GetFirstBrowserNodeForProxyNode(proxy) is browser


def test_texts_are_translated_only_when_they_are_texts(host):
    from slicer.i18n import tr as _
    from slicer.i18n import translate

    assert _("Translate") == "Translate" == translate("Context", "Translate")
    with pytest.raises(TypeError):
        _(None)


def test_the_log_keeps_what_was_said(host):
    logging.info("Reading %s", "model")
    logging.error("Broken")
    assert "Reading model" in host.log.texts() and host.log.errors == ["Broken"]
