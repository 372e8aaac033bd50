"""The command line, `sasan`. One file per command; each imports the library only when its command runs."""

import sys
from typing import Annotated

import typer

from SASANLib import __version__
from SASANLib.cli import demo, model, prepare, train, translate
from SASANLib.errors import Cancelled, SASANError

USAGE_ERROR = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

app = typer.Typer(
    name="sasan",
    help="Translate medical images between modalities, with attention maps, segmentation and uncertainty.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback that prints local variables would print arrays.
    pretty_exceptions_enable=False,
)
COMMANDS = (translate, model, demo, prepare, train)
for command in COMMANDS:
    command.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sasan {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    pass


def main(arguments: list[str] | None = None) -> int:
    """Run `sasan` and return its exit code: 0; 1 some cases failed; 2 wrong usage or input; 130 interrupted.

    What a user can put right is one line on stderr. Anything else is a bug and keeps its traceback.
    """
    try:
        app(arguments, prog_name="sasan")
    except SystemExit as stop:  # how typer ends, well or not
        return stop.code if isinstance(stop.code, int) else 0
    except Cancelled as error:
        return _fail(str(error), INTERRUPTED)
    except SASANError as error:
        return _fail(f"error: {error}", USAGE_ERROR)
    except KeyboardInterrupt:
        return _fail("Interrupted.", INTERRUPTED)
    return 0


def _fail(text: str, code: int) -> int:
    # Messages quote file names and card fields, and an escape sequence among them is a terminal's command.
    line = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    print(line, file=sys.stderr)
    return code
