"""A job folder: whoever opens it can follow, stop or resume the training it holds.

`job.json` is the resolved configuration, `events.jsonl` what happened, `checkpoint.pt` where to go on from,
`previews/` pictures of fixed validation slices, `stop` (when present) a request to stop, `lock` held by the process
that trains, `model/` the exported bundle.

`events.jsonl` has a JSON object a line, in the order of time: `time` (seconds since 1970), `event`, `step`, and

    started, resumed   total                                             a process began or went on at `step`
    step               total, terms, seconds_per_step, learning_rate     means since the last such line
    validation         metrics                                           rows of means over subjects
    notice, exported   message
    dominance          term, ratio, message      a discriminator wins all the time
    stalled            best_step, message        validations no longer improve
    stopped, finished                                                    the process ended, the checkpoint is saved
    failed             message                                           the process ended, the last checkpoint stays

A process that is killed leaves no last line, but the `lock` free. The one that resumes goes back to the checkpoint:
after `resumed` at step s, whatever the log told before of steps beyond s is void, and those steps come again
(`standing` leaves the void out).
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from pydantic import ValidationError

from SASANLib.complaints import first_complaint
from SASANLib.errors import SASANError
from SASANLib.files import atomic_write, remove_temporaries, write_error
from SASANLib.training.config import TrainingConfig
from SASANLib.training.lock import Locked, lock_file


class Job:
    """Paths and files of one job folder."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.config_file = self.folder / "job.json"
        self.events_file = self.folder / "events.jsonl"
        self.checkpoint_file = self.folder / "checkpoint.pt"
        self.stop_file = self.folder / "stop"
        self.lock_file = self.folder / "lock"
        self.previews = self.folder / "previews"
        self.model = self.folder / "model"

    @classmethod
    def create(cls, folder: Path, config: TrainingConfig) -> "Job":
        """A new job. Raises SASANError where there is one already, or the folder cannot be written."""
        job = cls(folder)
        job.refuse_existing()
        try:
            job.previews.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(job.folder, error) from error
        with atomic_write(job.config_file) as temporary:
            temporary.write_text(config.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return job

    def refuse_existing(self) -> None:
        """Raises: SASANError when the folder holds a job."""
        if self.config_file.exists():
            raise SASANError(
                f"{self.folder} already holds a training job.", "Resume it with --resume, or choose another folder."
            )

    def config(self) -> TrainingConfig:
        """Raises: SASANError when the folder holds no job, or one whose configuration is not understood."""
        try:
            return TrainingConfig.model_validate_json(self.config_file.read_bytes())
        except FileNotFoundError as error:
            raise SASANError(f"{self.folder} holds no training job: job.json is missing.", "Check the path.") from error
        except ValidationError as error:
            raise SASANError(
                f"{self.config_file} is not a job of this version: {first_complaint(error)}.", "Start a new job."
            ) from error
        except OSError as error:
            raise SASANError(f"Cannot read {self.config_file}: {error.strerror}.", "Check its permissions.") from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the one process that trains this job, and put away what killed ones left half-written.

        Raises: SASANError when another one is training it.
        """
        try:
            with lock_file(self.lock_file):
                for folder in (self.folder, self.previews):
                    remove_temporaries(folder)
                yield
        except Locked as error:
            raise SASANError(
                f"{self.folder} is being trained by another process ({error}).",
                f"Wait for it, or stop it by creating the file {self.stop_file}.",
            ) from error

    def config_sha256(self) -> str:
        return hashlib.sha256(self.config_file.read_bytes()).hexdigest()

    def log(self, event: str, **values) -> dict:
        """Append one line to `events.jsonl`."""
        line = {"time": round(time.time(), 3), "event": event, **values}
        try:
            with open(self.events_file, "ab+") as file:
                # A killed process may have left half a line, which must not swallow this one.
                if file.seek(0, os.SEEK_END) and file.seek(-1, os.SEEK_END) >= 0 and file.read(1) != b"\n":
                    file.write(b"\n")
                file.write(json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise write_error(self.events_file, error) from error
        return line

    def events(self) -> Iterator[dict]:
        """The events so far. A line that a killed process left unfinished is passed over."""
        if not self.events_file.exists():
            return
        for line in self.events_file.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def save_checkpoint(self, state: dict) -> None:
        """Atomic: a process killed meanwhile, or a full disk, leaves the previous checkpoint."""
        with atomic_write(self.checkpoint_file) as temporary:
            try:
                torch.save(state, temporary)
            except RuntimeError as error:  # torch's own writer says so of a full disk
                raise SASANError(
                    f"Cannot write {self.checkpoint_file}: {error}.", "Free some space on that disk."
                ) from error

    def load_checkpoint(self) -> dict | None:
        """The last checkpoint's state, on the CPU, or None before the first. Nothing is unpickled but tensors."""
        if not self.checkpoint_file.exists():
            return None
        try:
            return torch.load(self.checkpoint_file, map_location="cpu", weights_only=True)
        except Exception as error:
            raise SASANError(
                f"{self.checkpoint_file} is damaged.", "Delete it to start the job from its beginning."
            ) from error


def standing(events: Iterable[dict]) -> list[dict]:
    """The events without those that a killed process told of steps beyond the checkpoint that was gone on from."""
    kept: list[dict] = []
    for event in events:
        if event["event"] in ("started", "resumed"):
            kept = [earlier for earlier in kept if earlier["step"] <= event["step"]]
        kept.append(event)
    return kept
