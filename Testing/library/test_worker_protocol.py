"""The worker's manners: when it starts, what it makes of nonsense, and how it ends."""

import os
import subprocess
import sys
import time

import pytest
import torch
from worker_examples import LIBRARY, Worker, assert_error

import SASANLib
from SASANLib.devices import list_devices
from SASANLib.worker.reporter import Remaining

DEVICES = [{"name": device.name, "description": device.description} for device in list_devices()]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups of this kind")


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with Worker(tmp_path_factory.mktemp("worker") / "log.txt") as worker:
        assert worker.event()["event"] == "starting"
        yield worker
        assert worker.close() == 0


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log.txt"


def test_it_says_hello_with_versions_and_devices(worker):
    (ready,) = worker.ask("hello")
    assert ready["event"] == "ready"
    assert (ready["version"], ready["torch"]) == (SASANLib.__version__, torch.__version__)
    assert [device["name"] for device in ready["devices"]] == [device["name"] for device in DEVICES]
    assert ready["devices"][-1]["description"] == f"CPU, 1 of {os.cpu_count()} cores"
    (result,) = worker.ask("devices")
    assert (result["event"], result["devices"]) == ("result", ready["devices"])


GARBAGE = {
    b"hello\n": "not JSON",
    b"\n": "not JSON",
    b'{"request": "hello", "id": 1\n': "not JSON",
    b"\xff\xfe{}\n": "not JSON",
    b"[" * 100_000 + b"\n": "not JSON",
    b"[1, 2]\n": "not an object",
    b"17\n": "not an object",
    b"{}\n": "no request None",
    b'{"request": ["hello"]}\n': "no request ['hello']",
    b'{"request": "hello"}\n': "field id is missing",
    b'{"request": "hello", "id": "1"}\n': "id: ",
    b'{"request": "hello", "id": true}\n': "id: ",
    b'{"request": "hello", "id": 1.5}\n': "id: ",
}


@pytest.mark.parametrize("line", GARBAGE, ids=lambda line: repr(line[:25]))
def test_a_line_that_is_no_request(worker, line):
    worker.write(line)
    event = worker.event()
    assert_error(event, "request", GARBAGE[line])
    assert event["id"] is None


TRANSLATE = {
    "model": "/m",
    "direction": "mr-to-ct",
    "device": "cpu",
    "planes": ["axial"],
    "flips": None,
    "input": {
        "file": "/x/input.npy",
        "ijk_to_ras": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
        "name": "a",
    },
    "folder": "/x",
    "outputs": ["synthetic"],
}


@pytest.mark.parametrize(
    ("request_name", "changes", "words"),
    [
        ("dance", {}, "no request 'dance'"),
        ("hello", {"colour": 1}, "field colour is unknown"),
        ("cancel", {}, "field target is missing"),
        ("cancel", {"target": "1"}, "target"),
        ("translate", {"speed": "fast"}, "field speed is unknown"),
        ("translate", {"flips": "yes"}, "flips"),
        ("translate", {"planes": ["oblique"]}, "planes"),
        ("translate", {"planes": []}, "planes"),
        ("translate", {"outputs": []}, "outputs"),
        ("translate", {"outputs": ["everything"]}, "outputs"),
        ("translate", {"folder": "x"}, "absolute path"),
        ("translate", {"input": TRANSLATE["input"] | {"ijk_to_ras": [[1, 0, 0, 0]] * 3}}, "input.ijk_to_ras"),
        (
            "translate",
            {"input": TRANSLATE["input"] | {"ijk_to_ras": [[float("nan"), 0, 0, 0]] * 4}},
            "input.ijk_to_ras",
        ),
        ("translate", {"input": TRANSLATE["input"] | {"voxels": 3}}, "input.voxels is unknown"),
    ],
)
def test_a_request_that_is_not_valid_is_told_by_its_number(worker, request_name, changes, words):
    fields = (TRANSLATE if request_name == "translate" else {}) | changes
    number = worker.send(request_name, **fields)
    event = worker.event()
    assert_error(event, "request", words)
    assert event["id"] == number


def test_line_ends_of_windows_and_cancelling_what_is_not_there(worker):
    worker.send("cancel", target=99)
    worker.write(b'{"request": "devices", "id": 77}\r\n')
    assert worker.event()["id"] == 77
    # A number that was cancelled when nothing had it may be used.
    worker.write(b'{"request": "devices", "id": 99}\n')
    assert worker.event()["event"] == "result"


# ---- start and end


def test_it_starts_at_once_as_a_leader_and_before_torch(log):
    blocked = "sys.modules['torch'] = sys.modules['pydantic_core'] = None"
    with Worker(log, first=blocked) as worker:
        starting = worker.event()
        assert starting["event"] == "starting" and starting["id"] is None and starting["protocol"] == 1
        # Without pydantic it cannot understand anybody; it says so and ends.
        error = worker.event()
        assert_error(error, "internal", "pydantic_core", "Install")
        assert worker.wait() == 1


@POSIX
def test_it_leads_a_process_group_of_its_own(worker):
    pid = worker.process.pid
    assert os.getpgid(pid) == os.getsid(pid) == pid != os.getpgid(0)


@pytest.mark.parametrize("missing", ["torch", "SimpleITK"])
def test_a_missing_package_is_a_sentence_and_no_end(log, tmp_path, missing):
    with Worker(log, first=f"sys.modules[{missing!r}] = None") as worker:
        worker.event()
        fields = TRANSLATE | {"folder": str(tmp_path), "input": TRANSLATE["input"] | {"file": str(tmp_path / "a.npy")}}
        *_, event = worker.ask("hello") if missing == "torch" else worker.ask("translate", **fields)
        assert_error(event, "internal", missing, "Install")
        assert "Traceback" in log.read_text()
        assert worker.process.poll() is None
        assert worker.close() == 0


def test_stdin_that_ends_while_torch_is_imported_ends_it(log):
    slow = (
        "import importlib.abc, time\n"
        "class Slow(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'torch':\n"
        "            print('importing', flush=True)\n"
        "            time.sleep(100)\n"
        "sys.meta_path.insert(0, Slow())"
    )
    with Worker(log, first=slow) as worker:
        worker.event()
        worker.send("hello")
        while "importing" not in log.read_text():
            time.sleep(0.02)
        began = time.monotonic()
        assert worker.close() == 0
        assert time.monotonic() - began < 5
        assert worker.rest() == []


def test_it_runs_as_a_module_and_quits(log, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(LIBRARY))
    with Worker(log, command=["-m", "SASANLib.worker"]) as worker:
        assert worker.event()["event"] == "starting"
        worker.send("quit")
        assert worker.wait() == 0


def test_it_ends_when_nobody_reads(tmp_path):
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-m", "SASANLib.worker"], cwd=LIBRARY, **pipe) as process:
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(b'{"request": "devices", "id": 1}\n')
        process.stdin.flush()
        assert process.wait(timeout=60) == 0


# ---- time left


def test_the_time_left_follows_the_pace_of_the_slices():
    now = iter([100.0, 104.0, 110.0, 120.0])
    remaining = Remaining(lambda: next(now))
    assert remaining.seconds(0, 10) is None, "no pace yet"
    assert remaining.seconds(2, 10) == 16  # 2 s a slice, 8 to go
    assert remaining.seconds(8, 10) == 2.5  # 1.25 s a slice
    assert remaining.seconds(10, 10) is None, "what is left is not slices"
