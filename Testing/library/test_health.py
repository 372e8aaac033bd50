"""Events that say a run goes nowhere: a discriminator that always wins, validations that no longer improve."""

from types import SimpleNamespace

import pytest
import torch

from SASANLib import losses
from SASANLib.training.config import ObjectiveConfig, TrainingConfig
from SASANLib.training.health import DOMINANT, Dominance, Stalling, dominance, leading, since_best
from SASANLib.training.job import Job


class Recorder:
    """As much of an engine as these hooks see, with a real job's log."""

    def __init__(self, folder, **settings):
        self.config = TrainingConfig(data=folder / "data", **settings)
        self.job = Job.create(folder / "job", self.config)
        self.state = SimpleNamespace(step=0)
        self.finished = False

    def log(self, event, **values):
        self.job.log(event, step=self.state.step, **values)

    def told(self, *kinds):
        return [(e["event"], e["step"]) for e in self.job.events() if e["event"] in kinds]


# ---- dominance


def test_the_ratio_of_a_guessing_and_of_an_unfailing_discriminator():
    config = ObjectiveConfig(adversarial=2, discriminator=0.5, segmentation_adversarial=3)
    terms = {}
    for d, score_of_real, score_of_fake in (("a", 0.5, 0.5), ("b", 1.0, 0.0)):
        real, fake = torch.full((4,), score_of_real), torch.full((4,), score_of_fake)
        terms[f"discriminator/{d}"] = 0.5 * losses.lsgan_discriminator(real, fake).item()
        terms[f"adversarial/{d}"] = 2 * losses.lsgan_generator(fake).item()
    terms |= {"segmentation_discriminator": 0.5 * 4 * 0.5, "segmentation_adversarial": 3 * 4 * 0.25, "cycle/a": 9}
    assert dominance(terms, config) == pytest.approx(
        {"discriminator/a": 2, "discriminator/b": 0, "segmentation_discriminator": 2}
    )
    assert dominance({"voxel/a": 1.0}, ObjectiveConfig(discriminator=0)) == {}


def test_dominance_is_said_once_until_it_ends(tmp_path):
    engine, hook = Recorder(tmp_path), Dominance(every=2)

    def steps(*losses_of_b):
        for loss in losses_of_b:
            engine.state.step += 1
            terms = {"discriminator/a": 0.4, "adversarial/a": 0.3, "discriminator/b": loss, "adversarial/b": 0.9}
            hook.after_step(engine, terms)

    lost, won = 0.5, 0.9 * DOMINANT / 2
    steps(lost, lost)
    steps(lost, won)  # on average not
    assert engine.told("dominance") == []
    steps(won, won, won, won)
    assert engine.told("dominance") == [("dominance", 6)]
    steps(lost, lost, won, won)
    assert engine.told("dominance") == [("dominance", 6), ("dominance", 12)]
    *_, event = engine.job.events()
    assert (
        event["term"] == "discriminator/b" and event["ratio"] == DOMINANT / 2 and "discriminator/b" in event["message"]
    )


# ---- stalling


def metrics(forth: float, back: float | None = None) -> list[dict]:
    rows = [("mr-to-ct", "MAE (HU)", forth), ("mr-to-ct", "PSNR (dB)", 1.0), ("mr-to-ct", "Dice", 0.1)]
    rows += [] if back is None else [("ct-to-mr", "Dice", back)]
    return [{"direction": d, "metric": m, "mean": v, "sd": 0.0, "subjects": 1} for d, m, v in rows]


def test_the_leading_measures():
    assert leading(metrics(70.0, 0.75)) == {"mr-to-ct": 70.0, "ct-to-mr": 0.25}
    assert leading(list(reversed(metrics(70.0)))) == {"mr-to-ct": 70.0}


def test_either_direction_counts():
    assert since_best([{"x": 3, "y": 3}, {"x": 4, "y": 2}, {"x": 5, "y": 2}, {"x": 3, "y": 2}]) == 2
    assert since_best([{"x": 3}, {"x": 2}]) == since_best([{}]) - 1 == 0


def validate(engine, hook, *values):
    for value in values:
        engine.state.step += 10
        engine.log("validation", metrics=metrics(value))
        hook.after_step(engine, {})


def test_stalling_is_said_once_until_it_gets_better(tmp_path):
    engine, hook = Recorder(tmp_path, validate_every=10), Stalling(patience=2)
    hook.after_step(engine, {})
    validate(engine, hook, 5, 4, 4, 4.5)
    assert engine.told("stalled") == [("stalled", 40)]
    validate(engine, hook, 4.5, 4.1, 3, 3)
    assert engine.told("stalled") == [("stalled", 40)]
    engine.state.step += 5  # no validation here
    hook.after_step(engine, {})
    engine.state.step += 5
    engine.log("validation", metrics=metrics(9))
    hook.after_step(engine, {})
    assert engine.told("stalled") == [("stalled", 40), ("stalled", 90)]
    *_, event = engine.job.events()
    assert event["best_step"] == 70 and "step 70" in event["message"]


def test_a_resumed_run_counts_on_without_what_is_void(tmp_path):
    engine = Recorder(tmp_path, validate_every=10)
    engine.log("started")
    validate(engine, Stalling(patience=2), 5, 6, 4)  # killed: the last checkpoint was that of step 20
    engine.state.step = 20
    engine.log("resumed")
    validate(engine, Stalling(patience=2), 6)
    assert engine.told("stalled") == [("stalled", 30)]
