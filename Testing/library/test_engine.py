"""The training loop: above all that a run stopped and resumed is the run that was never stopped."""

import json
import os
import signal
import threading

import pytest
import torch
from training_examples import training

from SASANLib.errors import SASANError
from SASANLib.training.config import OptimiserConfig
from SASANLib.training.engine import Engine, Hook
from SASANLib.training.hooks import Checkpoints, Log, StopFile, heed_signals
from SASANLib.training.job import Job
from SASANLib.training.ranks import Ranks
from SASANLib.training.state import learning_rate_factor
from SASANLib.training.validation import Validation

CPU = torch.device("cpu")
VOXEL_ONLY = {
    "adversarial": 0,
    "segmentation_adversarial": 0,
    "cycle": 0,
    "identity": 0,
    "regularisation": 0,
    "auxiliary": 0,
    "voxel": 1,
}


class At(Hook):
    """Does something after a step, or after every one."""

    def __init__(self, step: int | None, action):
        self.step, self.action = step, action

    def after_step(self, engine, terms):
        if self.step in (None, engine.state.step):
            self.action(engine)


class SharedAlone(Ranks):
    """One process that takes itself for one of several."""

    count = property(lambda _: 2, lambda *_: None)

    def any(self, *flags):
        return list(flags)

    def average(self, tensors):
        pass

    def summed(self, x):
        return x


def request_stop(engine) -> None:
    engine.stop_requested = True


def run(job: Job, *hooks: Hook, every: int = 2) -> Engine:
    """As `sasan train` does, in a process of its own as far as random numbers go."""
    torch.manual_seed(hash(str(job.folder)) % 1000)
    engine = Engine(job, CPU, [*hooks, Checkpoints(), StopFile(), Log(every)])
    engine.run()
    return engine


def story(job: Job) -> list[tuple[str, int]]:
    return [(event["event"], event["step"]) for event in job.events()]


def differences(first, second, path="") -> list[str]:
    """Where two nests of tensors differ by a bit."""
    if isinstance(first, torch.Tensor):
        return [] if torch.equal(first, second) and first.dtype == second.dtype else [path]
    if isinstance(first, dict):
        assert first.keys() == second.keys(), path
        return [d for key in first for d in differences(first[key], second[key], f"{path}/{key}")]
    if isinstance(first, list | tuple):
        assert len(first) == len(second), path
        return [d for n, (x, y) in enumerate(zip(first, second, strict=True)) for d in differences(x, y, f"{path}/{n}")]
    return [] if first == second else [path]


def checkpoint(job: Job) -> dict:
    state = job.load_checkpoint()
    del state["seconds"], state["random"]  # nothing is drawn from torch's own random numbers
    return state


SETTINGS = {
    # every term of the paper, pairs, three slices, crops, a running mean (both are on in all)
    "paper": ("paired", {"network": {"context_slices": 3}, "objective": {"voxel": 10}, "augmentation": {"patch": 32}}),
    # a warm-up, then a frozen attention module; a discriminator a class, weight decay, two slices a batch,
    # convolutions in half precision
    "released": (
        "unpaired",
        {
            "objective": {"freeze_labelled_attention": True, "pseudo_logits": 1, "segmentation_real": "predicted"},
            "discriminator": {"per_class": True},
            "optimiser": {"warmup_steps": 2, "batch_size": 2, "weight_decay": 2e-4, "constant_epochs": 0},
            "precision": "bfloat16",
        },
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_stopped_and_resumed_is_never_stopped(name, jobs, request):
    data, changes = SETTINGS[name]
    config = training(request.getfixturevalue(data), max_steps=4, **changes)
    straight, broken = (Job.create(jobs / which, config) for which in ("straight", "broken"))
    run(straight)
    for step in (1, 2, 3):
        assert run(broken, At(step, request_stop)).state.step == step
    halfway = checkpoint(broken)
    assert run(broken).finished
    expected, found = checkpoint(straight), checkpoint(broken)
    assert expected["step"] == found["step"] == 4
    assert differences(expected, found) == []
    # and all that is compared moves: a step earlier it was different
    moved = {path.split("/")[1] for path in differences(expected, halfway)}
    assert moved == {"step", "networks", "mean", "discriminators", "optimisers"}


def test_a_killed_run_goes_on_from_its_last_checkpoint(paired, jobs):
    config = training(paired, objective=VOXEL_ONLY, max_steps=4, checkpoint_every=2)
    straight, killed = (Job.create(jobs / which, config) for which in ("straight", "killed"))
    run(straight)

    def kill(_engine) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(killed, At(3, kill), every=1)
    assert killed.load_checkpoint()["step"] == 2
    run(killed, every=1)
    assert differences(checkpoint(straight), checkpoint(killed)) == []
    # Step 3 was not logged by the killed run; what it had logged beyond its checkpoint would come again.
    assert story(killed) == [
        ("started", 0),
        ("step", 1),
        ("step", 2),
        ("resumed", 2),
        ("step", 3),
        ("step", 4),
        ("finished", 4),
    ]


def test_initial_weights_depend_on_the_seed_alone(paired, jobs):
    states = []
    for name, seed in (("first", 7), ("again", 7), ("other", 8)):
        torch.manual_seed(len(name))
        job = Job.create(jobs / name, training(paired, seed=seed))
        before = torch.get_rng_state()
        states.append(Engine(job, CPU, []).state.networks.state_dict())
        assert torch.equal(before, torch.get_rng_state())
    assert differences(states[0], states[1]) == [] and differences(states[0], states[2])


def test_warm_up_then_a_frozen_attention_module(unpaired, jobs):
    """Of the networks, the warm-up trains the labelled attention alone, and what follows all but it."""
    config = training(
        unpaired,
        max_steps=2,
        objective={"freeze_labelled_attention": True},
        optimiser={"warmup_steps": 1, "ema": 0},
    )
    seen = []

    def keep(engine) -> None:
        state = {**engine.state.networks.state_dict(), **engine.state.discriminators.state_dict(prefix="judge.")}
        seen.append({name: tensor.clone() for name, tensor in state.items()})

    engine = Engine(Job.create(jobs / "job", config), CPU, [At(None, keep)])
    keep(engine)
    engine.run()
    assert engine.state.mean is None and engine.state.exported is engine.state.networks

    def moved(first: dict, second: dict) -> set[str]:
        return {".".join(name.split(".")[:2]) for name in first if not torch.equal(first[name], second[name])}

    everything = {".".join(name.split(".")[:2]) for name in seen[0]}
    assert moved(seen[0], seen[1]) == {"attention.a"}
    assert moved(seen[1], seen[2]) == everything - {"attention.a"}


def test_what_is_validated_is_the_running_mean(paired, jobs, monkeypatch):
    """And it is the mean of the weights after each step, with the configured decay and warm-up."""
    config = training(
        paired, objective=VOXEL_ONLY, max_steps=3, validate_every=3, optimiser={"ema": 0.75, "ema_warmup": 2}
    )
    name = "generator.b.head.1.weight"
    seen, validated = [], []
    monkeypatch.setattr(
        "SASANLib.training.validation.validate",
        lambda networks, *_: validated.append(networks.state_dict()[name].clone()) or [],
    )
    keep = At(None, lambda engine: seen.append(engine.state.networks.state_dict()[name].clone()))
    engine = run(Job.create(jobs / "job", config), keep, Validation())
    expected = 2 / 3 * seen[0] + 1 / 3 * seen[1]
    expected = 0.75 * expected + 0.25 * seen[2]
    assert torch.allclose(engine.state.exported.state_dict()[name], expected, atol=1e-7)
    assert torch.equal(validated[0], engine.state.exported.state_dict()[name])
    assert not torch.allclose(expected, seen[-1], atol=1e-7)


def test_the_papers_schedule():
    """Section 4.2: the full rate for 50 epochs, then linearly to 0 over 50; here of 10 steps each."""
    paper = OptimiserConfig()
    factors = [learning_rate_factor(step, 10, paper) for step in (0, 499, 500, 501, 750, 999, 1000, 2000)]
    assert factors == pytest.approx([1, 1, 1, 0.998, 0.5, 0.002, 0, 0])
    at_once = OptimiserConfig(constant_epochs=2, decay_epochs=0)
    assert [learning_rate_factor(step, 3, at_once) for step in (0, 5)] == [1, 1]


def test_a_run_is_as_long_as_its_epochs_and_decays(paired, jobs):
    """14 training slices: an epoch of 7 steps of 2."""
    config = training(
        paired,
        objective=VOXEL_ONLY,
        max_steps=None,
        optimiser={"batch_size": 2, "constant_epochs": 2 / 7, "decay_epochs": 3 / 7, "learning_rate": 0.001},
    )
    job = Job.create(jobs / "job", config)
    assert run(job, every=1).total_steps == 5
    rates = [event["learning_rate"] for event in job.events() if event["event"] == "step"]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-3, 2e-3 / 3, 1e-3 / 3])


def test_losses_fall(paired, jobs):
    """A few dozen steps on pairs: the translation gets much closer to its partner, the segmentation to its labels."""
    config = training(
        paired,
        objective=VOXEL_ONLY | {"auxiliary": 1, "auxiliary_fakes": False},
        augmentation={"rotation_degrees": 0, "scale": [1, 1], "flip_vertical": False, "patch": 32},
        optimiser={"learning_rate": 2e-3},
        max_steps=30,
    )
    job = Job.create(jobs / "job", config)
    run(job, every=5)
    terms = [event["terms"] for event in job.events() if event["event"] == "step"]
    for name, factor in (("voxel/a", 0.6), ("voxel/b", 0.6), ("auxiliary/a", 0.8), ("auxiliary/b", 0.8)):
        assert terms[-1][name] < factor * terms[0][name], (name, [step[name] for step in terms])


# ---- stopping


def test_the_stop_file(paired, jobs):
    job = Job.create(jobs / "job", training(paired, objective=VOXEL_ONLY))
    job.stop_file.touch()  # left from before: nobody is to stop
    engine = run(job, At(2, lambda engine: engine.job.stop_file.touch()), every=5)
    assert engine.state.step == 2 and not engine.finished
    assert not job.stop_file.exists() and job.load_checkpoint()["step"] == 2
    assert story(job) == [("started", 0), ("stopped", 2)]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send to oneself")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_cleanly(paired, jobs, number):
    assert threading.current_thread() is threading.main_thread()
    before = signal.getsignal(number)
    engine = Engine(
        Job.create(jobs / "job", training(paired, objective=VOXEL_ONLY)),
        CPU,
        [At(1, lambda _: os.kill(os.getpid(), number)), Checkpoints(), StopFile(), Log()],
    )
    with heed_signals(engine):
        assert signal.getsignal(number) != before
        engine.run()
        # A second one would not be put off.
        assert signal.getsignal(number) == before
    assert signal.getsignal(number) == before
    assert engine.job.load_checkpoint()["step"] == 1 and story(engine.job)[-1] == ("stopped", 1)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="Windows has no such signal")
def test_usr1_saves_and_training_goes_on(paired, jobs):
    job = Job.create(jobs / "job", training(paired, objective=VOXEL_ONLY))
    saved = []
    before = signal.getsignal(signal.SIGUSR1)
    hooks = [
        At(2, lambda _: os.kill(os.getpid(), signal.SIGUSR1)),
        At(3, lambda engine: saved.append(engine.job.load_checkpoint()["step"])),
        At(4, request_stop),
        Checkpoints(),
        Log(),
    ]
    engine = Engine(job, CPU, hooks)
    with heed_signals(engine):
        engine.run()
    assert saved == [2] and signal.getsignal(signal.SIGUSR1) == before
    assert story(job) == [("started", 0), ("notice", 2), ("stopped", 4)]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send to oneself")
def test_torchrun_may_say_it_twice(paired, jobs):
    """Its own processes are sent a signal by it, and often by whoever sent it to all: one save, not broken off."""
    job = Job.create(jobs / "job", training(paired, objective=VOXEL_ONLY))
    twice = At(2, lambda _: [os.kill(os.getpid(), signal.SIGTERM) for _ in range(2)])
    engine = Engine(job, CPU, [twice, Checkpoints()])
    engine.ranks = SharedAlone(CPU)
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.fail("the second signal was not put off"))
    try:
        with heed_signals(engine):
            engine.run()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert job.load_checkpoint()["step"] == 2


def test_signals_are_left_alone_where_python_cannot_catch_them(paired, jobs):
    engine = Engine(Job.create(jobs / "job", training(paired, max_steps=1, objective=VOXEL_ONLY)), CPU, [])

    def other_thread() -> None:
        with heed_signals(engine):
            engine.run()

    thread = threading.Thread(target=other_thread)
    thread.start()
    thread.join()
    assert engine.finished


def test_a_finished_job_does_nothing_more(paired, jobs):
    job = Job.create(jobs / "job", training(paired, objective=VOXEL_ONLY, max_steps=1))
    run(job)
    written = job.checkpoint_file.stat().st_mtime_ns
    assert run(job).state.step == 1
    assert job.checkpoint_file.stat().st_mtime_ns == written


# ---- events


def test_events_of_a_resumed_run(paired, jobs):
    config = training(paired, objective=VOXEL_ONLY, validate_every=4)
    job = Job.create(jobs / "job", config)
    run(job, At(3, request_stop), Validation())
    run(job, Validation())
    assert story(job) == [
        ("started", 0),
        ("step", 2),
        ("stopped", 3),
        ("resumed", 3),
        ("validation", 4),
        ("step", 4),
        ("validation", 6),
        ("step", 6),
        ("finished", 6),
    ]
    steps = [event for event in job.events() if event["event"] == "step"]
    assert all(step["total"] == 6 and step["seconds_per_step"] > 0 for step in steps)
    assert set(steps[0]["terms"]) == {"voxel/a", "voxel/b"}
    validation = next(event for event in job.events() if event["event"] == "validation")
    measures = {(row["direction"], row["metric"]) for row in validation["metrics"]}
    assert {("mr-to-ct", "MAE (HU)"), ("ct-to-mr", "MAE (a.u.)"), ("mr-to-ct", "Dice")} <= measures
    assert sorted(path.name for path in job.previews.iterdir()) == ["step_0000004.png", "step_0000006.png"]


def test_no_previews_where_none_are_wanted(paired, jobs):
    job = Job.create(jobs / "job", training(paired, objective=VOXEL_ONLY, max_steps=1, preview_cases=0))
    run(job, Validation())
    assert list(job.previews.iterdir()) == [] and ("validation", 1) in story(job)


def test_a_loss_that_is_not_finite_is_named(paired, jobs):
    job = Job.create(jobs / "job", training(paired, objective=VOXEL_ONLY, checkpoint_every=1))

    def poison(engine) -> None:
        with torch.no_grad():
            engine.state.networks.generator["b"].head[1].bias.fill_(float("nan"))

    class PoisonAfterCheckpoint(Checkpoints):
        def after_step(self, engine, terms):
            super().after_step(engine, terms)
            if engine.state.step == 2:
                poison(engine)

    engine = Engine(job, CPU, [PoisonAfterCheckpoint(), Log(5)])
    with pytest.raises(SASANError, match="step 2: the loss voxel/b is not finite"):
        engine.run()
    kept = job.load_checkpoint()
    assert kept["step"] == 2 and all(torch.isfinite(tensor).all() for tensor in kept["networks"].values())
    *_, last = job.events()
    assert last["event"] == "failed" and "voxel/b" in last["message"]


def test_weights_that_are_not_finite_are_never_saved(paired, jobs):
    """A gradient may be lost where its loss is not; no loss says so before the checkpoint is due."""
    job = Job.create(jobs / "job", training(paired, objective=VOXEL_ONLY, checkpoint_every=1))

    def poison(engine) -> None:
        with torch.no_grad():
            engine.state.networks.generator["b"].head[1].bias.fill_(float("inf"))

    with pytest.raises(SASANError, match=r"step 2: networks/generator\.b\.head\.1\.bias is not finite"):
        run(job, At(2, poison))
    assert job.load_checkpoint()["step"] == 1
    *_, last = job.events()
    assert last["event"] == "failed" and "generator.b" in last["message"]


# ---- jobs that do not fit


def test_a_checkpoint_of_other_networks(paired, jobs):
    job = Job.create(jobs / "job", training(paired, objective=VOXEL_ONLY, max_steps=1))
    run(job)
    fields = json.loads(job.config_file.read_text())
    fields["network"]["maps"] = 3
    job.config_file.write_text(json.dumps(fields))
    with pytest.raises(SASANError, match="not a checkpoint of this job"):
        Engine(job, CPU, [])


@pytest.mark.parametrize(
    ("data", "changes", "words"),
    [
        ("paired", {"network": {"classes": 5}}, "has 3 classes, the job's network 5"),
        ("unpaired", {"objective": {"voxel": 1}}, "needs paired data"),
    ],
)
def test_settings_that_the_data_does_not_fit(request, jobs, data, changes, words):
    config = training(request.getfixturevalue(data), **changes)
    with pytest.raises(SASANError, match=words):
        Engine(Job.create(jobs / "job", config), CPU, [])


def test_data_that_is_gone(paired, jobs):
    config = training(paired, data=jobs / "gone")
    with pytest.raises(SASANError, match="gone holds no prepared data"):
        Engine(Job.create(jobs / "job", config), CPU, [])
