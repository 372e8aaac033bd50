"""The real worker's comparisons and imports."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from bundle_examples import change_card, zip_folder
from test_comparison import LEFT, RIGHT, SHAPE, reference, synthetic
from worker_examples import SMALL_FILES, Worker, assert_error, names, volume_file

from SASANLib.evaluation.comparison import compare
from SASANLib.model import load_bundle, read_card

# ---- compare


def labels() -> np.ndarray:
    array = np.zeros(SHAPE, np.uint8)
    array[LEFT], array[RIGHT] = 1, 2
    return array


@pytest.fixture
def fields(tmp_path) -> dict:
    folder = tmp_path / "x"
    folder.mkdir()
    np.save(folder / "labels.npy", labels())
    return {
        "synthetic": volume_file(synthetic(), folder / "synthetic.npy"),
        "reference": volume_file(reference(), folder / "reference.npy", name="Planning CT"),
        "segmentation": {"file": str(folder / "labels.npy")},
        "labels": [{"value": 1, "name": "left"}, {"value": 2, "name": "right"}, {"value": 3, "name": "none"}],
        "modality": "CT",
        "units": "HU",
        "folder": str(folder),
    }


def test_comparison(worker, fields, tmp_path):
    *_, result = worker.ask("compare", **fields)
    assert result["event"] == "result", result
    assert result["files"] == {"difference": "difference.npy"}
    metrics = result["metrics"]
    assert set(metrics) == {"mae", "psnr", "ssim", "voxels"}
    assert (metrics["voxels"], metrics["mae"]) == (576, pytest.approx(20))
    assert metrics["psnr"] == pytest.approx(10 * np.log10(4095**2 / 500))
    assert metrics["ssim"] == pytest.approx(compare(synthetic(), reference(), modality="CT", units="HU").ssim)
    assert result["classes"] == [
        {"value": 1, "name": "left", "voxels": 288, "mae": pytest.approx(30), "bias": pytest.approx(30)},
        {"value": 2, "name": "right", "voxels": 288, "mae": pytest.approx(10), "bias": pytest.approx(-10)},
        {"value": 3, "name": "none", "voxels": 0, "mae": None, "bias": None},
    ]
    difference = np.load(tmp_path / "x" / "difference.npy")
    assert (difference[LEFT] == 30).all() and (difference[RIGHT] == -10).all() and np.count_nonzero(difference) == 576


def test_comparison_without_a_segmentation_and_of_equal_volumes(worker, fields):
    fields |= {"segmentation": None, "labels": [], "synthetic": fields["reference"]}
    *_, result = worker.ask("compare", **fields)
    assert result["classes"] == [] and result["metrics"]["psnr"] is None and result["metrics"]["mae"] == 0


def test_a_segmentation_may_say_where_it_lies_and_is_held_to_it(worker, fields, tmp_path):
    fields["segmentation"] |= {"ijk_to_ras": fields["synthetic"]["ijk_to_ras"], "name": "Labels"}
    assert worker.ask("compare", **fields)[-1]["event"] == "result"
    fields["segmentation"]["ijk_to_ras"] = np.diag([20.0, 20, 21, 1]).tolist()
    assert_error(worker.ask("compare", **fields)[-1], "input", "Labels does not lie on")
    del fields["segmentation"]["ijk_to_ras"]
    np.save(tmp_path / "x" / "labels.npy", labels()[1:])
    assert_error(worker.ask("compare", **fields)[-1], "input", "Labels does not lie on")


@pytest.mark.parametrize("which", ["synthetic", "reference", "segmentation"])
def test_comparison_of_files_that_are_gone(worker, fields, which):
    Path(fields[which]["file"]).unlink()
    assert_error(worker.ask("compare", **fields)[-1], "input", fields[which]["file"])


def test_comparison_of_what_does_not_overlap_and_into_a_folder_that_is_gone(worker, fields, tmp_path):
    fields["reference"]["ijk_to_ras"][0][3] = 5000
    assert_error(worker.ask("compare", **fields)[-1], "input", "Planning CT", "do not overlap")
    fields["folder"] = str(tmp_path / "gone")
    assert_error(worker.ask("compare", **fields)[-1], "disk", str(tmp_path / "gone"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of a process's files")
def test_comparison_on_a_disk_without_room(fields, tmp_path):
    with Worker(tmp_path / "log.txt", first=SMALL_FILES) as worker:
        worker.event()
        assert_error(worker.ask("compare", **fields)[-1], "disk", "difference.npy", "File too large")
        assert "difference.npy" not in names(tmp_path / "x")


def test_comparison_without_monai(fields, tmp_path):
    with Worker(tmp_path / "log.txt", first="sys.modules['monai'] = None") as worker:
        worker.event()
        *events, result = worker.ask("compare", **fields)
        assert result["metrics"]["ssim"] is None and result["metrics"]["mae"] == pytest.approx(20)
        notices = [event["message"] for event in events if event["event"] == "notice"]
        assert len(notices) == 1 and "monai" in notices[0]


# ---- import


@pytest.mark.parametrize("zipped", [False, True])
def test_import_and_replace(worker, bundle, tmp_path, zipped):
    source, root = Path(shutil.copytree(bundle, tmp_path / "source")), tmp_path / "deep" / "models"

    def import_it(**changes):
        path = zip_folder(source, tmp_path / "model.zip", "any/") if zipped else source
        return worker.ask("import", **{"source": str(path), "root": str(root), "replace": False, **changes})[-1]

    result = import_it()
    assert (result["event"], result["folder"]) == ("result", str(root / "tiny-mr-ct"))
    assert load_bundle(result["folder"]).card == load_bundle(bundle).card
    change_card(source, lambda card: card.update(version="9.0.0"))
    error = import_it()
    assert_error(error, "exists", "There already is a model tiny-mr-ct", "Replace it")
    assert "--replace" not in error["hint"]
    assert read_card(root / "tiny-mr-ct").version == "0.1.0"
    assert import_it(replace=True)["event"] == "result"
    assert read_card(root / "tiny-mr-ct").version == "9.0.0"
    assert names(root) == ["tiny-mr-ct"]


def test_an_import_of_what_is_no_model_leaves_nothing(worker, bundle, tmp_path):
    damaged = Path(shutil.copytree(bundle, tmp_path / "damaged"))
    with open(damaged / "model.safetensors", "ab") as file:
        file.write(b"x")
    (tmp_path / "a.zip").write_bytes(b"PK")
    root = tmp_path / "models"
    for source, words in ((damaged, "SHA-256"), (tmp_path / "a.zip", "not a model"), (tmp_path / "no", "no model at")):
        assert_error(worker.ask("import", source=str(source), root=str(root))[-1], "model", words, str(source))
    assert not root.exists()


def test_an_import_to_where_one_cannot_write(worker, bundle, tmp_path):
    (tmp_path / "file").touch()
    root = tmp_path / "file" / "models"
    assert_error(worker.ask("import", source=str(bundle), root=str(root))[-1], "disk", str(root))


def test_stdin_that_ends_during_an_import_waits_for_it(bundle, tmp_path):
    slow = (
        "import SASANLib.model as model, time\n"
        "write = model._write\n"
        "def slowly(contents, folder):\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(1)\n"
        "    write(contents, folder)\n"
        "model._write = slowly"
    )
    with Worker(tmp_path / "log.txt", first=slow) as worker:
        worker.event()
        worker.send("import", source=str(bundle), root=str(tmp_path / "models"))
        while "writing" not in worker.log.read_text():
            pass
        assert worker.close() == 0
    assert names(tmp_path / "models") == ["tiny-mr-ct"]
    assert load_bundle(tmp_path / "models" / "tiny-mr-ct").card.name == "tiny-mr-ct"
