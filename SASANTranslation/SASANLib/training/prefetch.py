"""Batches for a GPU that does not wait for them: read and pinned by a thread while earlier steps are computed."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import torch

from SASANLib.training.batch import Batch
from SASANLib.training.sampling import Batches, Drawn


class Prefetch:
    """`batches` on `device`, of which the next `ahead` are always under way. Reading is all that the thread does.

    On the CPU, where a thread would take from the step what it gives to the next, nothing is under way.
    """

    def __init__(self, batches: Batches, device: torch.device, ahead: int | None = None):
        self.batches, self.device = batches, device
        self.ahead = (2 if device.type == "cuda" else 0) if ahead is None else ahead
        self.pending: dict[int, Future[Drawn]] = {}
        self.thread = ThreadPoolExecutor(1, "sasan-prefetch") if self.ahead else None

    def at(self, step: int) -> Batch:
        """The batch of `step`, as `Batches.at` has it. Raises: what reading it raised."""
        if self.thread is None:
            return self.batches.at(step, self.device)
        wanted = range(step, step + 1 + self.ahead)
        self.pending = {n: self.pending.get(n) or self.thread.submit(self._drawn, n) for n in wanted}
        return self.batches.turned(self.pending.pop(step).result(), self.device)

    def close(self) -> None:
        """Let the thread end. What is under way is dropped, and `at` can be called no more."""
        if self.thread is not None:
            self.thread.shutdown(cancel_futures=True)

    def _drawn(self, step: int) -> Drawn:
        drawn = self.batches.drawn(step)
        return replace(drawn, slices=drawn.slices.pinned()) if self.device.type == "cuda" else drawn
