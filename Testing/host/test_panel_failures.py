"""What goes wrong outside of the panel ends in a message and a usable panel: models, disks, packages, workers."""

import errno
import shutil
from pathlib import Path

import broken_workers
import pytest
import slicer
from panel_examples import add_phantom, copy_model, translate, wait_until
from test_worker_client import is_running

#: Dialogs come up, and are answered.
TESTING = False


@pytest.fixture
def panel(opened):
    host, _widget, panel = opened
    host.close_scene()
    add_phantom(panel)
    yield panel
    panel.cancel()
    from SASANTranslationLib.states import RUNNING

    wait_until(lambda: panel.run_section.state not in RUNNING)
    assert host.answers.unused == ()


def outputs():
    return [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLVolumeNode")]


def test_a_model_that_is_damaged_since_the_start(panel, tmp_path):
    folder = copy_model(tmp_path / "mine")
    panel.logic.translate(panel.parameters.inputVolume, model=folder, outputs=())
    with open(folder / "model.safetensors", "ab") as file:
        file.write(b"\0")
    panel.parameters.model = str(folder)
    assert translate(panel) == "failed"
    assert "model.safetensors" in panel.ui.statusLabel.text and "SHA-256" in panel.ui.statusLabel.text
    shutil.rmtree(folder)
    panel.refresh()
    assert "There is no model" in panel.ui.translateButton.toolTip
    panel.parameters.model = "brain-mr-ct"
    assert panel.ui.translateButton.enabled


def test_a_full_disk_is_found_before_the_work(panel, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1))
    assert translate(panel) == "failed"
    assert "has 0 MB free" in panel.ui.statusLabel.text and "Free some space" in panel.ui.statusLabel.text
    assert not list(Path(slicer.app.temporaryPath).glob("sasan-*"))


def test_a_disk_that_fills_up_while_the_input_is_written(panel, monkeypatch):
    import numpy as np

    def save(path, _array):
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", save)
    assert translate(panel) == "failed"
    assert "No space left on device" in panel.ui.statusLabel.text
    assert not list(Path(slicer.app.temporaryPath).glob("sasan-*"))


def test_a_temporary_folder_that_is_not_there(panel):
    folder = Path(slicer.app.temporaryPath)
    elsewhere = folder.rename(folder.with_name("elsewhere"))
    try:
        assert translate(panel) == "failed"
    finally:
        elsewhere.rename(folder)
    assert str(folder) in panel.ui.statusLabel.text
    assert translate(panel) == "done"


def test_a_temporary_folder_that_vanishes_in_mid_run(panel):
    from SASANTranslationLib.states import RUNNING, State

    panel.ui.translateButton.click()
    wait_until(lambda: panel.run_section.state is State.TRANSLATING)
    for folder in Path(slicer.app.temporaryPath).glob("sasan-*"):
        shutil.rmtree(folder)
    wait_until(lambda: panel.run_section.state not in RUNNING)
    assert panel.run_section.state is State.FAILED
    assert panel.ui.statusLabel.text
    assert outputs() == ["Phantom"]
    assert translate(panel) == "done"


def test_a_worker_that_prints_garbage(panel):
    client = panel.logic.client
    client.stop()
    command, client.command = client.command, broken_workers.command("prints garbage")
    try:
        assert translate(panel) == "failed"
    finally:
        client.command = command
    assert "cannot be read" in panel.ui.statusLabel.text
    assert "a stray print" in panel.ui.logText.plainText
    assert translate(panel) == "done"


def test_nothing_is_left_in_the_temporary_folder(panel):
    assert translate(panel) == "done"
    assert not list(Path(slicer.app.temporaryPath).glob("sasan-*"))


def test_packages_are_installed_after_one_question_that_lists_them(panel, opened):
    host = opened[0]
    host.packages.missing = {"torch", "pydantic"}
    host.answers.expect("exec", lambda details: question.append(details["text"]) or "OK")
    question = []
    assert translate(panel) == "done"
    assert "torch>=2.2" in question[0] and "pydantic>=2" in question[0] and "safetensors" not in question[0]
    assert [name for call in host.packages.installed for name in call] == ["torch>=2.2", "pydantic>=2"]
    host.packages.installed.clear()


@pytest.mark.parametrize("works", [True, False])
def test_torch_is_chosen_as_the_pytorch_extension_does_but_never_imported(panel, opened, works):
    host = opened[0]
    if not hasattr(slicer.modules, "pytorchutils"):
        host.add_pytorch()
    host.packages.executed.clear()
    host.packages.missing = {"torch"}
    host.packages.failing = set() if works else {"light_the_torch"}
    question = []
    host.answers.expect("exec", lambda details: question.append(details["text"]) or "OK")
    assert translate(panel) == "done"
    assert "light-the-torch" in question[0]
    assert host.packages.executed == [("light_the_torch", ["install", "torch>=2.2"])]
    installed = [name for call in host.packages.installed for name in call]
    assert installed == ["light-the-torch>=0.5", *([] if works else ["torch>=2.2"])], "pip is the second choice"
    host.packages.installed.clear()


def test_a_refusal_leaves_the_panel_usable(panel, opened):
    host = opened[0]
    host.packages.missing = {"torch"}
    host.answers.expect("exec", "Cancel")
    assert translate(panel) == "cancelled"
    assert "Nothing was installed" in panel.ui.statusLabel.text
    assert host.packages.installed == []
    host.packages.missing = set()
    assert panel.ui.translateButton.enabled
    assert translate(panel) == "done"


def test_torch_missing_and_offline(panel, opened):
    host = opened[0]
    host.packages.missing, host.packages.outcome = {"torch"}, "fail"
    host.answers.expect("exec", "OK")
    try:
        assert translate(panel) == "failed"
        assert "could not be installed" in panel.ui.statusLabel.text and "network" in panel.ui.statusLabel.text
    finally:
        host.packages.missing, host.packages.outcome = set(), "succeed"
        host.packages.installed.clear()
    assert translate(panel) == "done"


def test_a_script_is_told_what_is_missing_and_asked_nothing(panel, opened):
    from SASANTranslationLib.errors import TranslationError

    host = opened[0]
    host.packages.missing = {"torch"}
    try:
        with pytest.raises(TranslationError) as raised:
            panel.logic.translate(panel.parameters.inputVolume)
    finally:
        host.packages.missing = set()
    assert raised.value.kind == "dependencies" and "torch" in raised.value.message


def test_reloading_the_module_in_mid_run_leaves_no_worker_behind(panel, opened):
    from SASANTranslationLib.states import State

    host, widget, _panel = opened
    panel.ui.translateButton.click()
    wait_until(lambda: panel.run_section.state is State.TRANSLATING)
    pid = panel.logic.client.pid
    widget.onReload()
    host.app.processEvents()
    wait_until(lambda: not is_running(pid), 5)
    reloaded = slicer.modules.SASANTranslationWidget
    assert reloaded is not widget
    assert reloaded.panel.parameters.inputVolume.GetName() == "Phantom"
    assert translate(reloaded.panel) == "done"
    reloaded.panel.logic.stopWorker()
