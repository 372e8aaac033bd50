"""Translations by the real worker: what it writes, and what it keeps warm."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from worker_examples import (
    OUTPUTS,
    assert_error,
    names,
    small_head,
    stages,
    translate_fields,
    volume_file,
)

from SASANLib.model import bundled_root, load_bundle
from SASANLib.phantom import head_phantom
from SASANLib.results import describe
from SASANLib.translation import Translator
from SASANLib.volumes import Volume


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def results(folder: Path, maps: int) -> dict[str, np.ndarray]:
    files = ["synthetic", *(f"attention_{n}" for n in range(1, maps + 1)), "segmentation", "uncertainty"]
    return {name: np.load(folder / f"{name}.npy") for name in files}


def assert_as_translated_here(folder: Path, result: dict, bundle: Path, volume: Volume, direction: str, **options):
    translator = Translator(load_bundle(bundle), "cpu")
    expected = translator.translate(volume, direction, name="Head", **options)
    found = results(folder, len(expected.attention))
    assert np.array_equal(found.pop("synthetic"), expected.synthetic.array)
    assert np.array_equal(found.pop("segmentation"), expected.segmentation.array)
    assert np.array_equal(found.pop("uncertainty"), expected.uncertainty.array)
    for values, volume in zip(found.values(), expected.attention, strict=True):
        assert np.array_equal(values, volume.array)
    assert result["description"] == describe(expected, translator.card)


def test_results_are_exactly_the_translators(worker, bundle, tmp_path, one_thread):
    fields = translate_fields(bundle, small_head(), tmp_path / "x", planes=["coronal"], flips=True)
    *events, result = worker.ask("translate", **fields)
    assert result["event"] == "result"
    maps = ["attention_1.npy", "attention_2.npy"]
    assert result["files"] == {
        "synthetic": "synthetic.npy",
        "attention": maps,
        "segmentation": "segmentation.npy",
        "uncertainty": "uncertainty.npy",
    }
    assert names(tmp_path / "x") == sorted(["input.npy", *maps, *(f"{o}.npy" for o in OUTPUTS if o != "attention")])
    assert_as_translated_here(tmp_path / "x", result, bundle, small_head(), "ct-to-mr", planes=["coronal"], flips=True)
    labels = result["description"]["labels"]
    assert labels[0] == {"value": 1, "name": "soft tissue", "color": [177, 122, 101], "snomed": None}
    assert labels[1]["snomed"]["type"] == {"scheme": "SCT", "value": "272673000", "meaning": "Bone"}
    assert result["description"]["target"] == {"name": "MR", "modality": "MR", "units": "a.u."}

    progress = [event for event in events if event["event"] == "progress"]
    stages = list(dict.fromkeys(event["stage"] for event in progress))
    assert stages[-4:] == ["Preparing", "Coronal slices", "Coronal slices onto the input's grid", "Writing the results"]
    counted = [event for event in progress if event["stage"] == "Coronal slices"]
    assert counted[0]["done"] == 0 and counted[-1]["done"] == counted[-1]["total"] > 2
    assert counted[0]["eta"] is None and counted[1]["eta"] > 0 and progress[-1]["eta"] is None
    told = [event["message"] for event in events if event["event"] == "notice"]
    assert told == result["description"]["notices"]
    strange = {event["message"]: event["unfamiliar"] for event in events if event["event"] == "notice"}
    assert any("The slices are 16 mm apart" in text and unlike for text, unlike in strange.items())
    assert all(unlike == ("was trained on" in text) for text, unlike in strange.items())
    seconds = result["seconds"]
    assert 0 < seconds["networks"] < seconds["total"] < 60


def test_the_shipped_model_on_the_phantom(worker, tmp_path):
    model, phantom = bundled_root() / "brain-mr-ct", head_phantom(shape=(28, 34, 34), spacing_mm=7.0)
    folder = tmp_path / "x"
    fields = translate_fields(model, phantom.mr, folder, direction="mr-to-ct", flips=False)
    *events, result = worker.ask("translate", **fields)
    assert any("uncertainty is zero" in e["message"] and not e["unfamiliar"] for e in events if e["event"] == "notice")
    assert result["seconds"]["networks"] > 0.5 * result["seconds"]["total"]
    assert result["description"]["target"] == {"name": "CT", "modality": "CT", "units": "HU"}

    grid = {"ijk_to_ras": phantom.mr.affine.tolist()}
    labels = [{"value": label["value"], "name": label["name"]} for label in result["description"]["labels"]]
    *_, compared = worker.ask(
        "compare",
        synthetic={"file": str(folder / result["files"]["synthetic"]), **grid},
        reference=volume_file(phantom.ct, folder / "reference.npy", name="CT"),
        segmentation={"file": str(folder / result["files"]["segmentation"])},
        labels=labels,
        modality="CT",
        units="HU",
        folder=str(folder),
    )
    assert compared["metrics"]["mae"] < 250, "a CT of air alone is about 1000 HU off"
    assert 0.5 < compared["metrics"]["ssim"] < 1 and 15 < compared["metrics"]["psnr"] < 40
    assert [row["name"] for row in compared["classes"]] == ["air cavity", "soft tissue", "bone"]


def test_a_second_click_finds_the_model_warm_and_a_changed_one_is_read_again(worker, bundle, tmp_path):
    model = Path(shutil.copytree(bundle, tmp_path / "model"))
    for number, read in enumerate([True, False, False]):
        events = worker.ask("translate", **translate_fields(model, small_head(), tmp_path / str(number)))
        assert events[-1]["event"] == "result"
        assert ("Reading the model" in stages(events)) is read
    weights = model / "model.safetensors"
    status = weights.stat()
    os.utime(weights, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))
    events = worker.ask("translate", **translate_fields(model, small_head(), tmp_path / "touched"))
    assert "Reading the model" in stages(events) and events[-1]["event"] == "result"


@pytest.mark.parametrize("damage", ["flip", "remove", "card", "folder"])
def test_a_model_that_was_damaged_since_it_was_read(worker, bundle, tmp_path, damage):
    model = Path(shutil.copytree(bundle, tmp_path / "model"))
    assert worker.ask("translate", **translate_fields(model, small_head(), tmp_path / "1"))[-1]["event"] == "result"
    weights, named = model / "model.safetensors", model / "model.safetensors"
    if damage == "flip":  # the size stays the same
        data = bytearray(weights.read_bytes())
        data[-1] ^= 1
        weights.write_bytes(data)
    elif damage == "remove":
        weights.unlink()
        named = "model.safetensors"
    elif damage == "card":
        named = model / "model.json"
        named.write_text("{")
    else:
        shutil.rmtree(model)
        named = model
    fields = translate_fields(model, small_head(), tmp_path / "2")
    for _ in range(2):
        *_, event = worker.ask("translate", **fields)
        assert_error(event, "model", str(named), str(model))
    assert names(tmp_path / "2") == ["input.npy"]
    if damage == "flip":  # and it works again once repaired
        shutil.copy(bundle / "model.safetensors", weights)
        assert worker.ask("translate", **fields)[-1]["event"] == "result"


def test_only_what_is_asked_for_is_written_over_what_was_there(worker, bundle, tmp_path):
    fields = translate_fields(bundle, small_head(), tmp_path / "x", outputs=["uncertainty", "synthetic"])
    (tmp_path / "x" / "synthetic.npy").write_bytes(b"old")
    mapped = open(tmp_path / "x" / "synthetic.npy", "rb")  # noqa: SIM115
    result = worker.ask("translate", **fields)[-1]
    assert result["files"] == {"uncertainty": "uncertainty.npy", "synthetic": "synthetic.npy"}
    assert names(tmp_path / "x") == ["input.npy", "synthetic.npy", "uncertainty.npy"]
    assert np.load(tmp_path / "x" / "synthetic.npy").shape == small_head().shape
    assert mapped.read() == b"old", "a file that somebody has open was written into"
    mapped.close()


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.float64, ">f4", np.float16])
def test_voxels_of_any_type_and_order(worker, bundle, tmp_path, dtype):
    head = small_head()
    whole = head.like(np.round(np.clip(head.array + 1000, 0, 2000)))
    reference = translate_fields(bundle, whole, tmp_path / "a", outputs=["synthetic"], direction="mr-to-ct")
    assert worker.ask("translate", **reference)[-1]["event"] == "result"
    fields = translate_fields(bundle, whole, tmp_path / "b", outputs=["synthetic"], direction="mr-to-ct")
    np.save(tmp_path / "b" / "input.npy", np.asfortranarray(whole.array.astype(dtype)))
    assert worker.ask("translate", **fields)[-1]["event"] == "result"
    first, second = (np.load(tmp_path / name / "synthetic.npy") for name in "ab")
    assert np.array_equal(first, second)
