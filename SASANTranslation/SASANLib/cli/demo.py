"""`sasan demo`: a head phantom with a known CT, or the user's own volume, through the bundled model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from SASANLib.cli.case_progress import CaseProgress
from SASANLib.cli.translate import (
    DeviceOption,
    ModelOption,
    Planes,
    chosen_planes,
    load_translator,
    make_folder,
)

if TYPE_CHECKING:
    from SASANLib.volumes import Volume

PHANTOM = "head_phantom"


def register(app: typer.Typer) -> None:
    """Add the `demo` command."""
    app.command()(demo)


def demo(
    output: Annotated[Path, typer.Option(help="Folder for the result.")] = Path("demo"),
    input: Annotated[Path | None, typer.Option(help="A head MR (default: a built-in phantom).")] = None,
    model: ModelOption = "brain-mr-ct",
    device: DeviceOption = "auto",
) -> None:
    """Translate a built-in head phantom, or your own head MR, to CT in all the model's planes.

    The phantom's own CT is known: it is written beside the synthetic one, and the error is printed.
    """
    from SASANLib.cases import case_names
    from SASANLib.results import check_replaceable, write_result

    direction = "mr-to-ct"
    translator = load_translator(model, direction, device)
    volume, known = _read(input)
    name = PHANTOM if input is None else case_names([input])[0]
    make_folder(output)
    folder = output / name
    check_replaceable(folder)
    with CaseProgress() as progress:
        translation = progress.translate(
            translator,
            volume,
            direction,
            case=name,
            name=name if input is None else str(input),
            planes=chosen_planes(translator, Planes.all),
        )
    write_result(folder, volume, translation, translator.card, extra={} if known is None else {"ct_known": known})
    typer.echo(folder)
    if known is not None:
        typer.echo(f"Mean absolute error in the body: {_error(translation.synthetic, known):.0f} HU")


def _read(path: Path | None) -> "tuple[Volume, Volume | None]":
    """The source, and the CT that it should become where that is known."""
    if path is None:
        from SASANLib.phantom import head_phantom

        phantom = head_phantom()
        return phantom.mr, phantom.ct
    from SASANLib.volumes import read_volume

    return read_volume(path), None


def _error(synthetic: "Volume", known: "Volume") -> float:
    from SASANLib.body import body_mask

    body = body_mask(known.array, "HU", known.spacing)
    return float(abs(synthetic.array[body] - known.array[body]).mean())
