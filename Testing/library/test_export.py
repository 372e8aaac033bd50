"""A job's networks as a bundle that loads, with a card that says everything."""

import shutil

import pytest
import torch
from training_examples import LABELS, preparation, prepared, training, write_heads

from SASANLib.model import load_bundle
from SASANLib.training.engine import Engine
from SASANLib.training.export import export
from SASANLib.training.job import Job
from SASANLib.training.prepare import prepare

CPU = torch.device("cpu")
ABOUT = {
    "version": "1.2.3",
    "title": "A title",
    "description": "What it is.",
    "anatomy": "ellipsoids",
    "training_data": "three ellipsoids",
    "licence": "CC0",
    "attribution": "nobody",
    "limitations": "many",
    "licence_text": "Take it.",
}


@pytest.fixture
def jobs(tmp_path):
    yield tmp_path
    shutil.rmtree(tmp_path)


def test_the_bundle_of_a_paired_job(jobs):
    dataset = prepared(jobs / "data")
    job = Job.create(jobs / "job", training(dataset, name="tiny-mr-ct", about=ABOUT, max_steps=2))
    engine = Engine(job, CPU, [])
    engine.run()
    engine.state.seconds = 5400
    export(engine)
    bundle = load_bundle(job.model)
    card = bundle.card
    assert (card.name, card.version, card.title, card.anatomy) == ("tiny-mr-ct", "1.2.3", "A title", "ellipsoids")
    assert (card.domains.a.name, card.domains.b.units) == ("MR", "HU")
    assert card.domains.a == dataset.card.domains["a"] and card.grid == dataset.card.grid
    assert card.labels == LABELS and card.network == engine.config.network
    assert (card.training.subjects, card.training.steps, card.training.hours) == (2, 2, 1.5)
    assert card.training.objective["cycle"] == 10 and card.training.config_sha256 == job.config_sha256()
    assert card.licence == "CC0" and card.weights.dtype == "float16"
    measures = {(row["direction"], row["metric"]) for row in card.metrics}
    for direction, unit in (("mr-to-ct", "HU"), ("ct-to-mr", "a.u.")):
        assert {(direction, name) for name in (f"MAE ({unit})", "PSNR (dB)", "SSIM", "Dice")} <= measures
    assert all(row["subjects"] == 1 for row in card.metrics)
    # The weights are the running mean's, not the last step's.
    exported = engine.state.mean.module.state_dict()
    assert all(torch.equal(bundle.state[name], exported[name].half().float()) for name in exported)
    last = engine.state.networks.state_dict()
    assert any(not torch.equal(bundle.state[name], last[name].half().float()) for name in last)

    files = {path.name for path in job.model.iterdir()}
    assert files == {"model.json", "model.safetensors", "README.md", "LICENSE.txt", "validation.png"}
    text = (job.model / "README.md").read_text(encoding="utf-8")
    for words in ("# A title", "What it is.", "many", "2 subjects (three ellipsoids) for 2 steps, 1.5 hours", "CC0"):
        assert words in text
    assert "| mr-to-ct | MAE (HU) |" in text and "![Validation cases](validation.png)" in text
    *_, last_event = job.events()
    assert last_event["event"] == "exported" and str(job.model) in last_event["message"]

    assert (job.model / "LICENSE.txt").read_text(encoding="utf-8") == "Take it.\n"

    export(engine)  # again, in its place
    assert {path.name for path in job.model.iterdir()} == files


def test_the_bundle_of_an_unpaired_job_without_labels(jobs):
    folder = write_heads(jobs / "volumes")
    dataset = prepare(preparation(folder, labelled="", paired=False), jobs / "prepared")
    job = Job.create(jobs / "job", training(dataset, max_steps=1, optimiser={"ema": 0}))
    engine = Engine(job, CPU, [])
    engine.run()
    card = export(engine).card
    assert card.labels == () and card.network.classes == 1 and card.metrics == ()
    assert {path.name for path in job.model.iterdir()} == {"model.json", "model.safetensors", "README.md"}
    text = (job.model / "README.md").read_text(encoding="utf-8")
    assert "Nothing could be measured" in text and "validation.png" not in text
