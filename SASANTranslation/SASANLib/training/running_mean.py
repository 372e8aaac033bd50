"""The running mean of the networks: what is validated and exported. A single step's weights are noisier than it."""

from copy import deepcopy

import torch
from torch import Tensor, nn


def decay_at(updates: int, decay: float, warmup: int) -> float:
    """How much of the mean the next update keeps, after n = `updates` of them: min(decay, (1 + n) / (warmup + n)).

    The first update takes the weights over as they are. With a `warmup` of 1 the decay is constant from then on;
    with more it rises, lest the mean of a young run be mostly the weights that it began with.
    """
    return min(decay, (1 + updates) / (warmup + updates)) if updates else 0.0


class RunningMean:
    """An exponential mean of `networks`, on their device. `module` is the mean: never trained, always usable."""

    def __init__(self, networks: nn.Module, decay: float, warmup: int):
        self.module = deepcopy(networks).requires_grad_(False)
        self.decay, self.warmup, self.updates = decay, warmup, 0

    @torch.no_grad()
    def update(self, networks: nn.Module) -> None:
        weight = 1 - decay_at(self.updates, self.decay, self.warmup)
        mean, latest = (list(module.state_dict().values()) for module in (self.module, networks))
        torch._foreach_lerp_(mean, latest, weight)
        self.updates += 1

    def state_dict(self) -> dict[str, Tensor]:
        # The names are those of `torch.optim.swa_utils.AveragedModel`, with which the first jobs were saved.
        state = {f"module.{name}": tensor for name, tensor in self.module.state_dict().items()}
        return {"n_averaged": torch.tensor(self.updates), **state}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Raises: as torch does, when it is of other networks."""
        self.updates = int(state["n_averaged"])
        self.module.load_state_dict(
            {name.removeprefix("module."): tensor for name, tensor in state.items() if name != "n_averaged"}
        )
