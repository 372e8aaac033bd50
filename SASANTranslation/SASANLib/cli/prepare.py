"""`sasan prepare`: folders of volumes to prepared data and a data report."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from SASANLib.training.preparation import DomainSource
    from SASANLib.training.problems import Problem
    from SASANLib.training.report import DataReport

HELP = "Prepare two folders of volumes, one a domain, for training."

# Distinguishable on a grey image and to the colour-blind (Okabe and Ito)
_COLORS = [(230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167)]
_PROBLEMS_SHOWN = 20
PROBLEMS = 1  # exit code of a check that found errors


def register(app: typer.Typer) -> None:
    app.command("prepare", help=HELP)(prepare)


def prepare(
    output: Annotated[Path, typer.Argument(help="New folder for the prepared data and the report on it.")],
    a: Annotated[Path, typer.Option(help="Folder of domain A's volumes.")],
    b: Annotated[Path, typer.Option(help="Folder of domain B's volumes.")],
    labels_a: Annotated[Path | None, typer.Option(help="Folder of A's labelmaps, named like its images.")] = None,
    labels_b: Annotated[Path | None, typer.Option(help="Folder of B's labelmaps, named like its images.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="Name of label 1, of label 2, …: give it once a label.")
    ] = None,
    name_a: Annotated[str, typer.Option(help="What A is called, e.g. MR or T1.")] = "MR",
    name_b: Annotated[str, typer.Option(help="What B is called, e.g. CT or T2.")] = "CT",
    modality_a: Annotated[str, typer.Option(help="MR or CT.")] = "MR",
    modality_b: Annotated[str, typer.Option(help="MR or CT.")] = "CT",
    window: Annotated[tuple[float, float], typer.Option(help="HU window of a CT domain.")] = (-1000, 2000),
    percentiles: Annotated[tuple[float, float], typer.Option(help="Clipping of an MR domain.")] = (2, 98),
    paired: Annotated[bool, typer.Option("--paired", help="A and B show the same anatomy, file by file.")] = False,
    masks: Annotated[Path | None, typer.Option(help="Paired data: folder of masks, where to compare.")] = None,
    register_pairs: Annotated[
        bool, typer.Option("--register", help="Paired data: move B onto A rigidly, by mutual information.")
    ] = False,
    plane: Annotated[list[str] | None, typer.Option(help="axial, coronal or sagittal; repeat for more.")] = None,
    spacing: Annotated[float, typer.Option(help="Pixel size, mm.")] = 1.0,
    size: Annotated[int, typer.Option(help="Pixels a side, a multiple of 16.")] = 256,
    validation: Annotated[int, typer.Option(help="Subjects to set apart, the last by name.")] = 1,
    subject: Annotated[
        str, typer.Option(help="Regular expression: the part of a file's name that names its subject.")
    ] = r"^[^_]+",
    only_check: Annotated[
        bool, typer.Option("--check", help="Write the data report alone. Exit code 1 if there are errors.")
    ] = False,
) -> None:
    from pydantic import ValidationError

    from SASANLib.card import GridCard, LabelCard
    from SASANLib.cli.progress import preparation_progress
    from SASANLib.complaints import first_complaint
    from SASANLib.errors import SASANError
    from SASANLib.training.inspection import check
    from SASANLib.training.preparation import PreparationConfig
    from SASANLib.training.prepare import prepare as run
    from SASANLib.training.report import load_report

    hint = "See `sasan prepare --help`."
    try:
        re.compile(subject)
        config = PreparationConfig(
            domains={
                "a": _source(name_a, modality_a, a, labels_a, window, percentiles),
                "b": _source(name_b, modality_b, b, labels_b, window, percentiles),
            },
            labels=[
                LabelCard(value=value, name=text, color=_COLORS[(value - 1) % len(_COLORS)])
                for value, text in enumerate(label or [], start=1)
            ],
            paired=paired,
            masks=masks,
            register_pairs=register_pairs,
            grid=GridCard(planes=plane or ["axial"], spacing_mm=spacing, size=size),
            validation_subjects=validation,
            subject_pattern=subject,
        )
    except re.error as error:
        raise SASANError(f"{subject!r} is not a regular expression: {error}.", hint) from error
    except ValidationError as error:
        raise SASANError(f"{first_complaint(error)}.", hint) from error
    with preparation_progress() as progress:
        (check if only_check else run)(config, output, progress)
    report = load_report(output)
    _print_report(report, output)
    if report.count("error"):
        raise typer.Exit(PROBLEMS)


def _source(
    name: str,
    modality: str,
    images: Path,
    labels: Path | None,
    window: tuple[float, float],
    percentiles: tuple[float, float],
) -> "DomainSource":
    from SASANLib.training.preparation import DomainSource

    return DomainSource(
        name=name,
        modality=modality,
        images=images,
        labels=labels,
        window=window if modality == "CT" else None,
        percentiles=percentiles,
    )


def _print_report(report: "DataReport", folder: Path) -> None:
    """How much there is of what, and what is wrong or odd, the worst first; the rest is in report.csv."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from SASANLib.training.report import TABLE

    def say(text: str) -> None:  # as it is: names of files are no markup
        console.print(Text(text), soft_wrap=True)

    console = Console()
    table = Table("domain", "split")
    for column in ("subjects", "volumes", "slices"):
        table.add_column(column, justify="right")
    for domain in report.domains.values():
        for split, counts in domain.counts.items():
            table.add_row(domain.name, split, str(counts.subjects), str(counts.volumes), str(counts.slices))
    console.print(table)
    alike = _alike(report)
    for problem, *others in alike[:_PROBLEMS_SHOWN]:
        case = "" if problem.case is None else f"{report.domains[problem.domain].name} {problem.case}"
        more = f" and {len(others)} more" * bool(others)
        message = f"{problem.message.rstrip('.')}. {problem.remedy}".replace("?.", "?")
        say(f"{problem.severity}: {case}{more}{': ' * bool(case)}{message}")
    if len(alike) > _PROBLEMS_SHOWN:
        say(f"and {sum(map(len, alike[_PROBLEMS_SHOWN:]))} more")
    pictures = [*report.pictures, *(pair.picture for pair in report.pairs if pair.picture)]
    if pictures:
        say(f"{len(pictures)} picture{'s' * (len(pictures) != 1)} in {(folder / pictures[0]).parent}.")
    say(f"A line a volume is in {folder / TABLE}.")


def _alike(report: "DataReport") -> list[list["Problem"]]:
    """The problems, those together that say the same of volumes of one domain, but for numbers."""
    groups: dict[tuple, list[Problem]] = {}
    for n, problem in enumerate(report.problems):
        said = n if problem.severity == "error" or problem.case is None else re.sub(r"\d+", "", problem.message)
        groups.setdefault((problem.severity, problem.domain, said), []).append(problem)
    return list(groups.values())
