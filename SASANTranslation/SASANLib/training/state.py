"""Everything of a run that changes from step to step, and how a step changes it."""

import torch
from torch import nn

from SASANLib.networks import TranslationNetworks
from SASANLib.training.config import OptimiserConfig, TrainingConfig
from SASANLib.training.objective import Discriminators
from SASANLib.training.running_mean import RunningMean


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
            self.mean = RunningMean(self.networks, config.optimiser.ema, config.optimiser.ema_warmup)
        if config.compile:
            compile_parts(self.networks)
        fused = config.fused_adam and has_fused_adam(device)
        self.optimisers = {
            "networks": _adam(self.networks, config.optimiser, fused),
            "discriminators": _adam(self.discriminators, config.optimiser, fused),
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
            optimiser.load_state_dict(_fused_as(optimiser, state["optimisers"][name]))
        torch.set_rng_state(state["random"].cpu())


def has_fused_adam(device: torch.device) -> bool:
    return device.type == "cuda"


def compile_parts(networks: TranslationNetworks) -> None:
    """Have each network that is called by itself compiled at its first call. Names and weights stay what they are.

    The discriminators are left out: they are small, and the many ways they are called in (real, fake, detached, with
    and without gradients of their own) would exceed the number of times that torch compiles the same code.
    """
    for part in (*networks.attention.values(), *networks.generator.values()):
        part.compile(dynamic=False)


def _adam(module: nn.Module, config: OptimiserConfig, fused: bool) -> torch.optim.Adam:
    return torch.optim.Adam(
        module.parameters(),
        config.learning_rate,
        betas=config.betas,
        weight_decay=config.weight_decay,
        fused=True if fused else None,  # False would be one parameter after the other, instead of torch's choice
    )


def _fused_as(optimiser: torch.optim.Optimizer, saved: dict) -> dict:
    """A saved optimiser's state, fused or not as is right here: it may come from a machine with another device."""
    own = optimiser.param_groups
    groups = [{**group, "fused": here["fused"]} for group, here in zip(saved["param_groups"], own, strict=True)]
    return {**saved, "param_groups": groups}
