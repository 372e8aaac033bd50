"""A training job's events, and a preparation's, drawn with rich as they come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_TERMS_SHOWN = 4


class TrainingProgress:
    """One bar for the run, a line a validation; `show` takes an event of `events.jsonl`.

    Without a terminal there is no bar, but a line for every event.
    """

    def __init__(self):
        self.console = Console(stderr=True)
        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
        self.bar = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self.task = self.bar.add_task("starting", total=None)

    def __enter__(self) -> "TrainingProgress":
        self.bar.start()
        return self

    def __exit__(self, *_) -> None:
        self.bar.stop()

    def say(self, text: str) -> None:
        """A line of its own, as it is: names of files are no markup."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def show(self, event: dict) -> None:
        kind, step = event["event"], event["step"]
        if kind == "step":
            self._show_step(event)
        elif kind == "validation":
            for row in event["metrics"]:
                text = "step {step}  {direction}  {metric} {mean:.4g} ± {sd:.2g} ({subjects} subjects)"
                self.say(text.format(step=step, **row))
        elif kind != "failed":  # the error itself is told by whoever catches it
            if "total" in event:
                self.bar.update(self.task, completed=step, total=event["total"], description=kind)
            self.say(f"step {step}: {event.get('message', kind)}")

    def _show_step(self, event: dict) -> None:
        largest = sorted(event["terms"].items(), key=lambda item: -item[1])[:_TERMS_SHOWN]
        losses = "  ".join(f"{name} {value:.3g}" for name, value in largest)
        self.bar.update(self.task, completed=event["step"], description=escape(losses))
        if not self.console.is_terminal:
            self.say(f"step {event['step']} of {event['total']}: {losses} ({event['seconds_per_step']:.2g} s a step)")


@contextmanager
def preparation_progress() -> Iterator[Callable[[int, int, str], None]]:
    """A bar for `prepare`; yields its progress callback."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, what: bar.update(task, completed=done, total=total, description=escape(what))
