"""`sasan prepare` and `sasan train`: from volumes to a model, stopped and resumed; and everything that can be wrong."""

import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from training_examples import BONE, NETWORK, SOFT, SPACING, write_heads

from SASANLib.cli import main
from SASANLib.training.hooks import Log
from SASANLib.training.job import Job
from SASANLib.volumes import Volume, read_labelmap, read_volume, write_volume

SETTINGS = {
    "name": "tiny-mr-ct",
    "network": {name: value for name, value in NETWORK.items() if name != "classes"},
    "objective": {"voxel": 10},
    "optimiser": {"batch_size": 1, "ema": 0.9},
    "max_steps": 4,
    "validate_every": 100,
    "checkpoint_every": 100,
    "preview_cases": 1,
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where a test works; gone afterwards, for checkpoints are large."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("SASAN_MODELS", str(tmp_path / "no-models"))
    yield tmp_path
    shutil.rmtree(tmp_path)


def prepare_arguments(volumes: Path, output: Path, *more: str) -> list[str]:
    grid = ["--spacing", str(SPACING), "--size", "32", "--window", "-1000", "1600"]
    domains = ["--a", str(volumes / "mr"), "--b", str(volumes / "ct"), "--paired"]
    labels = ["--labels-a", str(volumes / "labels"), "--labels-b", str(volumes / "labels")]
    return ["prepare", str(output), *domains, *labels, "--label", "soft tissue", "--label", "bone", *grid, *more]


@pytest.fixture(scope="module")
def volumes(tmp_path_factory) -> Path:
    return write_heads(tmp_path_factory.mktemp("volumes"))


@pytest.fixture(scope="module")
def data(volumes, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("data") / "prepared"
    assert main(prepare_arguments(volumes, output)) == 0
    return output


@pytest.fixture
def settings(folder) -> Path:
    path = folder / "settings.json"
    path.write_text(json.dumps(SETTINGS))
    return path


def refused(capsys, arguments: list[str], *words: str) -> None:
    """Exit code 2, and one line on stderr with these words."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert not out and err.startswith("error: ") and err.count("\n") == 1, err
    for word in words:
        assert word in err


# ---- from volumes to a model


def test_prepare_tells_how_much_there_is_and_what_is_odd(folder, capsys):
    volumes = write_heads(folder / "v")
    labels = read_labelmap(volumes / "labels" / "p2.nrrd")
    write_volume(labels.like(np.minimum(labels.array, SOFT)), volumes / "labels" / "p2.nrrd")
    assert main(prepare_arguments(volumes, folder / "out")) == 0
    out, err = capsys.readouterr()
    rows = [line.replace("│", " ").split() for line in out.splitlines()]
    assert ["MR", "train", "2", "2", "14"] in rows and ["CT", "validation", "1", "1", "7"] in rows
    assert "MR p2: no bone" in out and "p1" not in out and str(folder / "out" / "report.csv") in out
    assert not err.strip()


def test_train_stop_resume_show(data, settings, folder, capsys, monkeypatch):
    """Stopped by Ctrl-C and resumed, the job ends with the very checkpoint of one that was not."""
    straight, broken = folder / "straight", folder / "broken"
    assert main(["train", str(straight), "--data", str(data), "--config", str(settings), "--device", "cpu"]) == 0

    after_step = Log.after_step

    def interrupted(self, engine, terms):
        after_step(self, engine, terms)
        if engine.state.step == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Log, "after_step", interrupted)
        capsys.readouterr()
        assert main(["train", str(broken), "--data", str(data), "--config", str(settings), "--device", "cpu"]) == 130
    out, err = capsys.readouterr()
    assert not out and "Stopped after step 2 of 4. Go on with --resume." in err
    assert Job(broken).load_checkpoint()["step"] == 2 and not (broken / "model").exists()

    assert main(["train", str(broken), "--resume", "--device", "cpu"]) == 0
    states = [Job(job).load_checkpoint() for job in (straight, broken)]
    tensors = [
        {f"{part}.{name}": t for part in ("networks", "mean", "discriminators") for name, t in state[part].items()}
        for state in states
    ]
    assert tensors[0].keys() == tensors[1].keys() and states[0]["step"] == states[1]["step"] == 4
    assert all((tensors[0][name] == tensors[1][name]).all() for name in tensors[0])
    assert (straight / "model" / "model.safetensors").read_bytes() == (
        broken / "model" / "model.safetensors"
    ).read_bytes()
    events = [(event["event"], event["step"]) for event in Job(broken).events()]
    assert events == [
        ("started", 0),
        ("stopped", 2),
        ("resumed", 2),
        ("validation", 4),
        ("step", 4),
        ("finished", 4),
        ("exported", 4),
    ]

    # A finished job says so, and does nothing.
    capsys.readouterr()
    before = (broken / "events.jsonl").read_bytes()
    assert main(["train", str(broken), "--resume", "--device", "cpu"]) == 0
    assert "is finished: 4 steps" in capsys.readouterr().err
    assert (broken / "events.jsonl").read_bytes() == before

    # The network's classes came from the data; the model shows itself.
    assert Job(broken).config().network.classes == 3
    assert main(["model", "show", str(broken / "model")]) == 0
    out = capsys.readouterr().out
    assert "tiny-mr-ct" in out and "mr-to-ct" in out and "soft tissue" in out

    # A job whose export was cut off exports.
    shutil.rmtree(broken / "model")
    assert main(["train", str(broken), "--resume", "--device", "cpu"]) == 0
    assert (broken / "model" / "model.json").exists()


# ---- what can be wrong: prepare


def test_an_empty_folder(volumes, folder, capsys):
    (folder / "empty").mkdir()
    arguments = prepare_arguments(volumes, folder / "out")
    arguments[arguments.index("--b") + 1] = str(folder / "empty")
    refused(capsys, arguments, str(folder / "empty"), "no volumes")
    assert not (folder / "out").exists()


def test_one_subject(folder, capsys):
    volumes = write_heads(folder / "v", ["p1"])
    refused(capsys, prepare_arguments(volumes, folder / "out"), "1 subject,", "Add subjects")
    assert sorted(path.name for path in folder.iterdir()) == ["v"]


def _rename(volumes: Path) -> None:
    (volumes / "mr" / "p1.nrrd").rename(volumes / "mr" / "p9.nrrd")


def _foreign_label(volumes: Path) -> None:
    labels = read_labelmap(volumes / "labels" / "p1.nrrd")
    array = np.where(labels.array == BONE, 9, labels.array).astype(np.uint8)
    write_volume(labels.like(array), volumes / "labels" / "p1.nrrd")


def _other_grid(volumes: Path) -> None:
    labels = read_labelmap(volumes / "labels" / "p1.nrrd")
    write_volume(Volume(labels.array[:, 1:], labels.affine), volumes / "labels" / "p1.nrrd")


def _nan(volumes: Path) -> None:
    mr = read_volume(volumes / "mr" / "p2.nrrd")
    mr.array[3, 3, 3] = np.nan
    write_volume(mr, volumes / "mr" / "p2.nrrd")


def _truncated(volumes: Path) -> None:
    path = volumes / "ct" / "p3.nrrd"
    path.write_bytes(path.read_bytes()[:-500])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_rename, ("p1", "no partner")),
        (_foreign_label, ("p1.nrrd", "value 9")),
        (_other_grid, ("p1.nrrd", "another grid")),
        (_nan, ("p2.nrrd", "NaN")),
        (_truncated, ("p3.nrrd", "damaged")),
    ],
)
def test_volumes_that_are_wrong(folder, capsys, damage, words):
    volumes = write_heads(folder / "v")
    damage(volumes)
    refused(capsys, prepare_arguments(volumes, folder / "out"), *words)
    assert sorted(path.name for path in folder.iterdir()) == ["v"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--size", "100"], "multiple of 16"),
        (["--plane", "diagonal"], "'axial', 'coronal' or 'sagittal'"),
        (["--name-a", "CT"], "different names"),
        (["--name-a", "T1 MR"], "letters and digits"),
        (["--modality-a", "PET"], "'MR' or 'CT'"),
        (["--percentiles", "98", "2"], "lower one first"),
        (["--subject", "(["], "regular expression"),
    ],
)
def test_settings_of_prepare_that_are_wrong(volumes, folder, capsys, more, words):
    refused(capsys, prepare_arguments(volumes, folder / "out", *more), words)


def test_an_unwritable_output(volumes, folder, capsys):
    refused(capsys, prepare_arguments(volumes, folder / "missing" / "out"), "Cannot write", "missing")


# ---- what can be wrong: train


def test_a_folder_that_holds_a_job(data, settings, folder, capsys):
    (folder / "job").mkdir()
    (folder / "job" / "job.json").write_text("precious")
    arguments = ["train", folder / "job", "--data", data, "--config", settings]
    refused(capsys, arguments, "already holds a training job", "--resume")
    assert (folder / "job" / "job.json").read_text() == "precious"


def test_resume_without_a_job(folder, capsys):
    refused(capsys, ["train", folder / "job", "--resume"], "no training job", "job.json")
    assert not (folder / "job").exists()


def test_resume_with_settings(data, folder, capsys):
    refused(capsys, ["train", folder / "job", "--resume", "--data", data], "has its data and settings already")


def test_a_job_that_another_process_trains(data, settings, folder, capsys):
    config = json.loads(settings.read_text()) | {"data": str(data)}
    config["network"]["classes"] = 3
    from SASANLib.training.config import from_preset

    job = Job.create(folder / "job", from_preset("paper", **config))
    with job.lock():
        refused(capsys, ["train", job.folder, "--resume", "--device", "cpu"], "another process", str(os.getpid()))
    assert list(job.events()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--preset", "best"], ("Unknown preset 'best'", "paper, released")),
        (["--data", "nowhere"], ("nowhere", "no prepared data")),
        (["--device", "quantum"], ("quantum",)),
        (["--config", "nowhere.json"], ("Cannot read nowhere.json",)),
    ],
)
def test_arguments_of_train_that_are_wrong(data, folder, capsys, arguments, words):
    refused(capsys, ["train", folder / "job", "--data", data, *arguments], *words)
    assert not (folder / "job").exists()


def test_no_data(folder, capsys):
    refused(capsys, ["train", folder / "job"], "No prepared data was given", "--data")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"lambda_cycle": 10}', ("settings.json", "lambda_cycle", "unknown")),
        ('{"objective": {"cycle": -1}}', ("settings.json", "objective.cycle")),
        ('{"network": {"context_slices": 2}}', ("settings.json", "must be odd")),
        ('{"network": {"classes": 9}}', ("has 3 classes", "network 9")),
        ('{"objective": 3}', ("settings.json", "objective")),
        ("[1, 2]", ("settings.json", "not a JSON file of settings")),
        ('{"seed": ', ("settings.json", "not a JSON file of settings")),
    ],
)
def test_settings_files_that_are_wrong(data, folder, capsys, text, words):
    path = folder / "settings.json"
    path.write_text(text)
    refused(capsys, ["train", folder / "job", "--data", data, "--config", path], *words)
    assert not (folder / "job").exists()
