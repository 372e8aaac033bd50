"""Volumes to prepared data: `sasan prepare` (the intensities of sections 4.1 and 5.1, on the model's grid).

Two passes over the volumes: the first measures what the second needs to know before it can write.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from SASANLib.card import DomainCard
from SASANLib.files import atomic_folder
from SASANLib.grid import SliceGrid
from SASANLib.intensity import IntensityMapping, WindowMapping, mapping_of_statistics
from SASANLib.losses import UNKNOWN
from SASANLib.networks.translation import OTHER, Domain
from SASANLib.statistics import CaseStatistics, domain_statistics, volume_statistics
from SASANLib.training.array_file import ArrayFile
from SASANLib.training.batch import BACKGROUND, IGNORED
from SASANLib.training.dataset import CARD, DatasetCard, PreparedCase, PreparedDataset
from SASANLib.training.inspection import Inspection, Progress, Reader, refuse_existing, steps_of
from SASANLib.training.loading import Case, read_labels, read_mask, slices_of
from SASANLib.training.pair_report import moved
from SASANLib.training.preparation import PreparationConfig
from SASANLib.training.problems import Problem, refuse_errors
from SASANLib.training.region import comparable_region
from SASANLib.training.report import write_report
from SASANLib.training.report_figures import PictureFolder
from SASANLib.training.sources import Group, Source, find_groups


def prepare(config: PreparationConfig, output: Path, progress: Progress = lambda *_: None) -> PreparedDataset:
    """Write the prepared data, and its data report, to the new folder `output`.

    `progress(done, total, what)` is called before each reading of a volume, which is read twice, and before each
    registration.

    Raises:
        SASANError: an empty folder, too few subjects, pairs that do not match, labels on another grid or outside
            the card, and whatever makes a volume unreadable; nothing is written then. An `output` that exists.
    """
    output = Path(output)
    refuse_existing(output)
    problems: list[Problem] = []
    groups = find_groups(config, problems)
    refuse_errors(problems)
    total = steps_of(config, groups) + sum(len(group) for group in groups)

    with atomic_folder(output) as folder:  # before anything is computed, it says whether it can be written
        reader = Reader(config, total, progress)
        inspection = Inspection(config, reader, PictureFolder(folder), problems=problems)
        inspection.inspect(groups)
        refuse_errors(inspection.problems)
        card = _write(config, groups, inspection, reader, folder)
        (folder / CARD).write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
        write_report(inspection.report(), folder)
    return PreparedDataset(output)


def _mappings(config: PreparationConfig, inspection: Inspection) -> dict[Domain, IntensityMapping]:
    return {
        d: WindowMapping(low=domain.window[0], high=domain.window[1])
        if domain.window
        else mapping_of_statistics(inspection.intensities[d], *domain.percentiles)
        for d, domain in config.domains.items()
    }


@dataclass
class _Slices:
    """A case on its grids: (slices, size, size) each."""

    images: np.ndarray
    body: np.ndarray
    labels: np.ndarray | None
    mask: np.ndarray | None
    statistics: CaseStatistics


def _write(
    config: PreparationConfig, groups: list[Group], inspection: Inspection, reader: Reader, folder: Path
) -> DatasetCard:
    mappings = _mappings(config, inspection)
    labelled = tuple(d for d in OTHER if config.domains[d].labels)
    cases: dict[Domain, list[PreparedCase]] = {d: [] for d in OTHER}
    statistics: dict[Domain, list[CaseStatistics]] = {d: [] for d in OTHER}
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(ArrayFile(folder / f"{name}.npy", dtype, shape))
            for name, dtype, shape in _arrays(config, groups, inspection, labelled)
        }
        for group in groups:
            slices = {
                s.domain: _sliced(reader.read(s, "writing"), config, inspection, mappings[s.domain]) for s in group
            }
            if config.paired:
                files["region"].append(_pair(slices["a"], slices["b"]))
            for source in group:
                d, made = source.domain, slices[source.domain]
                cases[d] += _prepared_cases(source, inspection.grids[d, source.name], files[f"{d}_images"].rows)
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
                mapping=mappings[d],
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


def _arrays(config: PreparationConfig, groups: list[Group], inspection: Inspection, labelled: tuple[Domain, ...]):
    """Name, type and shape of every array that is written."""
    size = config.grid.size
    for d in OTHER:
        named = [inspection.grids[d, s.name] for group in groups for s in group if s.domain == d]
        slices = sum(grid.shape[0] for grids in named for grid in grids)
        yield f"{d}_images", np.float16, (slices, size, size)
        yield f"{d}_boxes", np.int16, (slices, 4)
        if d in labelled:
            yield f"{d}_labels", np.uint8, (slices, size, size)
    if config.paired:
        yield "region", np.uint8, (slices, size, size)


def _sliced(case: Case, config: PreparationConfig, inspection: Inspection, mapping: IntensityMapping) -> _Slices:
    source, volume = case.source, case.volume
    grids, size = inspection.grids[source.domain, source.name], config.grid.size
    image = mapping.forward(volume.array, case.body)
    labels = read_labels(case, config.labels) if source.labels else None
    mask = read_mask(case) if source.mask else None
    placed = moved(volume, inspection.matrices[source.name]) if config.paired and source.domain == "b" else volume
    return _Slices(
        images=slices_of(placed, image, grids, size, BACKGROUND),
        body=slices_of(placed, case.body, grids, size),
        labels=None if labels is None else slices_of(placed, labels, grids, size),
        mask=None if mask is None else slices_of(placed, mask, grids, size),
        statistics=volume_statistics(volume, case.body, image),
    )


def _pair(a: _Slices, b: _Slices) -> np.ndarray:
    """The pair's region; the labels of both end where it says that the comparison does.

    Beyond, where one image has lost what the other shows, labels were not drawn but are missing.
    """
    region = comparable_region(a.body, b.body, a.mask)
    for slices in (a, b):
        if slices.labels is not None:
            slices.labels[region == IGNORED] = UNKNOWN
    return region


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
