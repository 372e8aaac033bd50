"""Running the networks over slices, in batches that shrink, and move to the CPU, when memory runs out."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch

from SASANLib.devices import is_out_of_memory
from SASANLib.errors import OutOfMemory

# Larger batches fill a GPU; a CPU is no faster for them, and each 256² slice of a batch takes 140 MiB.
DEFAULT_BATCH = {"cuda": 16, "mps": 8, "cpu": 2}


class BatchOutput(NamedTuple):
    """What the networks said of slices start … stop − 1, as float32 arrays on the CPU."""

    start: int
    stop: int
    image: np.ndarray
    """(n, context, h, w) in [−1, 1]"""
    maps: np.ndarray
    """(n, maps, h, w)"""
    probabilities: np.ndarray
    """(n, classes, h, w), sum 1 over the classes"""


class BatchRunner:
    """One translation's way through the networks.

    networks: has `translate(image, source)` (TranslationNetworks), in eval mode; moved to `device` here.
    notice: told, in a sentence, of every retreat from memory: half the batch, then the CPU.
    """

    def __init__(
        self,
        networks,
        source: str,
        device: torch.device,
        batch_size: int | None,
        notice: Callable[[str], None],
    ) -> None:
        self.source = source
        self.batch_size = batch_size or DEFAULT_BATCH.get(device.type, 1)
        self._notice = notice
        self._networks = networks
        self.device = device
        self.seconds = 0.0
        """spent in the networks so far, failed attempts included"""
        self._placed = False

    def run(self, count: int, load: Callable[[int, int], np.ndarray]) -> Iterator[BatchOutput]:
        """Yield the output of every batch of `count` slices.

        load(start, stop): the input of slices start … stop − 1, (n, context, h, w).

        Raises:
            OutOfMemory: not even one slice fits into the memory of the CPU.
        """
        start = 0
        while start < count:
            stop = min(start + self.batch_size, count)
            try:
                output = self._forward(start, stop, load(start, stop))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                output = None
            # Outside the handler: while it runs, the exception's traceback keeps the failed batch in memory.
            if output is None:
                self._retreat()
                continue
            yield output
            start = stop

    @torch.inference_mode()
    def _forward(self, start: int, stop: int, batch: np.ndarray) -> BatchOutput:
        if not self._placed:
            self._networks.to(device=self.device, memory_format=torch.channels_last)
            self._placed = True
        began = time.perf_counter()
        try:
            images = torch.from_numpy(np.ascontiguousarray(batch, np.float32)).to(self.device)
            output = self._networks.translate(images.contiguous(memory_format=torch.channels_last), self.source)
            probabilities = output.logits.float().softmax(dim=1)
            # The way to the CPU waits for a GPU, so the clock sees all of its work.
            arrays = [t.float().cpu().numpy() for t in (output.image, output.maps, probabilities)]
        finally:
            self.seconds += time.perf_counter() - began
        return BatchOutput(start, stop, *arrays)

    def _retreat(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        if self.batch_size > 1:
            self.batch_size //= 2
            self._notice(f"The memory of {self.device} ran out: continuing with batches of {self.batch_size} slices.")
        elif self.device.type != "cpu":
            self._notice(f"The memory of {self.device} ran out even for one slice: continuing on the CPU.")
            self.device, self._placed = torch.device("cpu"), False
        else:
            raise OutOfMemory(
                "There is not enough memory to translate even one slice.",
                "Close other programs or use a machine with more memory.",
            )
