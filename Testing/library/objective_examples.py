"""Small networks and batches for tests of the objective."""

from types import SimpleNamespace

import torch

from SASANLib.networks import NetworkConfig, TranslationNetworks
from SASANLib.training.batch import AIR, IGNORED, PAIRED, Batch
from SASANLib.training.config import DiscriminatorConfig, ObjectiveConfig
from SASANLib.training.objective import Discriminators, Objective

NETWORK = NetworkConfig(context_slices=1, maps=3, classes=3, embedding=4)
SIZE = 32


def build(discriminator: DiscriminatorConfig | None = None):
    """(networks, discriminators), the same at every call."""
    torch.manual_seed(0)
    networks = TranslationNetworks(NETWORK)
    return networks, Discriminators(discriminator or DiscriminatorConfig(width=4), 1, NETWORK.classes)


def batch_of(labelled: str = "", region=None, n: int = 1) -> Batch:
    """Random slices; `labelled` names the domains with labels: "", "a", "b" or "ab"."""
    random = torch.Generator().manual_seed(1)
    images = {d: torch.rand(n, 1, SIZE, SIZE, generator=random) * 2 - 1 for d in "ab"}
    labels = {d: torch.randint(0, 3, (n, SIZE, SIZE), generator=random) for d in "ab"}
    return Batch(images, {d: labels[d] for d in labelled}, region)


def region_of_stripes(n: int = 1) -> torch.Tensor:
    """Ignored above, paired in the middle, air below."""
    region = torch.full((n, 1, SIZE, SIZE), PAIRED, dtype=torch.uint8)
    region[:, :, :10], region[:, :, 24:] = IGNORED, AIR
    return region


class Case:
    """Networks, a batch and what they made of it, to be judged by differently configured objectives."""

    def __init__(self, batch: Batch, discriminator: DiscriminatorConfig | None = None):
        self.networks, self.discriminators = build(discriminator)
        self.batch = batch
        with torch.no_grad():
            self.made = Objective(ObjectiveConfig()).translate(self.networks, batch)

    def terms(self, batch: Batch | None = None, made=None, **settings) -> dict[str, float]:
        """Every term of both sides at these settings."""
        objective, batch, made = Objective(ObjectiveConfig(**settings)), batch or self.batch, made or self.made
        with torch.no_grad():
            networks = objective.generator_terms(self.networks, self.discriminators, batch, made)
            judges = objective.discriminator_terms(self.discriminators, batch, made)
        assert not networks.keys() & judges.keys()
        found = {**networks, **judges}
        assert all(t.shape == () and t.dtype == torch.float32 and t.isfinite() for t in found.values())
        return {name: term.item() for name, term in found.items()}


def count_forwards(networks: TranslationNetworks) -> SimpleNamespace:
    """Counts, from now on, of generator and attention forwards."""
    counts = SimpleNamespace(generator=0, attention=0)

    def count(kind):
        def hook(*_):
            setattr(counts, kind, getattr(counts, kind) + 1)

        return hook

    for kind in ("generator", "attention"):
        for network in getattr(networks, kind).values():
            network.register_forward_hook(count(kind))
    return counts
