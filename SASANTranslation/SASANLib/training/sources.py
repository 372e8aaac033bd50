"""Which files are prepared together, whose they are, and on which side of the split their subject falls."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from SASANLib.cases import case_name
from SASANLib.errors import SASANError
from SASANLib.networks.translation import OTHER, Domain
from SASANLib.training.naming import check_passed_over, check_split, check_subjects
from SASANLib.training.preparation import PreparationConfig
from SASANLib.training.problems import Problem, collected
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


def find_groups(config: PreparationConfig, problems: list[Problem]) -> list[Group]:
    """All volumes, in the order in which they are prepared: by name, of unpaired data domain a before b.

    The last `validation_subjects` subjects in sorted order are set apart for validation. A subject is the same
    in both domains, so that nobody is trained on in one and validated on in the other.

    What is wrong is added to `problems`: as errors an empty folder, names that repeat, missing labels or masks,
    pairs that do not match, and subjects that do not suffice for a split. Then the groups are those that are left.
    """
    images = {d: _images(config, d, problems) for d in OTHER}
    if config.paired and all(images.values()):
        with collected(problems, "files"):
            _check_pairs(config, images)
        images = {d: {name: path for name, path in images[d].items() if name in images[OTHER[d]]} for d in OTHER}
    found = {d: _sources(config, d, images[d], problems) for d in OTHER}
    problems += check_subjects(config, {s.name: s.subject for sources in found.values() for s in sources})
    apart = set()
    if all(found.values()):
        with collected(problems, "split"):
            apart = _set_apart(config, found)
    problems += check_split({s.subject for sources in found.values() for s in sources}, apart)
    split = {
        d: [replace(s, split="validation" if s.subject in apart else "train") for s in sources]
        for d, sources in found.items()
    }
    if config.paired and all(images.values()):
        return list(zip(split["a"], split["b"], strict=True))
    return [(source,) for d in OTHER for source in split[d]]


def _images(config: PreparationConfig, domain: Domain, problems: list[Problem]) -> dict[str, Path]:
    folder, images = config.domains[domain].images, {}
    with collected(problems, "files", domain):
        images = _by_name(folder)
        problems += check_passed_over(folder, list(images.values()), domain)
    return images


def _sources(
    config: PreparationConfig, domain: Domain, images: dict[str, Path], problems: list[Problem]
) -> list[Source]:
    settings = config.domains[domain]
    labels = masks = None
    with collected(problems, "labels", domain):
        labels = _by_name(settings.labels) if settings.labels else None
    with collected(problems, "mask", domain):
        # A pair has one mask, on the grid of its first image.
        masks = _by_name(config.masks) if config.masks and domain == "a" else None
    sources = []
    for name, image in images.items():
        match = re.search(config.subject_pattern, name)
        source = Source(domain, name, (match and match.group(0)) or name, image)
        with collected(problems, "labels", domain, name):
            source = replace(source, labels=_partner(labels, name, settings.labels, "labels"))
        with collected(problems, "mask", domain, name):
            source = replace(source, mask=_partner(masks, name, config.masks, "mask"))
        sources.append(source)
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
