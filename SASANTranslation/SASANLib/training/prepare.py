"""Volumes to prepared data: `sasan prepare` (the intensities of sections 4.1 and 5.1, on the model's grid).

Two passes over the volumes: the first measures what the second needs to know before it can write.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np

from SASANLib.card import DomainCard
from SASANLib.errors import SASANError
from SASANLib.files import atomic_folder
from SASANLib.grid import SliceGrid
from SASANLib.intensity import IntensityMapping, WindowMapping, body_statistics, mapping_of_statistics
from SASANLib.losses import UNKNOWN
from SASANLib.networks.translation import OTHER, Domain
from SASANLib.statistics import CaseStatistics, domain_statistics, volume_statistics
from SASANLib.training.array_file import ArrayFile
from SASANLib.training.batch import AIR, BACKGROUND, IGNORED, PAIRED
from SASANLib.training.dataset import CARD, DatasetCard, PreparedCase, PreparedDataset
from SASANLib.training.loading import Case, read_case, read_labels, read_mask, slice_grids, slices_of
from SASANLib.training.preparation import PreparationConfig
from SASANLib.training.report import Line, compare, describe, write_report
from SASANLib.training.sources import Group, Source, find_groups


def prepare(
    config: PreparationConfig, output: Path, progress: Callable[[int, int, str], None] = lambda *_: None
) -> PreparedDataset:
    """Write the prepared data, and `report.csv` with a line a volume, to the new folder `output`.

    `progress(done, total, what)` is called before each reading of a volume; each is read twice.

    Raises:
        SASANError: an empty folder, too few subjects, pairs that do not match, labels on another grid or outside
            the card, and whatever makes a volume unreadable; nothing is written then. An `output` that exists.
    """
    output = Path(output)
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise SASANError(f"{output} already exists.", "Choose a new folder, or remove it.")
    groups = find_groups(config)
    total, done = 2 * sum(len(group) for group in groups), count()

    def read(source: Source, what: str) -> Case:
        progress(next(done), total, f"{what} {source.image.name}")
        return read_case(source, config.domains[source.domain].units)

    with atomic_folder(output) as folder:  # before anything is computed, it says whether it can be written
        measured = _measure(config, groups, read)
        card = _write(config, groups, measured, read, folder)
        (folder / CARD).write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
        write_report(compare(measured.report), folder)
    return PreparedDataset(output)


Reader = Callable[[Source, str], Case]


@dataclass
class _Measured:
    """What the first pass found; the mappings from training subjects only."""

    mappings: dict[Domain, IntensityMapping] = field(default_factory=dict)
    grids: dict[tuple[Domain, str], list[SliceGrid]] = field(default_factory=dict)
    """by domain and name of the volume"""
    report: list[Line] = field(default_factory=list)


def _measure(config: PreparationConfig, groups: list[Group], read: Reader) -> _Measured:
    measured, bodies = _Measured(), {d: [] for d in OTHER}
    for group in groups:
        grids = None
        for source in group:
            case = read(source, "measuring")
            # The slices of a pair are those of its first image, so that they correspond.
            grids = grids or slice_grids(case, config.grid)
            measured.grids[source.domain, source.name] = grids
            labels = read_labels(case, config.labels) if source.labels else None
            measured.report.append(describe(case, grids, labels, config))
            if source.split == "train" and config.domains[source.domain].window is None:
                percentiles = config.domains[source.domain].percentiles
                bodies[source.domain].append(body_statistics(case.volume.array, case.body, *percentiles))
    for d, domain in config.domains.items():
        if domain.window:
            measured.mappings[d] = WindowMapping(low=domain.window[0], high=domain.window[1])
        else:
            measured.mappings[d] = mapping_of_statistics(bodies[d], *domain.percentiles)
    return measured


@dataclass
class _Slices:
    """A case on its grids: (slices, size, size) each."""

    images: np.ndarray
    body: np.ndarray
    labels: np.ndarray | None
    mask: np.ndarray | None
    statistics: CaseStatistics


def _write(
    config: PreparationConfig, groups: list[Group], measured: _Measured, read: Reader, folder: Path
) -> DatasetCard:
    labelled = tuple(d for d in OTHER if config.domains[d].labels)
    cases: dict[Domain, list[PreparedCase]] = {d: [] for d in OTHER}
    statistics: dict[Domain, list[CaseStatistics]] = {d: [] for d in OTHER}
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(ArrayFile(folder / f"{name}.npy", dtype, shape))
            for name, dtype, shape in _arrays(config, groups, measured, labelled)
        }
        for group in groups:
            slices = {s.domain: _sliced(read(s, "writing"), config, measured) for s in group}
            if config.paired:
                files["region"].append(_pair(slices["a"], slices["b"], group))
            for source in group:
                d, made = source.domain, slices[source.domain]
                cases[d] += _prepared_cases(source, measured.grids[d, source.name], files[f"{d}_images"].rows)
                if source.split == "train":
                    statistics[d].append(made.statistics)
                files[f"{d}_images"].append(made.images)
                files[f"{d}_boxes"].append(np.array([bounding_rows(b) for b in made.body]))
                if d in labelled:
                    files[f"{d}_labels"].append(made.labels)
    return DatasetCard(
        domains={
            d: DomainCard(
                name=s.name,
                modality=s.modality,
                units=s.units,
                mapping=measured.mappings[d],
                statistics=domain_statistics(statistics[d]),
            )
            for d, s in config.domains.items()
        },
        grid=config.grid,
        labels=config.labels,
        labelled=labelled,
        paired=config.paired,
        cases={d: tuple(found) for d, found in cases.items()},
    )


def _arrays(config: PreparationConfig, groups: list[Group], measured: _Measured, labelled: tuple[Domain, ...]):
    """Name, type and shape of every array that is written."""
    size = config.grid.size
    for d in OTHER:
        named = [measured.grids[d, s.name] for group in groups for s in group if s.domain == d]
        slices = sum(grid.shape[0] for grids in named for grid in grids)
        yield f"{d}_images", np.float16, (slices, size, size)
        yield f"{d}_boxes", np.int16, (slices, 4)
        if d in labelled:
            yield f"{d}_labels", np.uint8, (slices, size, size)
    if config.paired:
        yield "region", np.uint8, (slices, size, size)


def _sliced(case: Case, config: PreparationConfig, measured: _Measured) -> _Slices:
    source, volume = case.source, case.volume
    grids, size = measured.grids[source.domain, source.name], config.grid.size
    image = measured.mappings[source.domain].forward(volume.array, case.body)
    labels = slices_of(volume, read_labels(case, config.labels), grids, size) if source.labels else None
    return _Slices(
        images=slices_of(volume, image, grids, size, BACKGROUND),
        body=slices_of(volume, case.body, grids, size),
        labels=labels,
        mask=slices_of(volume, read_mask(case), grids, size) if source.mask else None,
        statistics=volume_statistics(volume, case.body, image),
    )


def _pair(a: _Slices, b: _Slices, group: Group) -> np.ndarray:
    """The pair's region; the labels of both end where it says that the comparison does.

    Beyond, where one image has lost what the other shows, labels were not drawn but are missing.
    """
    region = comparable_region(a.body, b.body, a.mask)
    if not (region == PAIRED).any():
        raise SASANError(
            f"{group[0].image} and {group[1].image} show no part of the body in the same place.",
            "Register them, or remove the pair.",
        )
    for slices in (a, b):
        if slices.labels is not None:
            slices.labels[region == IGNORED] = UNKNOWN
    return region


def comparable_region(body_a: np.ndarray, body_b: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """PAIRED inside the mask, or without one where both images show the body; AIR where neither does; else IGNORED."""
    common = body_a & body_b if mask is None else mask
    return np.select([common, ~(body_a | body_b)], [PAIRED, AIR], IGNORED).astype(np.uint8)


def bounding_rows(body: np.ndarray) -> tuple[int, int, int, int]:
    """First and last row, first and last column of a slice's body; of a slice without one, the whole slice."""
    rows, columns = np.flatnonzero(body.any(1)), np.flatnonzero(body.any(0))
    if not rows.size:
        return 0, body.shape[0] - 1, 0, body.shape[1] - 1
    return rows[0], rows[-1], columns[0], columns[-1]


def _prepared_cases(source: Source, grids: list[SliceGrid], start: int) -> list[PreparedCase]:
    common = {"name": source.name, "subject": source.subject, "split": source.split}
    cases = []
    for grid in grids:
        cases.append(PreparedCase(plane=grid.plane, start=start, count=grid.shape[0], **common))
        start += grid.shape[0]
    return cases
