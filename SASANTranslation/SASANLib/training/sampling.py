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


class Batches:
    """The training batches of a job, by step."""

    def __init__(self, dataset: PreparedDataset, config: TrainingConfig):
        self.dataset, self.config = dataset, config
        context, size = config.network.context_slices, config.optimiser.batch_size
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

    def at(self, step: int) -> Batch:
        """The batch of `step`, on the CPU."""
        random = generator_at(self.config.seed, step)
        images, labels, region = {}, {}, None
        shared = None
        for d in OTHER:
            rows = self.pools[d][self.samplers[d].rows(step)]
            centre_rows = rows[:, rows.shape[1] // 2]
            if shared is None or not self.dataset.card.paired:
                shared = self._geometry(d, centre_rows, random)
            images[d] = _sample(self.dataset.images[d][rows], shared, "bilinear", BACKGROUND)
            if d in self.dataset.labels:
                values = _sample(self.dataset.labels[d][centre_rows][:, None], shared, "nearest", 0)
                labels[d] = values[:, 0].long()
            if self.dataset.region is not None and region is None:
                values = _sample(self.dataset.region[centre_rows][:, None], shared, "nearest", IGNORED)
                region = values.round().to(torch.uint8)
        return Batch(images, labels, region)

    def _geometry(self, domain: Domain, rows: np.ndarray, random: torch.Generator):
        """(matrix, centre, size): a random turn, and a crop whose place varies only as far as the body allows."""
        settings = self.config.augmentation
        size = self.dataset.card.grid.size
        matrix = augmentation.draw(settings, len(rows), random)
        patch = settings.patch or size
        if patch == size:
            return matrix, torch.full((len(rows), 2), (size - 1) / 2), (size, size)
        top, bottom, left, right = torch.as_tensor(np.asarray(self.dataset.boxes[domain][rows])).float().T
        centre = torch.stack([left + right, top + bottom], 1) / 2
        extent = torch.stack([right - left, bottom - top], 1) + 2 * _MARGIN
        return matrix, centre + augmentation.draw_offsets((extent - patch).abs() / 2, random), (patch, patch)


def _sample(array: np.ndarray, geometry, mode: str, fill: float) -> Tensor:
    matrix, centre, size = geometry
    return augmentation.apply(torch.from_numpy(array.astype(np.float32)), matrix, centre, size, mode, fill)
