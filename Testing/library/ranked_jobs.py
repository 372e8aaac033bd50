"""What each of several child processes runs that train a tiny job together."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import torch
from killed_jobs import StopAt
from tiny_networks import tiny_networks

from SASANLib.training.engine import Engine, Hook
from SASANLib.training.hooks import Checkpoints, Log, heed_signals
from SASANLib.training.job import Job
from SASANLib.training.ranks import joined
from SASANLib.training.sampling import Batches

_SINGLE = torch.Tensor.float


def in_double(at):
    """`Batches.at` in float64. Slices and their geometry are made as ever, and only then converted."""

    def converted(self, *step_and_device):
        with patch.object(torch.Tensor, "float", _SINGLE):
            torch.set_default_dtype(torch.float32)
            batch = at(self, *step_and_device)
            torch.set_default_dtype(torch.float64)
        return replace(batch, images={d: image.double() for d, image in batch.images.items()})

    return converted


class SendsASignal(Hook):
    def __init__(self, number: int, step: int):
        self.number, self.step = number, step

    def after_step(self, engine, terms):
        if engine.state.step == self.step:
            os.kill(os.getpid(), self.number)


def train(folder: str, stop_at: int | None = None, double: bool = False, poison: int | None = None, signals=None):
    """Go on with a job to step `stop_at`.

    With `double` all is computed in float64: what is left between one process and several is then what is wrong.
    `poison` is a process whose batches are not numbers; `signals` maps processes to [signal, step].
    """
    if double:  # also what the code under test computes in float32 on purpose
        torch.set_default_dtype(torch.float64)
        torch.Tensor.float = torch.Tensor.double
        Batches.at = in_double(Batches.at)
    with tiny_networks(), joined("cpu") as ranks:
        engine = Engine(Job(Path(folder)), ranks.device, [Checkpoints(), StopAt(stop_at), Log(every=1)], ranks=ranks)
        if ranks.rank == poison:
            for images in engine.dataset.images:
                engine.dataset.images[images] = engine.dataset.images[images] * float("nan")
        if str(ranks.rank) in (signals or {}):
            name, step = signals[str(ranks.rank)]
            engine.hooks = [SendsASignal(getattr(signal, name), step), *engine.hooks]
        with heed_signals(engine):
            engine.run()


def add_up(folder: str):
    """Save what `Ranks` makes of numbers that the processes' own numbers tell apart."""
    with joined("cpu") as ranks:
        x = torch.tensor([1.0, 10.0], requires_grad=True)
        weight = 2.0 + ranks.rank
        total = ranks.summed(x * weight)
        (total**2).sum().backward()
        image = torch.full((1, 2, 3, 3), 1.0 + ranks.rank).to(memory_format=torch.channels_last)
        averaged = [torch.tensor(4.0 * ranks.rank), image]
        ranks.average(averaged)
        torch.save(
            {
                "total": total.detach(),
                "gradient": x.grad,
                "averaged": averaged,
                "any": ranks.any(ranks.rank == 1, False),
                "first": ranks.first,
            },
            Path(folder) / f"{ranks.rank}.pt",
        )
