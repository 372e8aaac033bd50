"""`sasan train`: start or resume a training job and follow it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from SASANLib.training.job import Job
    from SASANLib.training.ranks import Ranks

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
    from SASANLib.training.ranks import is_first

    resolve_device(device)  # a job that cannot run here is not begun
    opened = Job(job)
    if resume:
        if data or config:
            raise SASANError(
                "A resumed job has its data and settings already.", "Leave out --data and --config, or --resume."
            )
        opened.config()
    elif is_first():  # the others open what it creates
        opened.refuse_existing()
        Job.create(job, configuration(data, config, preset))
    raise typer.Exit(train_job(opened, device))


def train_job(job: "Job", device: str) -> int:
    """Run a job to its end, drawing its events, and export its model: 0 when finished, 130 when stopped before.

    Under `torchrun` it is called in each process, and the first draws, writes and exports.
    """
    from SASANLib.training.ranks import joined

    with joined(device) as ranks:
        ranks.wait()  # until the first has written the job
        return _lead(job, ranks) if ranks.first else _follow(job, ranks)


def _lead(job: "Job", ranks: "Ranks") -> int:
    from SASANLib.cli.progress import TrainingProgress
    from SASANLib.training.engine import Engine
    from SASANLib.training.export import export
    from SASANLib.training.health import Dominance, Stalling
    from SASANLib.training.hooks import Checkpoints, Log, StopFile, heed_signals
    from SASANLib.training.validation import Validation

    with job.lock(), TrainingProgress() as progress:
        hooks = [Checkpoints(), StopFile(), Validation(), Dominance(), Stalling(), Log()]
        engine = Engine(job, ranks.device, hooks, report=progress.show, ranks=ranks)
        if engine.finished and job.model.exists():
            progress.say(f"{job.folder} is finished: {engine.state.step} steps. Its model is in {job.model}.")
            return 0
        if not engine.finished:
            with heed_signals(engine):
                engine.run()
        if engine.finished:
            export(engine)
            return 0
        progress.say(f"Stopped after step {engine.state.step} of {engine.total_steps}. Go on with --resume.")
        return STOPPED


def _follow(job: "Job", ranks: "Ranks") -> int:
    from SASANLib.training.engine import Engine
    from SASANLib.training.hooks import heed_signals

    engine = Engine(job, ranks.device, [], ranks=ranks)
    with heed_signals(engine):
        engine.run()
    return 0 if engine.finished else STOPPED
