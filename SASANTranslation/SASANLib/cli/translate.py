"""`sasan translate`: files, DICOM folders and folders of volumes, one result folder each."""

import time
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from SASANLib.cli.case_progress import CaseProgress
from SASANLib.errors import Cancelled, SASANError

if TYPE_CHECKING:
    from SASANLib.cases import CaseTable
    from SASANLib.translation import Translator

SOME_FAILED = 1


class Planes(str, Enum):
    """Planes of slices as the command line names them."""

    axial = "axial"
    coronal = "coronal"
    sagittal = "sagittal"
    all = "all"


class Format(str, Enum):
    """Formats of the results."""

    nrrd = "nrrd"
    nifti = "nii.gz"


DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
ModelOption = Annotated[str, typer.Option(metavar="NAME|PATH", help="An installed model, a folder or a .zip.")]


def register(app: typer.Typer) -> None:
    """Add the `translate` command."""
    app.command()(translate)


def translate(
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT...", help="Volumes (NRRD, NIfTI, MHA), DICOM folders, or folders of them."),
    ],
    direction: Annotated[str, typer.Option(help="From what to what: mr-to-ct or ct-to-mr.")],
    output: Annotated[Path, typer.Option(help="Folder for one result folder per case, and cases.csv.")],
    model: ModelOption = "brain-mr-ct",
    planes: Annotated[
        Planes | None, typer.Option(help="Slices to translate; all: the average of the model's planes.")
    ] = None,
    flips: Annotated[
        bool | None,
        typer.Option(
            "--flips/--no-flips",
            help="Average with mirrored slices (default: if nothing else tells the uncertainty).",
        ),
    ] = None,
    device: DeviceOption = "auto",
    batch_size: Annotated[int | None, typer.Option(min=1, help="Slices at a time (default: by device).")] = None,
    format: Annotated[Format, typer.Option(help="Format of the volumes written.")] = Format.nrrd,
    resume: Annotated[bool, typer.Option("--resume", help="Skip cases that are done and intact.")] = False,
) -> None:
    """Translate volumes from one modality to the other.

    The exit code is 0 when every case succeeded, 1 when some failed, 2 when nothing could be tried.
    """
    from SASANLib.cases import case_names

    translator = load_translator(model, direction, device, batch_size)
    chosen = chosen_planes(translator, planes)
    found, missing = _find(inputs)
    if not found:
        raise missing[0][1] if missing else SASANError("There is nothing to translate.", "Give a volume.")
    table = _open_table(output)
    job = _Job(translator, direction, chosen, flips, f".{format.value}", resume)
    with CaseProgress() as progress:
        failures = 0
        for path, error in missing:
            failures += 1
            _record_failure(table, progress, path.name, path, 0.0, error)
        try:
            for name, path in zip(case_names(found), found, strict=True):
                failures += not _case(job, name, path, output / name, table, progress)
        except KeyboardInterrupt as interrupt:
            raise Cancelled("Interrupted: finished cases are kept.", "--resume goes on from here.") from interrupt
    if failures:
        raise typer.Exit(SOME_FAILED)


def load_translator(model: str, direction: str, device: str, batch_size: int | None = None) -> "Translator":
    """Everything that can be wrong with the call itself is wrong here, before anything is written."""
    from SASANLib.devices import resolve_device
    from SASANLib.model import find_bundle, load_bundle
    from SASANLib.translation import Translator

    resolve_device(device)
    bundle = load_bundle(find_bundle(model))
    bundle.direction(direction)
    return Translator(bundle, device, batch_size)


def chosen_planes(translator: "Translator", planes: Planes | None) -> tuple[str, ...]:
    """The model's planes that an option means.

    Raises:
        SASANError: the model was not trained on that plane.
    """
    if planes is None:
        return translator.planes(None)
    return translator.planes(translator.card.grid.planes if planes is Planes.all else [planes.value])


@dataclass(frozen=True)
class _Job:
    """What is the same for every case."""

    translator: "Translator"
    direction: str
    planes: tuple[str, ...]
    flips: bool | None
    suffix: str
    resume: bool


def _find(inputs: list[Path]) -> tuple[list[Path], list[tuple[Path, SASANError]]]:
    """The volumes in `inputs`, each once, and what went wrong with the others."""
    from SASANLib.volumes import find_volumes

    found: dict[Path, Path] = {}
    failed = []
    for path in inputs:
        try:
            found.update((volume.resolve(), volume) for volume in find_volumes(path))
        except SASANError as error:
            failed.append((path, error))
    return list(found.values()), failed


def _open_table(output: Path) -> "CaseTable":
    """The table in `output`, written at once: whether one may write there is better known before the work."""
    from SASANLib.cases import CaseTable

    existed = output.exists()
    make_folder(output)
    try:
        return CaseTable(output / "cases.csv")
    except SASANError:
        if not existed:
            with suppress(OSError):
                output.rmdir()
        raise


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, unless it exists.

    Raises:
        SASANError: naming it, when it cannot be.
    """
    from SASANLib.files import write_error

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error


def _case(job: _Job, name: str, path: Path, folder: Path, table: "CaseTable", progress: CaseProgress) -> bool:
    """Translate one case into `folder` and its row into the table; whether it succeeded."""
    from SASANLib.cases import CaseRow
    from SASANLib.results import check_replaceable, write_result
    from SASANLib.volumes import read_volume

    start = time.monotonic()
    try:
        check_replaceable(folder)
        volume = read_volume(path)
        if job.resume and _is_done(job, path, volume, folder):
            table.add(CaseRow(name, str(path), "skipped"))
            progress.tell(f"{name}: done already")
            return True
        translation = progress.translate(
            job.translator,
            volume,
            job.direction,
            case=name,
            name=str(path),
            planes=job.planes,
            flips=job.flips,
        )
        write_result(folder, volume, translation, job.translator.card, suffix=job.suffix)
    except Cancelled:
        raise
    except SASANError as error:
        _record_failure(table, progress, name, path, time.monotonic() - start, error)
        return False
    table.add(CaseRow(name, str(path), "done", time.monotonic() - start, notices=" ".join(translation.notices)))
    typer.echo(folder)
    return True


def _is_done(job: _Job, path: Path, volume, folder: Path) -> bool:
    from SASANLib.provenance import same_translation
    from SASANLib.results import read_record

    record = read_record(folder)
    if record is None or f"synthetic{job.suffix}" not in record["files"]:
        return False
    wanted = job.translator.provenance(volume, job.direction, name=str(path), planes=job.planes, flips=job.flips)
    return same_translation(record["provenance"], wanted)


def _record_failure(
    table: "CaseTable", progress: CaseProgress, name: str, path: Path, seconds: float, error: SASANError
) -> None:
    from SASANLib.cases import CaseRow

    progress.tell(f"error: {name}: {error}")
    # When the disk is full the table cannot be written either, and the user has just been told why.
    with suppress(SASANError):
        table.add(CaseRow(name, str(path), "failed", seconds, error=str(error)))
