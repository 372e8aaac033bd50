"""The panel in the host, as several tests want it: opened, with a small head to translate."""

import contextlib
import json
import shutil
import time
from pathlib import Path

import slicer
from slicer_host import Host

BUNDLED = Path(__file__).parents[2] / "SASANTranslation" / "Resources" / "Models" / "brain-mr-ct"


@contextlib.contextmanager
def open_panel(testing=True):
    """(host, widget, panel) with the module selected and a phantom as the input."""
    with Host(testing=testing) as host:
        widget = host.load_module("SASANTranslation")
        host.select_module("SASANTranslation")
        yield host, widget, widget.panel
        # Raised in a slot or an observer, where Slicer would only have printed it.
        assert host.slot_errors == [], "\n".join(map(str, host.slot_errors))


def add_phantom(panel, name="Phantom"):
    """A small head in the scene, chosen as the input."""
    from SASANTranslationLib.self_test import add_phantom

    volume = add_phantom(name)
    panel.parameters.inputVolume = volume
    return volume


def wait_until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"nothing happened for {seconds} s"
        slicer.app.processEvents()
        time.sleep(0.005)


def translate(panel, seconds=120):
    """Click Translate and wait for the end; returns its state's value ("done", "failed" …)."""
    from SASANTranslationLib.states import RUNNING

    panel.ui.translateButton.click()
    wait_until(lambda: panel.run_section.state not in RUNNING, seconds)
    return panel.run_section.state.value


def copy_model(folder, name="my-model"):
    """The shipped model under another name, as a user might have one; returns its folder."""
    shutil.copytree(BUNDLED, folder)
    card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    card.update(name=name, title="Mine")
    (folder / "model.json").write_text(json.dumps(card), encoding="utf-8")
    return folder
