"""Several processes that train one model: two of them are one on the joined batch."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from nursery import USER_ERROR
from training_examples import training

from SASANLib import devices
from SASANLib.errors import SASANError
from SASANLib.training.engine import Engine
from SASANLib.training.hooks import Log
from SASANLib.training.job import Job
from SASANLib.training.ranks import Ranks, _own_device, joined
from SASANLib.training.sampling import Batches

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
TRAIN = "ranked_jobs:train"
CPU = torch.device("cpu")
WEIGHTS = ("adversarial", "segmentation_adversarial", "cycle", "identity", "regularisation", "auxiliary", "voxel")


def configured(data, **changes):
    fields = {
        "discriminator": {"width": 4, "depth": 2},
        "optimiser": {"batch_size": 2, "learning_rate": 1e-3},
        "max_steps": 3,
        "checkpoint_every": 100,
    }
    for key, value in changes.items():
        fields[key] = {**fields.get(key, {}), **value} if isinstance(value, dict) else value
    return training(data, **fields)


def largest_difference(first: dict, second: dict) -> float:
    """Over every tensor of two checkpoints' networks, running means, discriminators and optimisers.

    In float64 that is 1e-14, and 1e-9 for biases whose gradient is 0 but for rounding: Adam divides it by itself.
    """
    found = 0.0
    pairs = [(first[name], second[name]) for name in ("networks", "mean", "discriminators", "optimisers")]
    while pairs:
        x, y = pairs.pop()
        if isinstance(x, torch.Tensor):
            found = max(found, (x - y).abs().max().item())
        elif isinstance(x, dict):
            assert x.keys() == y.keys()
            pairs += [(x[key], y[key]) for key in x]
        elif isinstance(x, list):
            pairs += list(zip(x, y, strict=True))
    return found


def trained(children, folder, config, *ranks: int, steps: int = 3, double: bool = True) -> Job:
    """A job of `steps` steps, a run of as many processes each as `ranks` names, one step shorter for each to come."""
    job = Job.create(folder, config)
    for runs_left, count in zip(reversed(range(len(ranks))), ranks, strict=True):
        codes = children.run(TRAIN, count, folder=folder, double=double, stop_at=steps - runs_left)
        assert codes == [0] * count
    assert job.load_checkpoint()["step"] == steps
    return job


# ---- adding up


def test_sums_means_and_flags_of_two_processes(children, tmp_path):
    assert children.run("ranked_jobs:add_up", 2, folder=tmp_path) == [0, 0]
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    total = torch.tensor([5.0, 50.0])  # x times 2 and x times 3
    for found, weight in ((first, 2.0), (second, 3.0)):
        assert torch.equal(found["total"], total)
        # Both have a loss, total², that depends on both: 2 · 2 · total · weight.
        assert torch.equal(found["gradient"], 4 * total * weight)
        number, image = found["averaged"]
        assert number == 2 and torch.equal(image, torch.full((1, 2, 3, 3), 1.5))
        assert image.is_contiguous(memory_format=torch.channels_last)
        assert found["any"] == [True, False]
    assert first["first"] and not second["first"]


def test_one_process_needs_no_others():
    with joined("cpu") as ranks:
        assert ranks == Ranks(CPU) and ranks.first and ranks.any(True, False) == [True, False]
        x = torch.ones(3)
        assert ranks.summed(x) is x
        ranks.average([x])
        ranks.wait()
        assert torch.equal(x, torch.ones(3)) and not torch.distributed.is_initialized()


# ---- batches


@pytest.mark.parametrize("data", ["paired", "unpaired"])
def test_the_parts_of_a_batch_are_the_batch(request, data):
    dataset = request.getfixturevalue(data)
    config = training(dataset, optimiser={"batch_size": 4}, augmentation={"patch": 32})
    whole, parts = Batches(dataset, config), [Batches(dataset, config, rank, 2) for rank in (0, 1)]
    assert whole.steps_per_epoch == parts[0].steps_per_epoch
    for step in (0, 5):
        batch, (first, second) = whole.at(step), (part.at(step) for part in parts)
        for d in "ab":
            assert len(first.images[d]) == 2
            assert torch.equal(torch.cat([first.images[d], second.images[d]]), batch.images[d])
        for d in batch.labels:
            assert torch.equal(torch.cat([first.labels[d], second.labels[d]]), batch.labels[d])
        if batch.region is not None:
            assert torch.equal(torch.cat([first.region, second.region]), batch.region)


def test_a_batch_that_cannot_be_shared_out(paired):
    with pytest.raises(SASANError, match="batch of 2 cannot be shared out evenly among 3") as caught:
        Batches(paired, configured(paired), 0, 3)
    assert "optimiser.batch_size" in caught.value.hint


# ---- training

OBJECTIVES = {
    # Every term; the ratios of eq. 5 and 6 are of the whole batch, not means of the parts'.
    "pairs": ("paired", {"objective": {"voxel": 10, "auxiliary": 1}, "augmentation": {"patch": 32}}),
    "pseudo-labels": ("unpaired", {"objective": {"auxiliary": 1, "pseudo_logits": 1, "dice": "micro"}}),
    "warm-up": ("unpaired", {"optimiser": {"warmup_steps": 2}, "discriminator": {"per_class": True}}),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_two_processes_are_one_on_the_joined_batch(children, jobs, request, name):
    data, changes = OBJECTIVES[name]
    config = configured(request.getfixturevalue(data), **changes)
    one = trained(children, jobs / "one", config, 1)
    two = trained(children, jobs / "two", config, 2)
    assert largest_difference(one.load_checkpoint(), two.load_checkpoint()) < 1e-7
    terms = [[event["terms"] for event in job.events() if event["event"] == "step"] for job in (one, two)]
    assert len(terms[0]) == 3
    for first, second in zip(*terms, strict=True):
        assert first.keys() == second.keys() and first == pytest.approx(second, abs=2e-6)


def test_gradients_in_float32_too(children, jobs, paired):
    """To 1e-5 of the largest. Of the weights Adam makes steps of full size, however small a gradient is."""
    config = configured(paired, objective={"voxel": 10})
    jobs = [trained(children, jobs / str(n), config, n, steps=1, double=False) for n in (1, 2)]
    for name in ("networks", "discriminators"):
        one, two = (
            torch.cat(
                [
                    moments["exp_avg"].flatten()
                    for moments in job.load_checkpoint()["optimisers"][name]["state"].values()
                ]
            )
            for job in jobs
        )
        assert one.dtype == torch.float32 and (one - two).abs().max() < 1e-5 * one.abs().max()


def test_resumed_by_another_number_of_processes(children, jobs, paired):
    config = configured(paired, objective={"voxel": 10}, optimiser={"batch_size": 4})
    straight = trained(children, jobs / "straight", config, 1)
    changing = trained(children, jobs / "changing", config, 2, 1, 4)
    assert largest_difference(straight.load_checkpoint(), changing.load_checkpoint()) < 1e-7
    assert [event["event"] for event in changing.events()] == [
        *("started", "step", "stopped", "resumed", "step", "stopped", "resumed", "step", "finished")
    ]  # once, by the first process


def test_a_loss_lost_in_one_process_ends_them_all(children, jobs, paired, capfd):
    # Of a term that is a mean over images, whose value each process knows for itself alone.
    job = Job.create(jobs / "job", configured(paired, objective=dict.fromkeys(WEIGHTS, 0) | {"identity": 1}))
    assert children.run(TRAIN, 2, folder=job.folder, poison=1) == [USER_ERROR, USER_ERROR]
    events = list(job.events())
    assert [event["event"] for event in events] == ["started", "failed"]
    assert "the loss identity/" in events[-1]["message"]


def test_the_first_alone_writes(jobs, paired):
    job = Job.create(jobs / "job", configured(paired))
    said = []
    for rank in (1, 0):
        engine = Engine(job, CPU, [Log()], report=said.append, ranks=Ranks(CPU, rank, 2))
        engine.log("notice", message=f"of {rank}")
        assert [type(hook) for hook in engine.hooks] == [Log] * engine.ranks.first
    assert [event["message"] for event in said] == [event["message"] for event in job.events()] == ["of 0"]


# ---- signals


def test_a_signal_to_one_is_heard_by_all(children, jobs, paired):
    job = Job.create(jobs / "job", configured(paired, max_steps=9))
    assert children.run(TRAIN, 2, folder=job.folder, signals={"1": ("SIGTERM", 2)}) == [0, 0]
    assert job.load_checkpoint()["step"] == 2
    assert [event["event"] for event in job.events()][-1] == "stopped"


def test_usr1_saves_at_once_and_training_goes_on(children, jobs, paired):
    job = Job.create(jobs / "job", configured(paired, max_steps=9))
    # The second process is told to save, and the first is killed two steps later.
    codes = children.run(TRAIN, 2, folder=job.folder, signals={"1": ("SIGUSR1", 2), "0": ("SIGKILL", 4)})
    assert codes[0] == -signal.SIGKILL and codes[1] == 1
    assert job.load_checkpoint()["step"] == 2


# ---- the command


def descendants(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(d for child in children for d in descendants(int(child)))]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_sasan_train_under_torchrun(jobs, paired):
    """The entry point is the same, and all that a job leaves is there once.

    Meanwhile every process of it gets SIGUSR1, as SLURM sends it; torchrun ignores it as in docs/training.md.
    """
    config = configured(paired, objective={"voxel": 10, "cycle": 0, "identity": 0}, max_steps=6)
    (jobs / "settings.json").write_text(config.model_dump_json(exclude={"data"}))
    (jobs / "sasan.py").write_text("import sys; from SASANLib.cli import main; sys.exit(main())")
    command = ["bash", "-c", 'trap "" USR1; exec "$@"', "torchrun"]
    command += [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", jobs / "sasan.py"]
    command += ["train", jobs / "job", "--data", paired.folder, "--config", jobs / "settings.json", "--device", "cpu"]
    job = Job(jobs / "job")
    with subprocess.Popen(
        list(map(str, command)),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        while process.poll() is None and not list(job.events()):
            time.sleep(0.02)
        for number in descendants(process.pid):
            os.kill(number, signal.SIGUSR1)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    events = list(job.events())
    kinds = [event["event"] for event in events if event["event"] != "notice"]
    assert kinds == ["started", "validation", "step", "finished", "exported"]
    assert ["is saved, as was asked for" in e["message"] for e in events if e["event"] == "notice"] == [True]
    assert job.load_checkpoint()["step"] == 6 and (job.model / "model.safetensors").exists()
    assert job.lock_file.read_text() == ""


@pytest.mark.parametrize(
    ("device", "available", "own"),
    [
        ("auto", ["cuda:0", "cuda:1", "cpu"], "cuda:1"),
        ("cuda", ["cuda:0", "cuda:1", "cpu"], "cuda:1"),
        ("cpu", ["cuda:0", "cuda:1", "cpu"], "cpu"),
        ("auto", ["mps", "cpu"], "cpu"),
        ("cuda:0", ["cuda:0", "cuda:1", "cpu"], "Several processes cannot share cuda:0"),
        ("cuda", ["cuda:0", "cpu"], 'no device "cuda:1"'),
        ("mps", ["mps", "cpu"], "Several processes cannot train on mps"),
    ],
)
def test_each_process_has_a_device_of_its_own(monkeypatch, device, available, own):
    monkeypatch.setattr(devices, "list_devices", lambda: [devices.Device(name, name) for name in available])
    monkeypatch.setenv("LOCAL_RANK", "1")
    if " " in own:
        with pytest.raises(SASANError, match=own):
            _own_device(device)
    else:
        assert _own_device(device) == torch.device(own)


# ---- SLURM


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_slurm_script_is_one(tmp_path):
    """Its grammar, and what it hands to srun: stand-ins for SLURM's commands and variables tell."""
    text = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)
    assert subprocess.run(["bash", "-n"], input=script, encoding="utf-8").returncode == 0
    for name, body in (("scontrol", "printf 'node1\\nnode2\\n'"), ("srun", 'shift 3; printf "%s\\n" "$@"')):
        (tmp_path / name).write_text(f"#!/bin/bash\n{body}\n")
        (tmp_path / name).chmod(0o755)
    slurm = {"SLURM_JOB_NODELIST": "node[1-2]", "SLURM_JOB_NUM_NODES": "2", "SLURM_GPUS_ON_NODE": "4"}
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), "SLURM_JOB_ID": "17", **slurm}

    def arguments() -> list[str]:
        done = subprocess.run(
            ["bash"], input=script, env=environment, capture_output=True, encoding="utf-8", check=True
        )
        return done.stdout.splitlines()

    job = tmp_path / "sasan" / "jobs" / "brain"
    first = arguments()
    assert first[:6] == [
        "torchrun",
        *("--nnodes=2", "--nproc-per-node=4", "--rdzv-backend=c10d", "--rdzv-id=17", "--rdzv-endpoint=node1:29500"),
    ]
    assert first[6:11] == ["--no-python", "sasan", "train", str(job), "--data"]
    job.mkdir(parents=True)
    (job / "job.json").touch()
    assert arguments()[9:] == [str(job), "--resume", "--device", "cuda"]
    from torch.distributed.run import get_args_parser

    get_args_parser().parse_args(first[1:])  # torchrun's own
