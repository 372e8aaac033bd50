"""What a child process runs that is to be killed: a tiny job, trained as `sasan train` does."""

import os
from pathlib import Path

import torch
from nursery import die
from tiny_networks import tiny_networks

from SASANLib import files
from SASANLib.training.engine import Engine, Hook
from SASANLib.training.hooks import Checkpoints, Log, StopFile
from SASANLib.training.job import Job


class StopAt(Hook):
    def __init__(self, step: int | None):
        self.step = step

    def after_step(self, engine, terms):
        if engine.state.step == self.step:
            engine.stop_requested = True


def train(folder: str, stop_at: int | None = None, fatal: tuple[str, int] | None = None) -> None:
    """Go on with the job in `folder` to step `stop_at`; `fatal` names where the process kills itself, and when."""
    if fatal:
        DEATHS[fatal[0]](fatal[1])
    job = Job(Path(folder))
    with tiny_networks(), job.lock():
        Engine(job, torch.device("cpu"), [Checkpoints(), StopFile(), StopAt(stop_at), Log(every=1)]).run()


def _half_a_checkpoint(at: int) -> None:
    save = torch.save

    def half(state, path):
        save(state, path)
        if state["step"] == at:
            os.truncate(path, os.path.getsize(path) // 2)
            die()

    torch.save = half


def _before_its_name(at: int) -> None:
    flush, count = files._flush_to_disk, [0]

    def flushed(path):
        flush(path)
        count[0] += 1
        if count[0] == at:
            die()

    files._flush_to_disk = flushed


def _half_a_line(at: int) -> None:
    log = Job.log

    def half(self, event, **values):
        if values["step"] == at:
            with open(self.events_file, "ab") as file:
                file.write(b'{"time": 17, "eve')
            die()
        return log(self, event, **values)

    Job.log = half


DEATHS = {
    "half a checkpoint": _half_a_checkpoint,
    "a checkpoint without its name": _before_its_name,
    "half a line": _half_a_line,
}
