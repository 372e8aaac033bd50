"""What goes wrong with a translation by the real worker: its input, its folder, the disk, memory, and bugs."""

import errno
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from worker_examples import (
    SMALL_FILES,
    Worker,
    assert_error,
    names,
    slow_head,
    small_head,
    translate_fields,
)

from SASANLib.errors import WriteError
from SASANLib.worker import arrays

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of a process's files")


# ---- what can be wrong with the input


def without_file(path: Path) -> None:
    path.unlink()


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def saved(array) -> object:
    return lambda path: np.save(path, array, allow_pickle=True)


BAD_INPUT = {
    "vanished": (without_file, "input.npy"),
    "cut off": (cut_off, "damaged or incomplete"),
    "empty": (empty, "damaged or incomplete"),
    "objects": (saved(np.array([{}])), "damaged or incomplete"),
    "colours": (saved(np.zeros((4, 5, 6, 3))), "not a scalar volume"),
    "complex": (saved(np.zeros((4, 5, 6), complex)), "not a scalar volume"),
    "no voxels": (saved(np.zeros((0, 5, 6))), "no voxels"),
    "constant": (saved(np.full((8, 8, 8), 3.0)), "same value in every voxel"),
    "nan": (saved(np.where(np.eye(8)[None] * np.ones((8, 1, 1)) > 0, np.nan, 1.5)), "NaN or infinite"),
    "beyond float32": (saved(np.linspace(0, 1e300, 512).reshape(8, 8, 8)), "NaN or infinite"),
    "one slice": (saved(np.random.default_rng(0).random((1, 8, 8))), "single slice"),
    "labels": (saved(np.arange(512).reshape(8, 8, 8) // 128), "labelmap"),
    "no body": (saved(np.linspace(-2000, -1500, 512).reshape(8, 8, 8)), "No body"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_an_unusable_input(worker, bundle, tmp_path, case):
    spoil, words = BAD_INPUT[case]
    fields = translate_fields(bundle, small_head(), tmp_path / "x")
    spoil(tmp_path / "x" / "input.npy")
    *_, event = worker.ask("translate", **fields)
    assert_error(event, "input", words, "Head")
    assert set(names(tmp_path / "x")) <= {"input.npy"}


def test_a_degenerate_geometry(worker, bundle, tmp_path):
    fields = translate_fields(bundle, small_head(), tmp_path / "x")
    fields["input"]["ijk_to_ras"][2] = [0, 0, 0, 0]
    assert_error(worker.ask("translate", **fields)[-1], "input", "axes span no volume")


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        ("request", {"direction": "mr-to-pet"}, "mr-to-pet"),
        ("request", {"planes": ["sagittal"]}, "not trained on sagittal"),
        ("device", {"device": "cuda:9"}, "cuda:9"),
        ("model", {"model": "/nowhere/model"}, "/nowhere/model"),
    ],
)
def test_what_this_model_or_machine_cannot_do(worker, bundle, tmp_path, kind, changes, words):
    *_, event = worker.ask("translate", **translate_fields(bundle, small_head(), tmp_path / "x", **changes))
    assert_error(event, kind, words)


# ---- the folder


def test_a_folder_that_is_gone_is_told_before_the_work(worker, bundle, tmp_path):
    fields = translate_fields(bundle, small_head(), tmp_path / "x")
    shutil.move(tmp_path / "x" / "input.npy", tmp_path / "input.npy")
    fields["input"]["file"] = str(tmp_path / "input.npy")
    (tmp_path / "x").rmdir()
    (event,) = worker.ask("translate", **fields)
    assert_error(event, "disk", str(tmp_path / "x"))


def test_a_folder_that_vanishes_during_the_work(worker, slow, tmp_path):
    worker.send("translate", **translate_fields(slow, slow_head(), tmp_path / "x", flips=False))
    worker.until_slices()
    shutil.rmtree(tmp_path / "x")
    assert_error(worker.until("result", "error")[-1], "disk", str(tmp_path / "x" / "synthetic.npy"))
    assert not (tmp_path / "x").exists()
    assert worker.ask("devices")[-1]["event"] == "result"


@POSIX
def test_a_disk_without_room_leaves_no_half_results(bundle, tmp_path):
    """Out of space through the system's limit on file size: the labels, a quarter as large, fit, the image does not."""
    with Worker(tmp_path / "log.txt", first=SMALL_FILES) as worker:
        worker.event()
        fields = translate_fields(bundle, small_head(), tmp_path / "x", outputs=["segmentation", "synthetic"])
        *_, event = worker.ask("translate", **fields)
        assert_error(event, "disk", str(tmp_path / "x" / "synthetic.npy"), "File too large", "choose another")
        assert names(tmp_path / "x") == ["input.npy"]
        fields["outputs"] = ["segmentation"]
        assert worker.ask("translate", **fields)[-1]["event"] == "result"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is always full")
def test_a_full_disk_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "open", lambda path, mode: open("/dev/full", mode), raising=False)  # noqa: SIM115
    with pytest.raises(WriteError, match=os.strerror(errno.ENOSPC)) as caught:
        arrays.write_array(tmp_path / "a.npy", np.zeros((40, 50, 60)))
    assert str(tmp_path / "a.npy") in caught.value.message and "Free some space" in caught.value.hint


# ---- what happens inside


def test_nothing_that_prints_gets_into_the_protocol(bundle, tmp_path):
    noisy = (
        "import ctypes, os, subprocess, SASANLib.body as body\n"
        "quiet = body.body_mask\n"
        "def loud(*arguments):\n"
        "    print('python prints {}')\n"
        "    sys.__stdout__.write('the first stdout\\n')\n"
        '    os.write(1, b\'{"event": "result"}\\n\')\n'
        "    subprocess.run([sys.executable, '-c', 'print(\"a child prints\"); input()'])\n"
        "    if os.name == 'posix':\n"
        "        libc = ctypes.CDLL(None); libc.puts(b'C prints'); libc.fflush(None)\n"
        "    return quiet(*arguments)\n"
        "body.body_mask = loud"
    )
    with Worker(tmp_path / "log.txt", first=noisy) as worker:
        assert worker.event()["event"] == "starting"
        number = worker.send("translate", **translate_fields(bundle, small_head(), tmp_path / "x"))
        events = worker.until("result", "error")
        assert events[-1]["event"] == "result" and {event["id"] for event in events} == {number}
        assert worker.close() == 0
        assert worker.rest() == []
    log = (tmp_path / "log.txt").read_text()
    for text in ("python prints", '{"event": "result"}', "a child prints", "EOFError"):
        assert text in log
    assert os.name != "posix" or "C prints" in log


@pytest.mark.parametrize(
    ("raised", "kind", "words"),
    [
        ("RuntimeError('an illegal memory access')", "internal", "RuntimeError: an illegal memory access"),
        ("MemoryError()", "memory", "not enough memory"),
        ("RuntimeError('DefaultCPUAllocator: can\\'t allocate memory: you tried')", "memory", "not enough memory"),
    ],
)
def test_a_bug_and_a_lack_of_memory(bundle, tmp_path, raised, kind, words):
    failing = (
        "import SASANLib.translation as translation\n"
        "original, calls = translation.body_mask, []\n"
        "def fail(*arguments):\n"
        "    calls.append(1)\n"
        f"    if len(calls) == 1: raise {raised}\n"
        "    return original(*arguments)\n"
        "translation.body_mask = fail"
    )
    with Worker(tmp_path / "log.txt", first=failing) as worker:
        worker.event()
        fields = translate_fields(bundle, small_head(), tmp_path / "x")
        assert_error(worker.ask("translate", **fields)[-1], kind, words)
        assert ("Traceback" in (tmp_path / "log.txt").read_text()) is (kind == "internal")
        assert worker.ask("translate", **fields)[-1]["event"] == "result", "it does not recover"


def test_batches_that_do_not_fit_are_halved_with_a_notice(bundle, tmp_path):
    failing = (
        "import SASANLib.networks as networks\n"
        "original = networks.TranslationNetworks.translate\n"
        "def fail(self, image, source):\n"
        "    if len(image) > 1: raise RuntimeError('DefaultCPUAllocator: can\\'t allocate memory')\n"
        "    return original(self, image, source)\n"
        "networks.TranslationNetworks.translate = fail"
    )
    with Worker(tmp_path / "log.txt", first=failing) as worker:
        worker.event()
        *events, result = worker.ask("translate", **translate_fields(bundle, small_head(), tmp_path / "x"))
        sentence = "The memory of cpu ran out: continuing with batches of 1 slices."
        assert {"event": "notice", "id": 1, "message": sentence, "unfamiliar": False} in events
        assert sentence in result["description"]["notices"]
