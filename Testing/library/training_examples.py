"""Tiny heads as files, prepared data made of them, and jobs small enough to be run in a test."""

from pathlib import Path

import numpy as np

from SASANLib.card import GridCard, LabelCard
from SASANLib.training.config import TrainingConfig, from_preset
from SASANLib.training.dataset import PreparedDataset
from SASANLib.training.preparation import DomainSource, PreparationConfig
from SASANLib.training.prepare import prepare
from SASANLib.volumes import Volume, write_volume

SPACING = 8.0
WINDOW = (-1000.0, 1600.0)
SOFT, BONE = 1, 2
LABELS = (
    LabelCard(value=SOFT, name="soft tissue", color=(220, 130, 100)),
    LabelCard(value=BONE, name="bone", color=(241, 214, 145)),
)
NETWORK = {"context_slices": 1, "maps": 2, "classes": 3, "embedding": 4}
RADIOLOGICAL = np.diag([-SPACING, -SPACING, SPACING, 1.0])
"""i → left, j → posterior, k → superior: the axes of the axial slice grid"""


def head(seed: int, shape=(7, 28, 26), affine: np.ndarray = RADIOLOGICAL) -> dict[str, Volume]:
    """`mr`, `ct` and `labels` of an ellipsoid with a bony rim; `seed` decides its size and noise."""
    random = np.random.default_rng(seed)
    half = np.array([shape[0] * 0.75, 11 + seed % 2, 9 + seed % 2])
    grid = np.indices(shape).astype(float)
    centre = (np.array(shape) - 1) / 2
    radius = np.sqrt((((grid.T - centre) / half) ** 2).sum(-1)).T
    body, bone = radius < 1, (radius < 1) & (radius > 0.8)
    labels = np.where(bone, BONE, np.where(body, SOFT, 0)).astype(np.uint8)
    texture = np.sin(grid[1] / 2) * np.cos(grid[2] / 3)
    ct = np.select([bone, body], [1100.0, 40 + 20 * texture], -1000.0) + random.normal(0, 5, shape)
    mr = np.select([bone, body], [220.0, 450 + 150 * texture], 4.0) + np.abs(random.normal(0, 4, shape))
    return {
        "mr": Volume(mr.astype(np.float32), affine),
        "ct": Volume(ct.astype(np.float32), affine),
        "labels": Volume(labels, affine),
    }


def write_heads(folder: Path, names=("p1", "p2", "p3"), first_seed: int = 1) -> Path:
    """`mr/`, `ct/` and `labels/` with a file of each name."""
    for seed, name in enumerate(names, start=first_seed):
        for kind, volume in head(seed).items():
            (folder / kind).mkdir(parents=True, exist_ok=True)
            write_volume(volume, folder / kind / f"{name}.nrrd")
    return folder


def preparation(folder: Path, *, labelled: str = "ab", size: int = 32, planes=("axial",), **changes):
    """Of a folder that `write_heads` wrote; `labelled` names the domains with labels. Paired unless changed."""
    labels = {d: folder / "labels" if d in labelled else None for d in "ab"}
    fields = {
        "domains": {
            "a": DomainSource(name="MR", modality="MR", images=folder / "mr", labels=labels["a"]),
            "b": DomainSource(name="CT", modality="CT", images=folder / "ct", labels=labels["b"], window=WINDOW),
        },
        "labels": LABELS if labelled else (),
        "paired": True,
        "grid": GridCard(planes=planes, spacing_mm=SPACING, size=size),
    }
    return PreparationConfig(**(fields | changes))


def prepared(folder: Path, **changes) -> PreparedDataset:
    """Heads written to, and prepared in, a new folder."""
    write_heads(folder / "volumes")
    return prepare(preparation(folder / "volumes", **changes), folder / "prepared")


def training(dataset: PreparedDataset, **changes) -> TrainingConfig:
    """A run of 6 steps with every term of the paper's objective, augmentation and a running mean."""
    fields = {
        "data": dataset.folder,
        "seed": 7,
        "network": NETWORK | {"classes": dataset.classes},
        "optimiser": {"batch_size": 1, "ema": 0.9},
        "max_steps": 6,
        "validate_every": 1000,
        "checkpoint_every": 1000,
        "preview_cases": 1,
    }
    for key, value in changes.items():
        fields[key] = {**fields.get(key, {}), **value} if isinstance(value, dict) else value
    return from_preset("paper", **fields)
