"""What happens along a run besides training: checkpoints, a clean stop, the log."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from SASANLib.errors import SASANError
from SASANLib.training.engine import Engine, Hook
from SASANLib.training.finite import tensor_not_finite


class Checkpoints(Hook):
    """The state every `checkpoint_every` steps, when asked for, and at the end.

    One that is not finite never replaces the last.
    """

    def __init__(self):
        self.saved: int | None = None

    def before_run(self, engine: Engine) -> None:
        self.saved = engine.state.step if engine.job.checkpoint_file.exists() else None

    def after_step(self, engine: Engine, terms: dict[str, float]) -> None:
        if engine.state.step % engine.config.checkpoint_every == 0:
            self._save(engine)

    def asked_to_save(self, engine: Engine) -> None:
        self._save(engine)
        engine.log("notice", message=f"the state of step {engine.state.step} is saved, as was asked for")

    def after_run(self, engine: Engine) -> None:
        self._save(engine)

    def _save(self, engine: Engine) -> None:
        if self.saved == engine.state.step:
            return
        state = engine.state.state_dict()
        if broken := tensor_not_finite(state):
            raise SASANError(
                f"Training stopped at step {engine.state.step}: {broken} is not finite.",
                f"The last checkpoint of {engine.job.folder} is kept; try a lower learning rate or float32.",
            )
        engine.job.save_checkpoint(state)
        self.saved = engine.state.step


class StopFile(Hook):
    """A file called `stop` in the job folder asks for a clean stop, and is taken away by it."""

    def before_run(self, engine: Engine) -> None:
        engine.job.stop_file.unlink(missing_ok=True)

    def after_step(self, engine: Engine, terms: dict[str, float]) -> None:
        if engine.job.stop_file.exists():
            engine.stop_requested = True

    def after_run(self, engine: Engine) -> None:
        engine.job.stop_file.unlink(missing_ok=True)


class Log(Hook):
    """Losses, rate and speed to the job's events, averaged over the steps since the last multiple of `every`.

    It comes last among the hooks, so that "finished" and "stopped" are said when all is done.
    """

    def __init__(self, every: int = 20):
        self.every = every
        self.sums: dict[str, float] = {}
        self.count = 0
        self.seconds = 0.0

    def before_run(self, engine: Engine) -> None:
        self.seconds = engine.state.seconds
        engine.log("started" if engine.state.step == 0 else "resumed", total=engine.total_steps)

    def after_step(self, engine: Engine, terms: dict[str, float]) -> None:
        self.count += 1
        for name, value in terms.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        if engine.state.step % self.every == 0 or engine.finished:
            engine.log(
                "step",
                total=engine.total_steps,
                terms={name: round(value / self.count, 6) for name, value in self.sums.items()},
                seconds_per_step=round((engine.state.seconds - self.seconds) / self.count, 4),
                learning_rate=engine.state.optimisers["networks"].param_groups[0]["lr"],
            )
            self.sums, self.count, self.seconds = {}, 0, engine.state.seconds

    def after_run(self, engine: Engine) -> None:
        engine.log("finished" if engine.finished else "stopped")


@contextmanager
def heed_signals(engine: Engine) -> Iterator[None]:
    """Ctrl-C and SIGTERM let the step end, the state be saved, and the run stop; SIGUSR1 has the state saved.

    A second signal to stop is not put off, unless there are several processes: `torchrun` hands on to them what it
    and often they too were sent, and has its own ways with those that do not end.
    """
    if threading.current_thread() is not threading.main_thread():  # where Python allows no handlers
        yield
        return
    previous = {}

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    def stop(*_) -> None:
        engine.stop_requested = True
        if engine.ranks.count == 1:
            restore()

    def save(*_) -> None:
        engine.checkpoint_requested = True

    previous.update({number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)})
    if usr1 := getattr(signal, "SIGUSR1", None):  # Windows has none
        previous[usr1] = signal.signal(usr1, save)
    try:
        yield
    finally:
        restore()
