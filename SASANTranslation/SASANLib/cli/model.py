"""`sasan model`: list, show, check and import model bundles."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from SASANLib.card import DomainCard, ModelCard

commands = typer.Typer(help="List, show, check and import models.", no_args_is_help=True)

NameOrPath = Annotated[str, typer.Argument(metavar="NAME|PATH", help="An installed model, a folder or a .zip.")]


def register(app: typer.Typer) -> None:
    """Add the `model` commands."""
    app.add_typer(commands, name="model")


@commands.command("list")
def list_models() -> None:
    """List the installed models."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from SASANLib.errors import SASANError
    from SASANLib.model import bundled_root, list_bundles, read_card, user_root

    table = Table("Name", "Version", "Directions", "Planes", "Anatomy", "Installed")
    names = set()
    for folder in list_bundles():
        place = "with SASAN" if folder.parent == bundled_root() else "by you"
        if folder.name in names:
            place += ", hidden by yours"
        names.add(folder.name)
        try:
            card = read_card(folder)
        except SASANError as error:
            table.add_row(Text(folder.name, "red"), "", Text(str(error), "red"), "", "", place)
            continue
        table.add_row(
            folder.name,
            card.version,
            ", ".join(card.directions),
            ", ".join(card.grid.planes),
            Text(card.anatomy),
            place,
        )
    console = Console()
    if names:
        console.print(table)
    else:
        console.print(f"No models are installed. `sasan model import` puts them into {user_root()}.", highlight=False)


@commands.command()
def show(model: NameOrPath) -> None:
    """Show a model's card."""
    from SASANLib.model import find_bundle, read_card

    _print_card(read_card(find_bundle(model)))


@commands.command()
def check(model: NameOrPath) -> None:
    """Check a model: its card, its weights' hash, and that they fit its networks."""
    from rich.console import Console
    from rich.text import Text

    from SASANLib.model import find_bundle, load_bundle

    path = find_bundle(model)
    bundle = load_bundle(path)
    count = sum(tensor.numel() for tensor in bundle.state.values())
    Console().print(
        Text(f"{path}: {bundle.card.name} {bundle.card.version} is valid ({count:,} parameters)."),
        soft_wrap=True,
    )


@commands.command("import")
def import_model(
    source: Annotated[Path, typer.Argument(metavar="PATH", help="A bundle: a folder or a .zip.")],
    to: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Put it into this folder [default: SASAN_MODELS, or your user data]."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a model of the same name.")] = False,
) -> None:
    """Check a model and install it."""
    from rich.console import Console
    from rich.text import Text

    from SASANLib.model import bundled_root, import_bundle, user_root

    destination = import_bundle(source, to or user_root(), replace=replace)
    console = Console()
    console.print(Text(f"Imported {destination.name} to {destination}."), soft_wrap=True)
    if to is None and (bundled_root() / destination.name).is_dir():
        console.print(Text(f"It takes the place of the {destination.name} that comes with SASAN."), soft_wrap=True)


def _print_card(card: "ModelCard") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(Text(f"{card.title} ({card.name} {card.version})", "bold"))
    console.print(Text(card.description))
    facts = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    grid = card.grid
    slices = f"{grid.size} × {grid.size} pixels of {grid.spacing_mm:g} mm, {', '.join(grid.planes)}"
    training = card.training
    rows = {
        "Anatomy": card.anatomy,
        "Directions": ", ".join(card.directions),
        card.domains.a.name: _domain_text(card.domains.a),
        card.domains.b.name: _domain_text(card.domains.b),
        "Slices": f"{slices}; {card.network.context_slices} at a time",
        "Trained on": f"{training.data} ({training.subjects} subjects, {training.steps:,} steps, "
        f"{training.hours:.1f} h on {training.device})",
        "Intended use": card.intended_use,
        "Limitations": card.limitations,
        "Licence": card.licence,
        "Attribution": card.attribution,
        "Citation": card.citation,
        "Weights": f"{card.weights.file}, {card.weights.dtype}, SHA-256 {card.weights.sha256}",
    }
    for name, value in rows.items():
        facts.add_row(Text(name, "bold"), Text(value))
    console.print(facts)
    if card.labels:
        labels = Table("Value", "Label", "Meaning (SNOMED CT)", title="Segmentation", title_justify="left")
        for label in card.labels:
            swatch = Text("■ ", "rgb({},{},{})".format(*label.color))
            code = label.snomed.type if label.snomed else None
            labels.add_row(
                str(label.value),
                swatch + Text(label.name),
                Text(f"{code.meaning} ({code.value})" if code else ""),
            )
        console.print(labels)
    if card.metrics:
        columns = list(dict.fromkeys(column for row in card.metrics for column in row))
        metrics = Table(title="Metrics", title_justify="left")
        for column in columns:
            metrics.add_column(Text(column))
        for row in card.metrics:
            metrics.add_row(*(Text(_cell(row.get(column))) for column in columns))
        console.print(metrics)


def _domain_text(domain: "DomainCard") -> str:
    mapping = domain.mapping
    if mapping.kind == "window":
        range_text = f"{mapping.low:g} to {mapping.high:g} {domain.units}"
    else:
        range_text = f"percentiles {mapping.lower:g} to {mapping.upper:g} of the body"
    return f"{domain.modality}, {range_text}; {domain.statistics.cases} training cases"


def _cell(value: str | int | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
