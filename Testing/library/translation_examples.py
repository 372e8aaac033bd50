"""Networks whose answer is known, volumes to put through them, and a card that both fit, for tests of inference."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from bundle_examples import make_card, make_statistics

from SASANLib.card import (
    BodyExtent,
    DomainCard,
    Domains,
    GridCard,
    Interval,
    LabelCard,
    ModelCard,
    WeightsCard,
)
from SASANLib.intensity import WindowMapping
from SASANLib.networks import NetworkConfig, TranslationOutput
from SASANLib.volumes import Volume

AIR, SPACING = -1000.0, 4.0
LOW, HIGH = -1000.0, 1000.0


def small_card(context: int = 1, maps: int = 2, classes: int = 3, **changes) -> ModelCard:
    """CT to "CT2", both in the window −1000 … 1000 HU, so that a network that does nothing changes nothing."""
    statistics = make_statistics().model_copy(
        update={
            "body_extent_mm": BodyExtent(
                right_left=Interval(low=60, high=160),
                anterior_posterior=Interval(low=60, high=160),
                inferior_superior=Interval(low=60, high=160),
            ),
            "in_plane_spacing_mm": Interval(low=3, high=4),
            "through_plane_spacing_mm": Interval(low=4, high=5),
            "body_mean": Interval(low=-0.4, high=0.4),
            "body_sd": Interval(low=0.0, high=0.5),
            "histogram_distance": 0.6,
        }
    )
    domains = [
        DomainCard(
            name=name, modality="CT", units="HU", mapping=WindowMapping(low=LOW, high=HIGH), statistics=statistics
        )
        for name in ("CT", "CT2")
    ]
    fields = {
        "domains": Domains(a=domains[0], b=domains[1]),
        "grid": GridCard(planes=["axial", "coronal", "sagittal"], spacing_mm=SPACING, size=128),
        "labels": [LabelCard(value=n, name=f"label {n}", color=(n * 40, 0, 0)) for n in range(1, classes)],
        "network": NetworkConfig(context_slices=context, maps=maps, classes=classes, embedding=4),
        "weights": WeightsCard(sha256="0" * 64, dtype="float32"),
    }
    return make_card(**(fields | changes))


class StubNetworks(torch.nn.Module):
    """`image(x)`, `maps(x)` and `logits(x)` are functions of the input batch; the inputs are kept in `seen`."""

    def __init__(
        self,
        image: Callable = lambda x: x,
        maps: Callable = lambda x: torch.cat([x[:, :1], -x[:, :1]], dim=1),
        logits: Callable = lambda x: torch.cat([-x[:, :1], x[:, :1], torch.full_like(x[:, :1], -9)], dim=1),
    ) -> None:
        super().__init__()
        self._functions = image, maps, logits
        self.seen: list[torch.Tensor] = []

    def translate(self, image: torch.Tensor, source: str) -> TranslationOutput:
        self.seen.append(image.detach().clone())
        return TranslationOutput(*(function(image) for function in self._functions))


@dataclass
class StubBundle:
    """What a Translator needs of a bundle."""

    card: ModelCard
    stub: torch.nn.Module

    def networks(self) -> torch.nn.Module:
        return self.stub


def rotation(*degrees: float) -> np.ndarray:
    """About x, then y, then z."""
    total = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        turn = np.eye(3)
        a, b = (n for n in range(3) if n != axis)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        total = turn @ total
    return total


def affine(directions: np.ndarray, spacing, shape: tuple[int, int, int]) -> np.ndarray:
    """Centred on (10, −20, 30) mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = directions * spacing
    centre = (np.array(shape[::-1]) - 1) / 2
    matrix[:3, 3] = np.array([10.0, -20.0, 30.0]) - matrix[:3, :3] @ centre
    return matrix


def smooth_head(directions=None, spacing=(4.0, 4.0, 4.0), shape=(36, 34, 32)) -> Volume:
    """An ellipsoid (axes 44, 52, 48 mm) of slowly varying values around 0 HU with soft edges, in air."""
    matrix = affine(np.eye(3) if directions is None else directions, spacing, shape)
    k, j, i = np.indices(shape)
    x, y, z = np.einsum("ab,bkji->akji", matrix[:3, :3], np.stack([i, j, k])) + (
        matrix[:3, 3] - [10.0, -20.0, 30.0]
    ).reshape(3, 1, 1, 1)
    radius = np.sqrt((x / 44) ** 2 + (y / 52) ** 2 + (z / 48) ** 2)
    inside = 150 * np.sin(x / 25) + 120 * np.cos(y / 22) + 100 * np.sin(z / 28)
    weight = 1 / (1 + np.exp((radius - 1) * 12))
    return Volume((AIR + weight * (inside - AIR)).astype(np.float32), matrix)


def coarse_torso() -> Volume:
    """A cylinder of 3 mm voxels and 6 mm slices, 380 × 260 × 240 mm with lungs, far larger than any head."""
    k, j, i = np.indices((40, 100, 140))
    x, y, z = (i - 70) * 3.0, (j - 50) * 3.0, (k - 20) * 6.0
    inside = (x / 190) ** 2 + (y / 130) ** 2 < 1
    array = np.where(inside, 40 + 20 * np.sin(x / 9) * np.cos(z / 11), -1000.0)
    for side in (-90, 90):
        array[((x - side) / 60) ** 2 + (y / 80) ** 2 + (z / 90) ** 2 < 1] = -850
    return Volume(array.astype(np.float32), np.diag([3.0, 3.0, 6.0, 1.0]))
