"""`sasan train`: start or resume a training job and follow it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from SASANLib.training.job import Job

HELP = "Train a model from prepared data, or resume a job where its last checkpoint left it."
STOPPED = 130  # as shells have it after Ctrl-C


def register(app: typer.Typer) -> None:
    app.command("train", help=HELP)(train)


def train(
    job: Annotated[Path, typer.Argument(help="The job folder: new, or with --resume an existing one.")],
    data: Annotated[Path | None, typer.Option(help="Folder that `sasan prepare` wrote.")] = None,
    config: Annotated[Path | None, typer.Option(help="JSON file of settings that differ from the preset.")] = None,
    preset: Annotated[str, typer.Option(help="paper or released.")] = "paper",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the job in the folder.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    from SASANLib.cli.settings import configuration
    from SASANLib.devices import resolve_device
    from SASANLib.errors import SASANError
    from SASANLib.training.job import Job

    resolve_device(device)  # a job that cannot run here is not begun
    if resume:
        if data or config:
            raise SASANError(
                "A resumed job has its data and settings already.", "Leave out --data and --config, or --resume."
            )
        opened = Job(job)
        opened.config()
    else:
        Job(job).refuse_existing()
        opened = Job.create(job, configuration(data, config, preset))
    raise typer.Exit(train_job(opened, device))


def train_job(job: "Job", device: str) -> int:
    """Run a job to its end, drawing its events, and export its model: 0 when finished, 130 when stopped before."""
    from SASANLib.cli.progress import TrainingProgress
    from SASANLib.devices import resolve_device
    from SASANLib.training.engine import Engine
    from SASANLib.training.export import export
    from SASANLib.training.hooks import Checkpoints, Log, StopFile, stop_on_signals
    from SASANLib.training.validation import Validation

    with job.lock(), TrainingProgress() as progress:
        hooks = [Checkpoints(), StopFile(), Validation(), Log()]
        engine = Engine(job, resolve_device(device), hooks, report=progress.show)
        if engine.finished and job.model.exists():
            progress.say(f"{job.folder} is finished: {engine.state.step} steps. Its model is in {job.model}.")
            return 0
        if not engine.finished:
            with stop_on_signals(engine):
                engine.run()
        if engine.finished:
            export(engine)
            return 0
        progress.say(f"Stopped after step {engine.state.step} of {engine.total_steps}. Go on with --resume.")
        return STOPPED
