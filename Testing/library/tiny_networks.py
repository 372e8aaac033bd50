"""Networks of a few hundred weights in the place of a job's, for tests that train in processes of their own."""

from unittest.mock import patch

import torch
from torch import Tensor, nn

from SASANLib.networks import OTHER, NetworkConfig, TranslationOutput
from SASANLib.training import state


class Attention(nn.Module):
    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.maps = nn.Conv2d(config.context_slices, config.maps, 3, padding=1)
        self.classifier = nn.Conv2d(config.maps, config.classes, 3, padding=1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.maps(image)
        return maps, self.classifier(maps)


class Generator(nn.Module):
    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.first = nn.Conv2d(config.context_slices + config.maps, 4, 3, padding=1)
        self.last = nn.Conv2d(4, config.context_slices, 3, padding=1)

    def forward(self, image: Tensor, maps: Tensor) -> Tensor:
        return self.last(self.first(torch.cat([image, maps], 1)).relu()).tanh()


class TinyNetworks(nn.Module):
    """What the engine sees of `TranslationNetworks`, without its size."""

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        self.attention = nn.ModuleDict({d: Attention(config) for d in OTHER})
        self.generator = nn.ModuleDict({d: Generator(config) for d in OTHER})

    def translate(self, image: Tensor, source) -> TranslationOutput:
        maps, logits = self.attention[source](image)
        return TranslationOutput(self.generator[OTHER[source]](image, maps), maps, logits)


def tiny_networks():
    """A context in which jobs have them."""
    return patch.object(state, "TranslationNetworks", TinyNetworks)
