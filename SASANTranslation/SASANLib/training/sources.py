"""Which files are prepared together, whose they are, and on which side of the split their subject falls."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from SASANLib.cases import case_name
from SASANLib.errors import SASANError
from SASANLib.networks.translation import OTHER, Domain
from SASANLib.training.preparation import PreparationConfig
from SASANLib.volumes import find_volumes


@dataclass(frozen=True)
class Source:
    """A volume to prepare, found but not read."""

    domain: Domain
    name: str
    subject: str
    image: Path
    labels: Path | None = None
    mask: Path | None = None
    split: str = "train"


Group = tuple[Source, ...]
"""What is prepared together: both images of a pair, a first; or one volume by itself."""


def find_groups(config: PreparationConfig) -> list[Group]:
    """All volumes, in the order in which they are prepared: by name, of unpaired data domain a before b.

    The last `validation_subjects` subjects in sorted order are set apart for validation. A subject is the same
    in both domains, so that nobody is trained on in one and validated on in the other.

    Raises:
        SASANError: an empty folder, names that repeat, missing labels or masks, pairs that do not match, and
            subjects that do not suffice for a split.
    """
    images = {d: _by_name(config.domains[d].images) for d in OTHER}
    if config.paired:
        _check_pairs(config, images)
    found = {d: _sources(config, d, images[d]) for d in OTHER}
    apart = _set_apart(config, found)
    split = {
        d: [replace(s, split="validation" if s.subject in apart else "train") for s in sources]
        for d, sources in found.items()
    }
    if config.paired:
        return list(zip(split["a"], split["b"], strict=True))
    return [(source,) for d in OTHER for source in split[d]]


def _sources(config: PreparationConfig, domain: Domain, images: dict[str, Path]) -> list[Source]:
    settings = config.domains[domain]
    labels = _by_name(settings.labels) if settings.labels else None
    # A pair has one mask, on the grid of its first image.
    masks = _by_name(config.masks) if config.masks and domain == "a" else None
    sources = []
    for name, image in images.items():
        match = re.search(config.subject_pattern, name)
        sources.append(
            Source(
                domain,
                name,
                match.group(0) if match else name,
                image,
                _partner(labels, name, settings.labels, "labels"),
                _partner(masks, name, config.masks, "mask"),
            )
        )
    return sources


def _by_name(folder: Path) -> dict[str, Path]:
    """A folder's volumes by their names without suffixes, in sorted order."""
    found: dict[str, Path] = {}
    for path in sorted(find_volumes(folder), key=case_name):
        name = case_name(path)
        if name in found:
            raise SASANError(f"{found[name]} and {path} have the same name.", "Rename or remove one of them.")
        found[name] = path
    return found


def _partner(files: dict[str, Path] | None, name: str, folder: Path | None, what: str) -> Path | None:
    if files is None:
        return None
    if name not in files:
        raise SASANError(f"{folder} has no {what} for {name}.", "Give the file the name of its image.")
    return files[name]


def _check_pairs(config: PreparationConfig, images: dict[Domain, dict[str, Path]]) -> None:
    if unmatched := sorted(images["a"].keys() ^ images["b"].keys()):
        has, lacks = ("a", "b") if unmatched[0] in images["a"] else ("b", "a")
        raise SASANError(
            f"{config.domains[lacks].images} has no partner for {unmatched[0]} of {config.domains[has].images}"
            f" ({len(unmatched)} without one).",
            "Give both images of a pair the same file name, or prepare them as unpaired.",
        )


def _set_apart(config: PreparationConfig, found: dict[Domain, list[Source]]) -> set[str]:
    """The subjects for validation."""
    subjects = sorted({s.subject for sources in found.values() for s in sources})
    apart = set(subjects[-config.validation_subjects :])
    for d, sources in found.items():
        if all(s.subject in apart for s in sources):
            of = len({s.subject for s in sources})
            raise SASANError(
                f"{config.domains[d].images} holds {of} subject{'s' * (of != 1)}, and none is left for training once"
                f" {config.validation_subjects} of {len(subjects)} are set apart for validation.",
                "Add subjects, set fewer apart, or say which part of a file's name is the subject's.",
            )
    return apart
