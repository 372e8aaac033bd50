"""One or several processes that train one model together: who is who, what they agree on, and how they add up.

Each of them sees its part of every batch. Losses that are means over images are averaged over the processes; those
that are ratios of sums over the whole batch (eq. 5 and 6) add up their sums with `Ranks.summed` first. Either way the
mean of the processes' gradients is the gradient of one process that sees the whole batch.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed

from SASANLib.devices import resolve_device
from SASANLib.errors import SASANError

# The others wait in a collective call while the first validates and draws pictures.
_PATIENCE = timedelta(hours=1)


@dataclass(frozen=True)
class Ranks:
    """This process among the `count` that train together. The first, number 0, is the one that writes files."""

    device: torch.device
    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        return self.rank == 0

    def summed(self, x: Tensor) -> Tensor:
        """The sum of all processes' `x`, the same everywhere and differentiable."""
        return x if self.count == 1 else _Summed.apply(x)

    @torch.no_grad()
    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replace each tensor by its mean over the processes: one message for all of them, which share a type."""
        tensors = list(tensors)
        if self.count == 1 or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        distributed.all_reduce(flat)
        flat /= self.count
        for tensor, mean in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(mean.view(tensor.shape))

    def any(self, *flags: bool) -> list[bool]:
        """For each flag whether it is up in any of the processes."""
        if self.count == 1:
            return list(flags)
        raised = torch.tensor(flags, dtype=torch.uint8, device=self.device)
        distributed.all_reduce(raised, distributed.ReduceOp.MAX)
        return [bool(flag) for flag in raised.tolist()]

    def wait(self) -> None:
        """Until all are here."""
        self.any(False)


class _Summed(torch.autograd.Function):
    @staticmethod
    def forward(_context, x: Tensor) -> Tensor:
        total = x.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_context, gradient: Tensor) -> Tensor:
        # Each process has a loss of its own that depends on the sum, and the gradient is that of all of them.
        total = gradient.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total


def is_first() -> bool:
    """Whether this process is the one that writes, before it has met the others."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def joined(device: str) -> Iterator[Ranks]:
    """This process and its device, together with the others where `torchrun` started several.

    `device` is as `--device` takes it; of GPUs each process takes the one of its own number on its machine.

    Raises:
        SASANError: there is no such device, or the processes cannot have one each.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks(resolve_device(device))
        return
    own = _own_device(device)
    if own.type == "cuda":
        torch.cuda.set_device(own)
    distributed.init_process_group("nccl" if own.type == "cuda" else "gloo", timeout=_PATIENCE)
    yield Ranks(own, distributed.get_rank(), count)
    # Not after an error: the others may be waiting for this process, which must end rather than wait for them.
    distributed.destroy_process_group()


def _own_device(name: str) -> torch.device:
    device = resolve_device(name)
    if device.type == "cuda":
        if name not in ("auto", "cuda"):
            raise SASANError(
                f"Several processes cannot share {name}.", "Give --device cuda: each takes a GPU of its own."
            )
        return resolve_device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}")
    if device.type != "cpu" and name != "auto":
        raise SASANError(f"Several processes cannot train on {name}.", "Start one, or give --device cpu.")
    return torch.device("cpu")
