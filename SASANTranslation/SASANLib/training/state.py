"""Everything of a run that changes from step to step, and how a step changes it."""

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from SASANLib.networks import TranslationNetworks
from SASANLib.training.config import OptimiserConfig, TrainingConfig
from SASANLib.training.objective import Discriminators


def learning_rate_factor(step: int, steps_per_epoch: int, config: OptimiserConfig) -> float:
    """1 for the constant epochs, then linearly to 0 (section 4.2)."""
    constant = config.constant_epochs * steps_per_epoch
    decay = max(1.0, config.decay_epochs * steps_per_epoch)
    return min(1.0, max(0.0, 1 - (step - constant) / decay))


class TrainingState:
    """Networks, their running mean, discriminators, both optimisers and the number of steps done."""

    def __init__(self, config: TrainingConfig, device: torch.device):
        self.step = 0
        self.seconds = 0.0
        # Initial weights come from the job's seed whatever the process did before, and leave it undisturbed.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.networks = TranslationNetworks(config.network)
            self.discriminators = Discriminators(
                config.discriminator, config.network.context_slices, config.network.classes
            )
        for module in (self.networks, self.discriminators):
            module.to(device, memory_format=torch.channels_last)
        self.mean = None
        if config.optimiser.ema:
            self.mean = AveragedModel(
                self.networks, multi_avg_fn=get_ema_multi_avg_fn(config.optimiser.ema), use_buffers=True
            )
        self.optimisers = {
            "networks": _adam(self.networks, config.optimiser),
            "discriminators": _adam(self.discriminators, config.optimiser),
        }

    @property
    def exported(self) -> TranslationNetworks:
        """The networks that validation judges and a bundle gets: the running mean where there is one."""
        return self.networks if self.mean is None else self.mean.module

    def set_learning_rate(self, rate: float) -> None:
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = rate

    def state_dict(self) -> dict:
        """What a checkpoint holds. Batches are drawn from seed and step alone, so the sampler has no state."""
        return {
            "step": self.step,
            "seconds": self.seconds,
            "networks": self.networks.state_dict(),
            "mean": None if self.mean is None else self.mean.state_dict(),
            "discriminators": self.discriminators.state_dict(),
            "optimisers": {name: o.state_dict() for name, o in self.optimisers.items()},
            "random": torch.get_rng_state(),
        }

    def load_state_dict(self, state: dict) -> None:
        """Take over a state, on whatever device it is. Raises: as torch does, when it is of another configuration."""
        self.step, self.seconds = state["step"], state["seconds"]
        self.networks.load_state_dict(state["networks"])
        if self.mean is not None:
            self.mean.load_state_dict(state["mean"])
        self.discriminators.load_state_dict(state["discriminators"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        torch.set_rng_state(state["random"].cpu())


def _adam(module: nn.Module, config: OptimiserConfig) -> torch.optim.Adam:
    return torch.optim.Adam(
        module.parameters(), config.learning_rate, betas=config.betas, weight_decay=config.weight_decay
    )
