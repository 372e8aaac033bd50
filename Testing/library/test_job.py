"""The job folder: what survives a full disk, a killed process and a second one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from SASANLib import files
from SASANLib.errors import SASANError
from SASANLib.training.config import TrainingConfig
from SASANLib.training.job import Job, standing
from SASANLib.training.lock import Locked, lock_file

LIBRARY = Path(files.__file__).resolve().parents[1]


@pytest.fixture
def job(tmp_path) -> Job:
    return Job.create(tmp_path / "job", TrainingConfig(data=tmp_path / "data"))


def names(job: Job) -> list[str]:
    return sorted(path.name for path in job.folder.iterdir())


def test_a_new_job_is_its_configuration(job, tmp_path):
    assert names(job) == ["job.json", "previews"]
    assert Job(job.folder).config() == TrainingConfig(data=tmp_path / "data")
    assert list(job.events()) == [] and job.load_checkpoint() is None
    with pytest.raises(SASANError, match="already holds a training job"):
        Job.create(job.folder, TrainingConfig(data=tmp_path / "other"))
    assert job.config().data == tmp_path / "data"


def test_a_folder_without_a_job(tmp_path):
    with pytest.raises(SASANError, match=r"job\.json is missing"):
        Job(tmp_path).config()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda fields: fields | {"colour": "red"}, "the field colour is unknown"),
        (lambda fields: {"seed": 1}, "the field data is missing"),
        (lambda fields: fields | {"seed": "x"}, "seed: "),
        (lambda fields: "nonsense", "job.json"),
    ],
)
def test_a_configuration_that_is_not_understood(job, edit, words):
    job.config_file.write_text(json.dumps(edit(json.loads(job.config_file.read_text()))))
    with pytest.raises(SASANError, match=r"job\.json is not a job of this version") as caught:
        job.config()
    assert words in str(caught.value)


def test_jobs_of_earlier_versions_can_be_read(job, tmp_path):
    """A field that did not exist yet has its default."""
    fields = json.loads(job.config_file.read_text())
    del fields["about"]
    job.config_file.write_text(json.dumps(fields))
    assert job.config() == TrainingConfig(data=tmp_path / "data")


# ---- checkpoints


def test_a_checkpoint_comes_back(job):
    job.save_checkpoint({"step": 3, "x": torch.arange(4.0), "nested": {"y": [torch.ones(2), None]}})
    state = job.load_checkpoint()
    assert state["step"] == 3 and torch.equal(state["x"], torch.arange(4.0))
    assert torch.equal(state["nested"]["y"][0], torch.ones(2)) and state["nested"]["y"][1] is None


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("unexpected pos 64 vs 0")])
def test_a_failing_write_keeps_the_old_checkpoint(job, monkeypatch, error):
    job.save_checkpoint({"step": 3})
    before = names(job)

    def fail(_state, path) -> None:
        Path(path).write_bytes(b"half a checkpoint")
        raise error

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(SASANError, match=r"Cannot write .*checkpoint\.pt"):
        job.save_checkpoint({"step": 4})
    assert names(job) == before and job.load_checkpoint() == {"step": 3}


def test_a_process_killed_while_writing_leaves_the_old_checkpoint(job, monkeypatch):
    job.save_checkpoint({"step": 3})

    def killed(*_) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        job.save_checkpoint({"step": 4})
    monkeypatch.undo()
    assert job.load_checkpoint() == {"step": 3} and names(job) == ["checkpoint.pt", "job.json", "previews"]


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda _: b"", lambda _: b"\x80\x02nonsense."])
def test_a_damaged_checkpoint_is_named(job, damage):
    job.save_checkpoint({"x": torch.zeros(1000)})
    job.checkpoint_file.write_bytes(damage(job.checkpoint_file.read_bytes()))
    with pytest.raises(SASANError, match=r"checkpoint\.pt is damaged"):
        job.load_checkpoint()


class Evil:
    def __init__(self, evidence: Path):
        self.evidence = str(evidence)

    def __reduce__(self):
        return open, (self.evidence, "w")


def test_a_checkpoint_runs_no_code(job, tmp_path):
    torch.save({"step": Evil(tmp_path / "evidence")}, job.checkpoint_file)
    with pytest.raises(SASANError, match="damaged"):
        job.load_checkpoint()
    assert not (tmp_path / "evidence").exists()


# ---- events


def test_events_come_back_in_order(job):
    assert job.log("started", step=0, total=9)["event"] == "started"
    job.log("step", step=1, terms={"cycle/a": 0.5})
    first, second = job.events()
    assert (first["event"], first["total"], second["terms"]) == ("started", 9, {"cycle/a": 0.5})
    assert second["time"] >= first["time"] > 1e9


def test_half_a_line_is_passed_over_and_swallows_nothing(job):
    job.log("started", step=0)
    with open(job.events_file, "a") as file:
        file.write('{"time": 17, "event": "st')
    assert [event["event"] for event in job.events()] == ["started"]
    job.log("resumed", step=0)
    assert [event["event"] for event in job.events()] == ["started", "resumed"]


def test_events_beyond_the_checkpoint_that_was_gone_on_from_are_void():
    story = [("started", 0), ("step", 1), ("step", 2), ("resumed", 1), ("step", 2), ("step", 3), ("resumed", 3)]
    events = [{"event": event, "step": step, "line": line} for line, (event, step) in enumerate(story)]
    assert [event["line"] for event in standing(events)] == [0, 1, 3, 4, 5, 6]
    again = [*events, {"event": "started", "step": 0, "line": 7}]  # killed before its first checkpoint
    assert [event["line"] for event in standing(again)] == [0, 7]


def test_an_unwritable_log(job):
    job.events_file.mkdir()
    with pytest.raises(SASANError, match=r"Cannot write .*events\.jsonl"):
        job.log("started", step=0)


# ---- one process a job


def test_a_second_block_is_refused_and_told_whose_the_job_is(job):
    with job.lock():
        with pytest.raises(SASANError, match=f"another process \\(process {os.getpid()}\\)") as caught, job.lock():
            pass
        assert str(job.stop_file) in caught.value.hint
        # The refused one has not broken the first one's lock.
        with pytest.raises(Locked), lock_file(job.lock_file):
            pass
    with job.lock():
        pass
    assert job.lock_file.read_text() == ""


def test_a_lock_is_freed_by_an_error(job):
    with pytest.raises(ZeroDivisionError), job.lock():
        1 / 0  # noqa: B018
    with job.lock():
        pass


def test_a_file_that_a_killed_process_left_is_in_nobodys_way(job):
    code = (
        "import os, sys; from pathlib import Path; from SASANLib.training.lock import lock_file\n"
        "with lock_file(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(job.lock_file)],
        env=os.environ | {"PYTHONPATH": str(LIBRARY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(SASANError, match=f"process {process.pid}"), job.lock():
            pass
        process.kill()
        process.wait()
    assert job.lock_file.read_text() == str(process.pid)  # stale
    with job.lock():
        assert job.lock_file.read_text() == str(os.getpid())
