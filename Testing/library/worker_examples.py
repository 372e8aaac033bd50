"""The real worker in a child process, as a client talks to it, and what to send it, for tests."""

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
from bundle_examples import NETWORK, make_card, make_state
from translation_examples import smooth_head

from SASANLib.card import GridCard
from SASANLib.model import save_bundle
from SASANLib.volumes import Volume

LIBRARY = Path(__file__).resolve().parents[2] / "SASANTranslation"
OUTPUTS = ["synthetic", "attention", "segmentation", "uncertainty"]
RUN = "from SASANLib.worker.__main__ import main; main()"
LIMIT_S = 120

#: For `Worker(first=…)`: the system lets it write no file of more than 5000 bytes, as on a disk without room.
SMALL_FILES = (
    "import resource, signal\n"
    "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))"
)


class Worker:
    """A child process. first: Python that it runs before anything else. The log is in `log`."""

    def __init__(self, log: Path, first: str = "", command: list[str] | None = None) -> None:
        self.log = log
        code = f"import sys; sys.path.insert(0, {str(LIBRARY)!r})\n{first}\n{RUN}"
        with open(log, "wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, *(command or ["-c", code])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                cwd=log.parent,
            )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._number = 0

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def write(self, line: bytes) -> None:
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def send(self, request: str, **fields) -> int:
        """Returns its id."""
        self._number += 1
        self.write(json.dumps({"request": request, "id": self._number, **fields}).encode() + b"\n")
        return self._number

    def event(self) -> dict:
        """The next one; every line must be one."""
        line = self._lines.get(timeout=LIMIT_S)
        assert line, f"the worker ended:\n{self.log.read_text()}"
        assert line.endswith(b"\n")
        event = json.loads(line)
        assert isinstance(event["event"], str) and "id" in event
        return event

    def until(self, *events: str) -> list[dict]:
        """The events up to and including the first of these kinds."""
        found = [self.event()]
        while found[-1]["event"] not in events:
            found.append(self.event())
        return found

    def until_slices(self) -> None:
        """Until the first slices of the running translation are done."""
        while not (event := self.until("progress", "result", "error")[-1]).get("done"):
            assert event["event"] == "progress", event

    def ask(self, request: str, **fields) -> list[dict]:
        """All events about a request, its end last; none of another one may come between."""
        number = self.send(request, **fields)
        found = self.until("ready", "result", "error")
        assert {event["id"] for event in found} <= {number, None}
        return found

    def rest(self) -> list[dict]:
        """The events until the process has closed its stdout."""
        found = []
        while line := self._lines.get(timeout=LIMIT_S):
            found.append(json.loads(line))
        return found

    def close(self) -> int:
        """Close stdin; the exit code."""
        self.process.stdin.close()
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(timeout=LIMIT_S)
        self._reader.join(timeout=LIMIT_S)
        self.process.stdout.close()
        return code

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_exception) -> None:
        if self.process.poll() is None:
            self.process.kill()
        if not self.process.stdin.closed:
            self.process.stdin.close()
        if not self.process.stdout.closed:
            self.wait()


def small_bundle(folder: Path) -> Path:
    """Real networks on a grid so coarse that a translation takes a second."""
    card = make_card(grid=GridCard(planes=["axial", "coronal"], spacing_mm=8, size=64), network=NETWORK)
    save_bundle(card, make_state(), folder)
    return folder


def slow_bundle(folder: Path) -> Path:
    """The same networks on a grid so fine that `slow_head` takes tens of batches of a part of a second."""
    card = make_card(name="slow-mr-ct", grid=GridCard(planes=["axial"], spacing_mm=1, size=256), network=NETWORK)
    save_bundle(card, make_state(), folder)
    return folder


def small_head() -> Volume:
    head = smooth_head(spacing=(8.0, 8.0, 16.0), shape=(7, 16, 14))
    noise = np.random.default_rng(0).normal(0, 3, head.shape)
    return head.like((head.array + noise).astype(np.float32))


def slow_head() -> Volume:
    return smooth_head(spacing=(4.0, 4.0, 2.0), shape=(60, 34, 32))


def volume_file(volume: Volume, path: Path, **fields) -> dict:
    """Write the voxels; gives what a request says of them."""
    np.save(path, volume.array)
    return {"file": str(path), "ijk_to_ras": volume.affine.tolist(), **fields}


def translate_fields(model: Path, volume: Volume, folder: Path, /, **changes) -> dict:
    """A "translate" request with `volume` in `folder`, which is made."""
    folder.mkdir()
    fields = {
        "model": str(model),
        "direction": "ct-to-mr",
        "device": "cpu",
        "planes": None,
        "flips": None,
        "input": volume_file(volume, folder / "input.npy", name="Head"),
        "folder": str(folder),
        "outputs": OUTPUTS,
    }
    return fields | changes


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def assert_error(event: dict, kind: str, *words: str) -> None:
    """An error of that kind: one sentence with the words, and a hint."""
    assert (event["event"], event.get("kind")) == ("error", kind), event
    assert event["message"].endswith(".") and "\n" not in event["message"]
    assert kind == "cancelled" or event["hint"].endswith(".")
    for word in words:
        assert word in f"{event['message']} {event['hint']}"


def stages(events: list[dict]) -> list[str]:
    return [event["stage"] for event in events if event["event"] == "progress"]
