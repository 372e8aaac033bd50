"""The training loop: state, batches and objective in; hooks decide what else happens after a step."""

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

import torch

from SASANLib.errors import SASANError
from SASANLib.training.config import TrainingConfig
from SASANLib.training.dataset import PreparedDataset
from SASANLib.training.finite import loss_not_finite
from SASANLib.training.job import Job
from SASANLib.training.objective import Objective, Terms
from SASANLib.training.prefetch import Prefetch
from SASANLib.training.ranks import Ranks
from SASANLib.training.sampling import Batches
from SASANLib.training.state import TrainingState, learning_rate_factor


class Hook:
    """Something that happens along a run. Hooks run in order; any of them may set `engine.stop_requested`."""

    def before_run(self, engine: "Engine") -> None:
        """Before the first step of this process."""

    def after_step(self, engine: "Engine", terms: dict[str, float]) -> None:
        """After each step, with its weighted terms."""

    def asked_to_save(self, engine: "Engine") -> None:
        """Between two steps, when somebody set `engine.checkpoint_requested`."""

    def after_run(self, engine: "Engine") -> None:
        """After the last step, also of a run that was asked to stop."""


class Engine:
    """One job's training, from its checkpoint on where it has one.

    `report` is called with every event that goes to the job's log. Of several processes all train, and the first
    alone has hooks, writes and reports; whatever one of them is asked for, all hear of between two steps.
    """

    def __init__(
        self,
        job: Job,
        device: torch.device,
        hooks: list[Hook],
        report: Callable[[dict], None] = lambda _: None,
        ranks: Ranks | None = None,
    ):
        self.job, self.device, self.report = job, device, report
        self.ranks = ranks or Ranks(device)
        self.hooks = hooks if self.ranks.first else []
        self.config = job.config()
        self.dataset = PreparedDataset(self.config.data)
        check_against_data(self.config, self.dataset)
        self.batches = Batches(self.dataset, self.config, self.ranks.rank, self.ranks.count)
        self.prefetch = Prefetch(self.batches, device)
        self.objective = Objective(self.config.objective, self.ranks.summed)
        self.state = TrainingState(self.config, device)
        self.stop_requested = self.checkpoint_requested = False
        if (checkpoint := job.load_checkpoint()) is not None:
            try:
                self.state.load_state_dict(checkpoint)
            except (RuntimeError, KeyError, ValueError, AttributeError, TypeError) as error:
                raise SASANError(
                    f"{job.checkpoint_file} is not a checkpoint of this job: its networks are others.",
                    "Put back the job.json that it was trained with, or start a new job.",
                ) from error

    @property
    def total_steps(self) -> int:
        optimiser = self.config.optimiser
        epochs = optimiser.constant_epochs + optimiser.decay_epochs
        return self.config.max_steps or max(1, math.ceil(epochs * self.batches.steps_per_epoch))

    @property
    def finished(self) -> bool:
        return self.state.step >= self.total_steps

    def log(self, event: str, **values) -> None:
        if self.ranks.first:
            self.report(self.job.log(event, step=self.state.step, **values))

    def autocast(self) -> AbstractContextManager:
        if self.config.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def run(self) -> None:
        """Train to the end, or until a hook or a signal sets `stop_requested`. Once: it closes what reads ahead.

        Raises:
            SASANError: a loss or a weight that is not finite, a full disk. The job's last checkpoint stays.
        """
        try:
            self._run()
        except Exception as error:
            with suppress(SASANError):  # on a full disk there is no log either, and `error` says so
                self.log("failed", message=str(error))
            raise
        finally:
            self.prefetch.close()

    def _run(self) -> None:
        for hook in self.hooks:
            hook.before_run(self)
        while not (self.finished or self._asked_to_stop()):
            started = time.monotonic()
            terms = self.train_step()
            self.state.step += 1
            self.state.seconds += time.monotonic() - started
            for hook in self.hooks:
                hook.after_step(self, terms)
        for hook in self.hooks:
            hook.after_run(self)

    def _asked_to_stop(self) -> bool:
        """Whether any process was asked to stop. If any was asked to save, it happens here."""
        stop, save = self.ranks.any(self.stop_requested, self.checkpoint_requested)
        if save:
            self.checkpoint_requested = False
            for hook in self.hooks:
                hook.asked_to_save(self)
        return stop

    def train_step(self) -> dict[str, float]:
        """One update of the networks, then one of the discriminators on the same, detached fakes."""
        optimiser, step, state = self.config.optimiser, self.state.step, self.state
        batch = self.prefetch.at(step)
        factor = learning_rate_factor(step, self.batches.steps_per_epoch, optimiser)
        state.set_learning_rate(optimiser.learning_rate * factor)
        warming_up = step < optimiser.warmup_steps and bool(batch.labels)
        frozen = self.config.objective.freeze_labelled_attention and not warming_up
        for domain in batch.labels:
            state.networks.attention[domain].requires_grad_(not frozen)

        if warming_up:
            with self.autocast():
                terms = self.objective.warmup_terms(state.networks, batch)
            values = self._update("networks", terms)
        else:
            state.discriminators.requires_grad_(False)
            with self.autocast():
                made = self.objective.translate(state.networks, batch)
                terms = self.objective.generator_terms(state.networks, state.discriminators, batch, made)
            values = self._update("networks", terms)
            state.discriminators.requires_grad_(True)
            with self.autocast():
                judged = self.objective.discriminator_terms(state.discriminators, batch, made)
            values |= self._update("discriminators", judged)
        if state.mean is not None:
            state.mean.update(state.networks)
        return values

    def _update(self, name: str, terms: Terms) -> dict[str, float]:
        """One step of an optimiser on the sum of the terms, whose values are returned."""
        if not terms:
            return {}
        # All at once: each number that is read from a GPU by itself waits for it.
        losses = torch.stack([term.detach() for term in terms.values()])
        self.ranks.average([losses])
        values = dict(zip(terms, losses.tolist(), strict=True))
        if term := loss_not_finite(values):
            raise SASANError(
                f"Training stopped at step {self.state.step}: the loss {term} is not finite.",
                f"The last checkpoint of {self.job.folder} is kept; try a lower learning rate or float32.",
            )
        optimiser = self.state.optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        sum(terms.values()).backward()
        parameters = [p for group in optimiser.param_groups for p in group["params"]]
        self.ranks.average(p.grad for p in parameters if p.grad is not None)
        optimiser.step()
        return values


def check_against_data(config: TrainingConfig, dataset: PreparedDataset) -> None:
    """Raises: SASANError when the configuration asks for what the data has not."""
    if config.network.classes != dataset.classes:
        raise SASANError(
            f"The data in {dataset.folder} has {dataset.classes} classes, the job's network {config.network.classes}.",
            "Leave network.classes out of the settings, or set it to the data's.",
        )
    if config.objective.voxel and not dataset.card.paired:
        raise SASANError(
            f"objective.voxel needs paired data, and {dataset.folder} was prepared without pairs.",
            "Set it to 0, or prepare the data with --paired.",
        )
