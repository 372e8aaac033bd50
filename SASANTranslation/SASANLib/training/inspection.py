"""The first pass over the volumes: everything that the second needs to know, and all that is wrong with them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from SASANLib.errors import SASANError
from SASANLib.files import atomic_folder
from SASANLib.grid import SliceGrid
from SASANLib.intensity import body_statistics
from SASANLib.networks.translation import OTHER, Domain
from SASANLib.training.case_report import CaseReport, Measures, case_report, measure
from SASANLib.training.checks import check_case, compare_cases
from SASANLib.training.likeness import disguised_copies, thumbnail
from SASANLib.training.loading import Case, read_case, read_labels, read_mask, slice_grids
from SASANLib.training.pair_report import PairCheck, PairReport, common_ground
from SASANLib.training.preparation import PreparationConfig
from SASANLib.training.problems import Problem, collected
from SASANLib.training.report import DataReport, data_report, write_report
from SASANLib.training.report_figures import PictureFolder
from SASANLib.training.sources import Group, Source, find_groups

Progress = Callable[[int, int, str], None]


class Reader:
    """Reads volumes, and tells `progress(done, total, what)` before each of `total` steps."""

    def __init__(self, config: PreparationConfig, total: int, progress: Progress):
        self.config, self.total, self.progress, self.done = config, total, progress, 0

    def read(self, source: Source, what: str) -> Case:
        self.tell(source, what)
        return read_case(source, self.config.domains[source.domain].units)

    def tell(self, source: Source, what: str) -> None:
        self.progress(self.done, self.total, f"{what} {source.image.name}")
        self.done += 1


def steps_of(config: PreparationConfig, groups: list[Group]) -> int:
    """Of an inspection: a reading a volume, and a registration a pair where it is asked for."""
    registered = sum(len(group) == 2 for group in groups) if config.register_pairs else 0
    return sum(len(group) for group in groups) + registered


def check(config: PreparationConfig, output: Path, progress: Progress = lambda *_: None) -> DataReport:
    """The data report alone, to the new folder `output`: all problems at once, nothing prepared.

    Raises:
        SASANError: an `output` that exists or cannot be written.
    """
    output = Path(output)
    refuse_existing(output)
    problems: list[Problem] = []
    groups = find_groups(config, problems)
    with atomic_folder(output) as folder:
        reader = Reader(config, steps_of(config, groups), progress)
        inspection = Inspection(config, reader, PictureFolder(folder), problems=problems)
        inspection.inspect(groups)
        report = inspection.report()
        write_report(report, folder)
    return report


def refuse_existing(output: Path) -> None:
    """Raises: SASANError unless `output` is new, or an empty folder."""
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise SASANError(f"{output} already exists.", "Choose a new folder, or remove it.")


@dataclass
class Inspection:
    """What the first pass finds; `intensities` of training subjects only."""

    config: PreparationConfig
    reader: Reader
    pictures: PictureFolder
    grids: dict[tuple[Domain, str], list[SliceGrid]] = field(default_factory=dict)
    """by domain and name of the volume"""
    matrices: dict[str, np.ndarray] = field(default_factory=dict)
    """by name of the pair, where its second image is moved: (4, 4), RAS → RAS"""
    intensities: dict[Domain, list[tuple[float, float, float, float]]] = field(
        default_factory=lambda: {d: [] for d in OTHER}
    )
    """`body_statistics` of domains without a window"""
    cases: list[CaseReport] = field(default_factory=list)
    pairs: list[PairReport] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _thumbnails: list[np.ndarray | None] = field(default_factory=list)

    def inspect(self, groups: list[Group]) -> None:
        for group in groups:
            found = [self._inspect(source, group) for source in group]
            if len(found) == 2 and all(found):
                self._inspect_pair(*found)
        self._compare()

    def report(self) -> DataReport:
        pictures = self.pictures.intensities(self.cases, self.config)
        return data_report(self.config, self.cases, self.pairs, self.problems + self.pictures.problems, pictures)

    def _inspect(self, source: Source, group: Group) -> tuple[Case, Measures, np.ndarray | None] | None:
        """The case, its measures and its mask, unless it cannot be used."""
        measures, mask, image = None, None, None
        where = source.domain, source.name
        with collected(self.problems, "image", *where):
            case = self.reader.read(source, "measuring")
            if source.split == "train" and self.config.domains[source.domain].window is None:
                percentiles = self.config.domains[source.domain].percentiles
                self.intensities[source.domain].append(body_statistics(case.volume.array, case.body, *percentiles))
            image = thumbnail(case)
            with collected(self.problems, "slices", *where):
                # The slices of a pair are those of its first image, so that they correspond.
                grids = self.grids.get((group[0].domain, group[0].name)) or slice_grids(case, self.config.grid)
                self.grids[where] = grids
                labels = None
                with collected(self.problems, "labels", *where):
                    labels = read_labels(case, self.config.labels) if source.labels else None
                with collected(self.problems, "mask", *where):
                    mask = read_mask(case) if source.mask else None
                measures = measure(case, grids, labels, self.config)
        self.cases.append(case_report(source, measures))
        self._thumbnails.append(image)
        if measures is None:
            return None
        self.problems += check_case(self.cases[-1], grids, self.config)
        return case, measures, mask

    def _inspect_pair(self, first: tuple[Case, Measures, np.ndarray | None], second: tuple) -> None:
        (a, measures_a, mask), (b, measures_b, _) = first, second
        name, pair = a.source.name, PairCheck(a, b)
        before = len(self.problems)
        if self.config.register_pairs:
            self.reader.tell(a.source, "registering")
            self.problems += pair.register()
        self.matrices[name] = pair.matrix
        overlap, common = common_ground(a, b, pair.matrix, mask, self.grids["a", name], self.config.grid.size)
        self.problems += pair.problems((measures_a, measures_b), overlap, common)
        worth_a_look = len(self.problems) > before or (pair.registration and pair.registration.gained)
        picture = self.pictures.pair(a, b, pair.registration, self.config) if worth_a_look else None
        self.pairs.append(pair.report(overlap, picture))

    def _compare(self) -> None:
        self.problems += compare_cases(self.cases, self.config)
        known = [n for n, image in enumerate(self._thumbnails) if image is not None and self.cases[n].measures]
        self.problems += disguised_copies(
            [self.cases[n] for n in known], [self._thumbnails[n] for n in known], self.config
        )
        apart = sum(not pair.same_grid for pair in self.pairs)
        if apart and not self.config.register_pairs:
            self.problems.append(
                Problem(
                    severity="note",
                    kind="geometry",
                    message=f"{apart} of {len(self.pairs)} pairs lie on two grids: the second image is interpolated.",
                    remedy="Unless they are known to be registered, register them (`--register`).",
                )
            )
