"""The data report of `sasan prepare`: `report.json` for programs, `report.csv` with a line a volume for people."""

import csv
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from SASANLib.complaints import first_complaint
from SASANLib.errors import SASANError
from SASANLib.networks.translation import Domain
from SASANLib.training.case_report import AXES, CaseReport
from SASANLib.training.pair_report import PairReport
from SASANLib.training.preparation import PreparationConfig
from SASANLib.training.problems import SEVERITIES, Problem

REPORT, TABLE = "report.json", "report.csv"
VERSION = "1.0"

Line = dict[str, str | int | float]


class Counts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    subjects: int
    volumes: int
    slices: int


class DomainReport(BaseModel):
    """What a domain is called and how much of it there is, by split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    modality: str
    units: str
    counts: dict[str, Counts]


class DataReport(BaseModel):
    """`report.json`. Files that it names lie in its folder; those of the data have the paths they were found under."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = VERSION
    paired: bool
    domains: dict[Domain, DomainReport]
    cases: tuple[CaseReport, ...]
    pairs: tuple[PairReport, ...]
    problems: tuple[Problem, ...]
    """the worst first"""
    pictures: tuple[str, ...]
    """of the data as a whole; those of pairs are named with the pairs"""

    def count(self, severity: str) -> int:
        return sum(problem.severity == severity for problem in self.problems)


def data_report(
    config: PreparationConfig,
    cases: list[CaseReport],
    pairs: list[PairReport],
    problems: list[Problem],
    pictures: tuple[str, ...] = (),
) -> DataReport:
    return DataReport(
        paired=config.paired,
        domains={
            d: DomainReport(
                name=source.name,
                modality=source.modality,
                units=source.units,
                counts={split: _counts(cases, d, split) for split in ("train", "validation")},
            )
            for d, source in config.domains.items()
        },
        cases=tuple(cases),
        pairs=tuple(pairs),
        problems=tuple(sorted(problems, key=lambda problem: SEVERITIES.index(problem.severity))),
        pictures=pictures,
    )


def write_report(report: DataReport, folder: Path) -> None:
    """Both files into the folder."""
    (folder / REPORT).write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    lines = [_line(case, report) for case in report.cases]
    columns = list(dict.fromkeys(name for line in lines for name in line)) or ["domain", "name", "odd"]
    columns.remove("odd")
    with open(folder / TABLE, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*columns, "odd"], restval="")
        writer.writeheader()
        writer.writerows(lines)


def read_report(folder: Path) -> list[dict[str, str]]:
    """The lines of a folder's `report.csv`."""
    with open(folder / TABLE, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def load_report(folder: Path) -> DataReport:
    """A folder's `report.json`.

    Raises:
        SASANError: there is none, as in data prepared before there was one, or it is not valid.
    """
    path = Path(folder) / REPORT
    hint = "Write it with `sasan prepare --check`."
    try:
        return DataReport.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SASANError(f"{folder} holds no data report: {REPORT} is missing.", hint) from error
    except ValidationError as error:
        raise SASANError(f"{path} is not valid: {first_complaint(error)}.", hint) from error


def _counts(cases: list[CaseReport], domain: Domain, split: str) -> Counts:
    cases = [case for case in cases if (case.domain, case.split) == (domain, split)]
    return Counts(
        subjects=len({case.subject for case in cases}),
        volumes=len(cases),
        slices=sum(case.measures.slices for case in cases if case.measures),
    )


def _line(case: CaseReport, report: DataReport) -> Line:
    line: Line = {
        "domain": report.domains[case.domain].name,
        "name": case.name,
        "subject": case.subject,
        "split": case.split,
    }
    if measures := case.measures:
        line |= {
            "planes": " ".join(measures.planes),
            "slices": measures.slices,
            "size": " x ".join(map(str, measures.size)),
            "spacing mm": " x ".join(f"{step:.3g}" for step in measures.spacing_mm),
            "orientation": measures.orientation,
            "oblique degrees": round(measures.oblique_degrees, 1),
            **{
                f"{axis} mm": "" if mm is None else round(mm, 1)
                for axis, mm in zip(AXES, measures.body_mm, strict=True)
            },
            **{f"body p{p}": round(value, 2) for p, value in measures.body_percentiles.items()},
            **{f"{name} ml": round(ml, 3) for name, ml in (measures.label_ml or {}).items()},
        }
    mine = [p.message for p in report.problems if (p.domain, p.case) == (case.domain, case.name)]
    return {**line, "odd": "; ".join(mine)}
