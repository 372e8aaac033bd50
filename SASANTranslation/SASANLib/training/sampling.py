"""Which slices a training step sees, and how they are turned, cropped and stacked.

Everything random here is a function of the seed and the step, so that a run resumed at a step is the run that was
never stopped, with no state to save.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from SASANLib.errors import SASANError
from SASANLib.networks.translation import OTHER, Domain
from SASANLib.training import augmentation
from SASANLib.training.batch import BACKGROUND, IGNORED, Batch
from SASANLib.training.config import TrainingConfig
from SASANLib.training.dataset import PreparedDataset

CPU = torch.device("cpu")
_MARGIN = 8  # pixels of air that a crop keeps around the body


def generator_at(seed: int, step: int) -> torch.Generator:
    """The random numbers of one step."""
    return torch.Generator().manual_seed((seed << 32) + step)


@dataclass(frozen=True)
class Sampler:
    """Rows of a pool of `count` slices for each step: one shuffled pass after another."""

    count: int
    batch_size: int
    seed: int

    def rows(self, step: int) -> np.ndarray:
        """(batch_size,) indices into the pool for step 0, 1, 2, …"""
        positions = np.arange(step * self.batch_size, (step + 1) * self.batch_size)
        return np.array([self._order(p // self.count)[p % self.count] for p in positions])

    def _order(self, epoch: int) -> np.ndarray:
        return np.random.default_rng([self.seed, epoch]).permutation(self.count)


@dataclass(frozen=True)
class Geometry:
    """How the slices of a batch are turned and cropped: see `augmentation.apply`."""

    matrix: Tensor
    centre: Tensor
    size: tuple[int, int]

    def part(self, which: slice) -> "Geometry":
        return Geometry(self.matrix[which], self.centre[which], self.size)

    def applied(self, image: Tensor, mode: str, fill: float) -> Tensor:
        return augmentation.apply(image, self.matrix, self.centre, self.size, mode, fill)


@dataclass(frozen=True)
class Drawn:
    """Whole slices as they are stored (float16 and uint8, at most half of what they become), and how to turn them."""

    slices: Batch
    geometry: dict[Domain, Geometry]


class Batches:
    """The training batches of a job, by step: of each the part that the process `rank` of `ranks` trains on.

    All processes draw for the whole batch and take their part then, so that their number changes nothing.
    """

    def __init__(self, dataset: PreparedDataset, config: TrainingConfig, rank: int = 0, ranks: int = 1):
        """Raises: SASANError when there are no slices to train on, or a batch cannot be shared out evenly."""
        self.dataset, self.config = dataset, config
        context, size = config.network.context_slices, config.optimiser.batch_size
        if size % ranks:
            raise SASANError(
                f"A batch of {size} cannot be shared out evenly among {ranks} processes.",
                "Start as many processes as divide optimiser.batch_size.",
            )
        self.part = slice(rank * size // ranks, (rank + 1) * size // ranks)
        self.pools = {d: self._pool(d, context) for d in OTHER}
        if empty := [d for d, pool in self.pools.items() if not len(pool)]:
            raise SASANError(
                f"{dataset.folder} holds no training slices of {dataset.card.domains[empty[0]].name} with labels.",
                "Check its labels, and prepare it again.",
            )
        self.samplers = {
            # Paired domains share a seed and so an order; unpaired ones must not march in step.
            d: Sampler(len(pool), size, config.seed + (0 if dataset.card.paired else index))
            for index, (d, pool) in enumerate(self.pools.items())
        }
        self.steps_per_epoch = max(1, max(len(pool) for pool in self.pools.values()) // size)

    def _pool(self, domain: Domain, context: int) -> np.ndarray:
        rows = self.dataset.neighbours(domain, "train", context)
        unpaired = not self.dataset.card.paired
        if unpaired and domain in self.dataset.labels:
            # Of the labelled domain only: choosing slices of the other by label would leak its labels.
            centre = self.dataset.labels[domain][rows[:, context // 2]]
            rows = rows[centre.any(axis=(1, 2))]
        return rows

    def at(self, step: int, device: torch.device = CPU) -> Batch:
        """The batch of `step`, on `device`."""
        return self.turned(self.drawn(step), device)

    def drawn(self, step: int) -> Drawn:
        """What is read from the disk for `step`, in memory and on the CPU."""
        random = generator_at(self.config.seed, step)
        images, labels, region, geometry = {}, {}, None, {}
        for d in OTHER:
            rows = self.pools[d][self.samplers[d].rows(step)]
            shared = geometry and self.dataset.card.paired
            geometry[d] = geometry["a"] if shared else self._geometry(d, rows[:, rows.shape[1] // 2], random)
            rows = rows[self.part]
            centre_rows = rows[:, rows.shape[1] // 2]
            images[d] = _read(self.dataset.images[d], rows)
            if d in self.dataset.labels:
                labels[d] = _read(self.dataset.labels[d], centre_rows[:, None])
            if self.dataset.region is not None and region is None:
                region = _read(self.dataset.region, centre_rows[:, None])
        return Drawn(Batch(images, labels, region), {d: g.part(self.part) for d, g in geometry.items()})

    def turned(self, drawn: Drawn, device: torch.device) -> Batch:
        """The batch that is made of what was drawn, augmented on `device`; slices go there as they are stored."""
        stored = drawn.slices.to(device)
        images = {d: drawn.geometry[d].applied(image, "bilinear", BACKGROUND) for d, image in stored.images.items()}
        labels = {d: drawn.geometry[d].applied(values, "nearest", 0) for d, values in stored.labels.items()}
        region = None
        if stored.region is not None:
            region = drawn.geometry["a"].applied(stored.region, "nearest", IGNORED).round().to(torch.uint8)
        return Batch(images, {d: values[:, 0].long() for d, values in labels.items()}, region)

    def _geometry(self, domain: Domain, rows: np.ndarray, random: torch.Generator) -> Geometry:
        """A random turn, and a crop whose place varies only as far as the body allows."""
        settings = self.config.augmentation
        size = self.dataset.card.grid.size
        matrix = augmentation.draw(settings, len(rows), random)
        patch = settings.patch or size
        if patch == size:
            return Geometry(matrix, torch.full((len(rows), 2), (size - 1) / 2), (size, size))
        top, bottom, left, right = torch.as_tensor(np.asarray(self.dataset.boxes[domain][rows])).float().T
        centre = torch.stack([left + right, top + bottom], 1) / 2
        extent = torch.stack([right - left, bottom - top], 1) + 2 * _MARGIN
        centre = centre + augmentation.draw_offsets((extent - patch).abs() / 2, random)
        return Geometry(matrix, centre, (patch, patch))


def _read(array: np.ndarray, rows: np.ndarray) -> Tensor:
    return torch.from_numpy(np.asarray(array[rows]))
