"""A small card, weights that fit it, and bundles made of both, for tests."""

import hashlib
import json
import pickle
import zipfile
from pathlib import Path

import torch

from SASANLib.card import (
    BodyExtent,
    DomainCard,
    Domains,
    DomainStatistics,
    GridCard,
    Interval,
    LabelCard,
    ModelCard,
    TrainingCard,
)
from SASANLib.intensity import PercentileMapping, WindowMapping
from SASANLib.networks import NetworkConfig, TranslationNetworks

NETWORK = NetworkConfig(context_slices=1, maps=2, classes=3, embedding=4)


def make_statistics() -> DomainStatistics:
    return DomainStatistics(
        cases=3,
        histogram=[1 / 64] * 64,
        histogram_distance=0.1,
        mean=0.05,
        sd=0.4,
        body_mean=Interval(low=-0.1, high=0.2),
        body_sd=Interval(low=0.3, high=0.5),
        body_extent_mm=BodyExtent(
            right_left=Interval(low=140, high=175),
            anterior_posterior=Interval(low=180, high=210),
            inferior_superior=Interval(low=150, high=230),
        ),
        in_plane_spacing_mm=Interval(low=0.9, high=1.1),
        through_plane_spacing_mm=Interval(low=1, high=1.5),
        value_range=Interval(low=-1000, high=2400.5),
    )


def make_card(**changes) -> ModelCard:
    fields = {
        "name": "tiny-mr-ct",
        "version": "0.1.0",
        "title": "Tiny MR to CT",
        "description": "For tests.\nTranslates nothing.",
        "anatomy": "head",
        "domains": Domains(
            a=DomainCard(
                name="MR",
                modality="MR",
                units="a.u.",
                mapping=PercentileMapping(
                    lower=2, upper=98, z_min=-2.1, z_max=3.3, reference_mean=310, reference_sd=97.3
                ),
                statistics=make_statistics(),
            ),
            b=DomainCard(
                name="CT",
                modality="CT",
                units="HU",
                mapping=WindowMapping(low=-1000, high=1600),
                statistics=make_statistics(),
            ),
        ),
        "grid": GridCard(planes=["axial", "sagittal"], spacing_mm=1, size=256),
        "labels": [
            LabelCard(value=1, name="soft tissue", color=(177, 122, 101)),
            LabelCard.model_validate(
                {
                    "value": 2,
                    "name": "bone",
                    "color": [241, 214, 145],
                    "snomed": {
                        "category": {"value": "123037004", "meaning": "Anatomical structure"},
                        "type": {"value": "272673000", "meaning": "Bone"},
                    },
                }
            ),
        ],
        "network": NETWORK,
        "training": TrainingCard(
            data="none",
            subjects=3,
            steps=10,
            hours=0.5,
            device="CPU",
            objective={"cycle": 10.0, "terms": ["a", None]},
            config_sha256="0" * 64,
        ),
        "metrics": [{"direction": "mr-to-ct", "metric": "MAE", "value": 81.2}],
        "licence": "CC BY-NC 4.0",
        "attribution": "Nobody",
        "citation": "Nobody et al.",
        "intended_use": "Tests.",
        "limitations": "All.",
    }
    return ModelCard(**(fields | changes))


def make_state(seed: int = 0) -> dict[str, torch.Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TranslationNetworks(NETWORK).state_dict()


def change_card(bundle: Path, change) -> None:
    """Rewrite the card of the bundle in a folder: `change` edits the parsed JSON in place."""
    path = bundle / "model.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def replace_weights(bundle: Path, data: bytes) -> None:
    """Other weights, with the hash in the card made right: what an attacker would do."""
    (bundle / "model.safetensors").write_bytes(data)
    change_card(bundle, lambda card: card["weights"].update(sha256=hashlib.sha256(data).hexdigest()))


def zip_folder(folder: Path, archive: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.iterdir()):
            file.write(path, prefix + path.name)
    return archive


class CreatesFile:
    """Unpickling an instance creates a file, which shows that a pickle was executed."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def malicious_pickle(evidence: Path, protocol: int = 2) -> bytes:
    return pickle.dumps(CreatesFile(evidence), protocol=protocol)
