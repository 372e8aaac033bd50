"""The folder that a translation is written to, read by the scene maker, by `--resume` and by people."""

import json
from collections.abc import Mapping
from pathlib import Path

from SASANLib.card import DomainCard, ModelCard
from SASANLib.errors import SASANError
from SASANLib.files import atomic_folder, sha256
from SASANLib.translation import Translation
from SASANLib.volumes import Volume, write_volume

RECORD = "translation.json"


def describe(translation: Translation, card: ModelCard) -> dict:
    """What a panel or a reader needs to know beside the voxels, ready for JSON.

    Each label has "value", "name", "color" (0 to 255) and "snomed": its category and type as the card has them, or
    None.
    """
    origin = translation.provenance
    source, target = (card.domains[key] for key in card.direction(origin["direction"]))
    return {
        "direction": origin["direction"],
        "source": _domain(source),
        "target": _domain(target),
        "labels": [label.model_dump(mode="json") for label in card.labels],
        "maps": len(translation.attention),
        "notices": translation.notices,
        "provenance": origin,
    }


def write_result(
    folder: Path,
    source: Volume,
    translation: Translation,
    card: ModelCard,
    *,
    suffix: str = ".nrrd",
    extra: Mapping[str, Volume] | None = None,
) -> None:
    """Write source, synthetic, attention_1 …, segmentation, uncertainty and translation.json, all or nothing.

    extra: further volumes by name. An earlier result at `folder` is replaced.

    Raises:
        SASANError: the disk is full, `folder` cannot be written, or something else than a result lies there.
    """
    check_replaceable(folder)
    volumes = {
        "source": source,
        "synthetic": translation.synthetic,
        **{f"attention_{n}": volume for n, volume in enumerate(translation.attention, start=1)},
        "segmentation": translation.segmentation,
        "uncertainty": translation.uncertainty,
        **(extra or {}),
    }
    with atomic_folder(folder) as temporary:
        try:
            for name, volume in volumes.items():
                write_volume(volume, temporary / f"{name}{suffix}")
        except SASANError as error:
            # The user chose `folder` and never heard of the temporary one.
            raise SASANError(error.message.replace(str(temporary), str(folder)), error.hint) from error
        record = {
            "input": translation.provenance["input"]["name"],
            **describe(translation, card),
            "files": {path.name: sha256(path) for path in sorted(temporary.iterdir())},
        }
        (temporary / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def check_replaceable(folder: Path) -> None:
    """Refuse to write over anything but an earlier result or an empty folder.

    Raises:
        SASANError: naming `folder`.
    """
    if not folder.exists() or (folder / RECORD).is_file():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise SASANError(
            f"{folder} exists and is not the result of a translation.",
            "Choose another output folder or remove it.",
        )


def read_record(folder: Path) -> dict | None:
    """The contents of translation.json when it and every file that it names are intact, else None."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        intact = bool(record["files"]) and all(
            sha256(folder / Path(name).name) == digest for name, digest in record["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return record if intact else None


def _domain(domain: DomainCard) -> dict[str, str]:
    return {"name": domain.name, "modality": domain.modality, "units": domain.units}
