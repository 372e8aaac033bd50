"""What is odd about files and their names, before any is read."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from SASANLib.networks.translation import Domain
from SASANLib.training.preparation import PreparationConfig
from SASANLib.training.problems import Problem


def check_passed_over(folder: Path, found: list[Path], domain: Domain) -> Iterator[Problem]:
    """Files in the folder that are no volumes."""
    if not folder.is_dir() or folder in found:
        return
    known = {path.name for path in found}
    others = sorted(path.name for path in folder.iterdir() if path.name not in known and path.name[0] != ".")
    if others:
        yield Problem(
            severity="note",
            kind="files",
            message=f"{folder} holds {len(others)} other {_plural(len(others), 'file')}, like {others[0]}.",
            remedy="They are passed over; convert those that are images to NRRD, NIfTI or MHA.",
            domain=domain,
        )


def check_subjects(config: PreparationConfig, subjects: dict[str, str]) -> Iterator[Problem]:
    """Names, with their subjects, that the subject pattern says nothing about."""
    unnamed = [name for name in subjects if not (m := re.search(config.subject_pattern, name)) or not m.group(0)]
    if unnamed:
        yield Problem(
            severity="warning",
            kind="subjects",
            message=f"{len(unnamed)} {_plural(len(unnamed), 'name')}, like {unnamed[0]}, name no subject by the pattern"
            f" {config.subject_pattern}: each is taken for a subject of its own.",
            remedy="Correct the pattern (`--subject`), or two images of one person may be trained and validated on.",
        )


def check_split(subjects: set[str], apart: set[str]) -> Iterator[Problem]:
    """Subjects on both sides of the split whose names differ only in case, punctuation or leading zeros."""
    alike = defaultdict(list)
    for subject in sorted(subjects):
        alike[_plain(subject)].append(subject)
    for names in alike.values():
        trained, validated = [n for n in names if n not in apart], [n for n in names if n in apart]
        if trained and validated:
            yield Problem(
                severity="warning",
                kind="leak",
                message=f"{trained[0]} is trained on and {validated[0]} validated on: they may be one person.",
                remedy="If so, give both one name; the part of a file's name that counts is set by `--subject`.",
            )


def _plain(subject: str) -> str:
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[\W_]", "", subject.lower()))


def _plural(count: int, word: str) -> str:
    return word + "s" * (count != 1)
