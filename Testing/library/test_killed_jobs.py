"""`kill -9` and a full disk: a job is readable whatever happens, and loses no more than one checkpoint interval."""

import os
import random
import signal
import sys
import time

import pytest
import torch
from killed_jobs import DEATHS
from test_engine import VOXEL_ONLY, differences
from tiny_networks import tiny_networks
from training_examples import prepared, training

from SASANLib.errors import SASANError
from SASANLib.training.engine import Engine
from SASANLib.training.hooks import Checkpoints, Log
from SASANLib.training.job import Job, standing

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither SIGKILL nor file size limits")
INTERVAL = 3
KILLS = 20
TRAIN = "killed_jobs:train"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("data"))


def configured(data, **changes):
    changes = {"max_steps": 100_000, "checkpoint_every": INTERVAL, "objective": VOXEL_ONLY} | changes
    return training(data, discriminator={"width": 4, "depth": 2}, **changes)


def last_step(job: Job) -> int:
    return max(event["step"] for event in standing(job.events()))


def straight(children, data, folder, steps: int) -> dict:
    """The checkpoint of a job that was never killed."""
    job = Job.create(folder, configured(data))
    assert children.run(TRAIN, folder=job.folder, stop_at=steps) == [0]
    return job.load_checkpoint()


def same(first: dict, second: dict) -> bool:
    left, right = (
        {name: value for name, value in state.items() if name not in ("seconds", "random")} for state in (first, second)
    )
    return differences(left, right) == []


def test_killed_at_random_moments(children, data, jobs):
    """20 times. What is left can be read, was not gone back on, and ends in what a run never killed has."""
    job, chance = Job.create(jobs / "job", configured(data)), random.Random(20)
    saved = [0]
    for _ in range(KILLS):
        (child,) = children.start(TRAIN, folder=job.folder)
        begun, events = time.monotonic(), len(list(job.events()))
        if chance.random() < 0.8:  # most of them while they train, some while they start
            events += chance.randint(1, 3 * INTERVAL)
            while len(list(job.events())) < events and time.monotonic() - begun < 30:
                time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.05))
        os.kill(child, signal.SIGKILL)
        assert children.exit_codes() == [-signal.SIGKILL]
        assert job.config().checkpoint_every == INTERVAL
        checkpoint = job.load_checkpoint()
        step = checkpoint["step"] if checkpoint else 0
        assert step >= saved[-1] and step % INTERVAL == 0
        if list(job.events()):
            assert last_step(job) - INTERVAL < step
        saved.append(step)
    assert len(set(saved)) > KILLS / 3, "hardly any process came as far as a checkpoint"
    assert same(job.load_checkpoint(), straight(children, data, jobs / "straight", saved[-1]))
    with job.lock():
        left = {path.name for path in job.folder.iterdir()}
    assert left == {"job.json", "events.jsonl", "checkpoint.pt", "previews", "lock"}


@pytest.mark.parametrize("death", DEATHS)
def test_killed_at_the_worst_moments(children, data, jobs, death):
    job = Job.create(jobs / "job", configured(data))
    at = 2 if death == "a checkpoint without its name" else 2 * INTERVAL
    assert children.run(TRAIN, folder=job.folder, fatal=(death, at)) == [-signal.SIGKILL]
    # Half a line is written after the checkpoint of that step, the other deaths are before it has its name.
    survived = 2 if death == "half a line" else 1
    assert job.load_checkpoint()["step"] == survived * INTERVAL
    hidden = [path.name for path in job.folder.iterdir() if path.name.startswith(".")]
    assert len(hidden) == (death != "half a line")
    assert children.run(TRAIN, folder=job.folder, stop_at=3 * INTERVAL) == [0]
    assert same(job.load_checkpoint(), straight(children, data, jobs / "straight", 3 * INTERVAL))
    assert not [path.name for path in job.folder.iterdir() if path.name.startswith(".")]
    assert standing(job.events())[-1]["event"] == "stopped"


def test_a_disk_that_fills_while_a_checkpoint_is_written(data, jobs):
    """A limit on the size of files is a full disk that needs no disk: the write breaks off in the middle."""
    import resource

    job = Job.create(jobs / "job", configured(data, max_steps=3 * INTERVAL))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    class FillsTheDisk(Checkpoints):
        def _save(self, engine):
            if engine.state.step == 2 * INTERVAL:
                resource.setrlimit(resource.RLIMIT_FSIZE, (job.checkpoint_file.stat().st_size // 2, limits[1]))
            super()._save(engine)

    with tiny_networks():
        try:
            with pytest.raises(SASANError, match=r"Cannot write .*checkpoint\.pt"):
                Engine(job, torch.device("cpu"), [FillsTheDisk(), Log(1)]).run()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert job.load_checkpoint()["step"] == INTERVAL
        assert {path.name for path in job.folder.iterdir()} == {"job.json", "events.jsonl", "checkpoint.pt", "previews"}
        *_, last = job.events()
        assert last["event"] == "failed" and "checkpoint.pt" in last["message"]
        Engine(job, torch.device("cpu"), [Checkpoints()]).run()  # there is space again
    assert job.load_checkpoint()["step"] == 3 * INTERVAL
