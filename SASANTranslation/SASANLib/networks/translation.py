"""The four networks of a model: an attention module and a generator for each of its two domains."""

from typing import Literal, NamedTuple

from torch import Tensor, nn

from SASANLib.networks.attention import AttentionModule
from SASANLib.networks.config import NetworkConfig
from SASANLib.networks.generator import Generator

Domain = Literal["a", "b"]
OTHER: dict[Domain, Domain] = {"a": "b", "b": "a"}


class TranslationOutput(NamedTuple):
    """A batch of translated slices."""

    image: Tensor
    """(n, context_slices, h, w) in [−1, 1], in the other domain"""
    maps: Tensor
    """(n, maps, h, w), the attention maps of the input"""
    logits: Tensor
    """(n, classes, h, w), segmentation logits of the input"""


class TranslationNetworks(nn.Module):
    """Both directions of a model. `attention[d]` reads images of domain d; `generator[d]` produces them.

    G_Y(x) = 𝒮_Y(x, 𝒜_X(x)) of section 3.2 is `translate(x, source=X)`.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        self.attention = nn.ModuleDict({d: AttentionModule(config) for d in OTHER})
        self.generator = nn.ModuleDict({d: Generator(config) for d in OTHER})

    def translate(self, image: Tensor, source: Domain) -> TranslationOutput:
        """image (n, context_slices, h, w) in [−1, 1] of domain `source`; h and w multiples of 16, 32 at least."""
        maps, logits = self.attention[source](image)
        return TranslationOutput(self.generator[OTHER[source]](image, maps), maps, logits)
