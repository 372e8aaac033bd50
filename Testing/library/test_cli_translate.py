"""`sasan translate` and `sasan demo`: results, the table of cases, resuming, and everything that can be wrong."""

import csv
import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from bundle_examples import NETWORK, change_card, make_card, make_state, malicious_pickle, replace_weights
from translation_examples import StubNetworks, coarse_torso, smooth_head

from SASANLib.card import GridCard
from SASANLib.cases import CaseRow, CaseTable, case_names
from SASANLib.cli import main
from SASANLib.errors import SASANError
from SASANLib.files import sha256
from SASANLib.model import save_bundle
from SASANLib.results import check_replaceable, read_record
from SASANLib.volumes import Volume, image_from_volume, read_volume, write_volume

VOLUMES = ["source", "synthetic", "attention_1", "attention_2", "segmentation", "uncertainty"]


def tiny_head(seed: int = 0) -> Volume:
    """Few voxels, in CT units, with noise: the networks behind the command are real."""
    head = smooth_head(spacing=(8.0, 8.0, 16.0), shape=(7, 16, 14))
    noise = np.random.default_rng(seed).normal(0, 3, head.shape)
    return head.like((head.array + noise).astype(np.float32))


@pytest.fixture(scope="session")
def bundle(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny-mr-ct"
    card = make_card(grid=GridCard(planes=["axial", "coronal"], spacing_mm=8, size=64), network=NETWORK)
    save_bundle(card, make_state(), folder)
    return folder


@pytest.fixture
def real_networks() -> None:
    """For the tests that want the bundle's own networks and have the time."""


@pytest.fixture(autouse=True)
def quick_networks(request, monkeypatch) -> None:
    """The bundle is real and checked, but its networks only hand on what they get."""
    if "real_networks" not in request.fixturenames:
        monkeypatch.setattr("SASANLib.model.ModelBundle.networks", lambda _bundle: StubNetworks())


@pytest.fixture
def own_bundle(bundle, tmp_path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(bundle, tmp_path / "model"))


@pytest.fixture
def head(tmp_path) -> Path:
    path = tmp_path / "head.nrrd"
    write_volume(tiny_head(), path)
    return path


@pytest.fixture
def translate(bundle, tmp_path, capsys):
    """Call `sasan translate` on the CPU; gives the exit code and what it wrote to stderr, line by line."""

    def run(*inputs, model=bundle, direction="ct-to-mr", output=tmp_path / "out", device="cpu", options=()):
        arguments = [*inputs, "--model", model, "--direction", direction, "--output", output, *options]
        capsys.readouterr()
        code = main(["translate", *map(str, arguments), "--device", device])
        captured = capsys.readouterr()
        run.stdout = captured.out.splitlines()
        return code, captured.err.splitlines()

    return run


def rows(output: Path) -> dict[str, dict]:
    with open(output / "cases.csv", newline="", encoding="utf-8") as file:
        return {row["case"]: row for row in csv.DictReader(file)}


def leftovers(folder: Path) -> list[str]:
    """Everything that was not meant to stay: hidden temporary files and folders."""
    return [str(path) for path in folder.rglob("*") if path.name.startswith(".")]


# ---- what it writes ------------------------------------------------------------------------------------------------


def test_result_folder(translate, head, bundle, tmp_path, real_networks):
    code, errors = translate(head)
    folder = tmp_path / "out" / "head"
    assert code == 0 and translate.stdout == [str(folder)]
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*(f"{name}.nrrd" for name in VOLUMES), "translation.json"]
    )
    source = read_volume(head)
    for name in VOLUMES:
        written = read_volume(folder / f"{name}.nrrd")
        assert written.shape == source.shape and np.allclose(written.affine, source.affine, atol=1e-9)
    assert np.array_equal(read_volume(folder / "source.nrrd").array, source.array)
    assert sitk.ReadImage(str(folder / "segmentation.nrrd")).GetPixelID() == sitk.sitkUInt8

    record = json.loads((folder / "translation.json").read_text())
    assert record["input"] == str(head) and record["direction"] == "ct-to-mr" and record["maps"] == 2
    assert record["source"] == {"name": "CT", "modality": "CT", "units": "HU"}
    assert record["target"] == {"name": "MR", "modality": "MR", "units": "a.u."}
    bone = record["labels"][1]
    assert (bone["value"], bone["name"], bone["color"]) == (2, "bone", [241, 214, 145])
    assert bone["snomed"]["type"] == {"scheme": "SCT", "value": "272673000", "meaning": "Bone"}
    assert record["files"] == {f"{name}.nrrd": sha256(folder / f"{name}.nrrd") for name in VOLUMES}
    assert record["provenance"]["weights_sha256"] == sha256(bundle / "model.safetensors")
    assert record["provenance"]["planes"] == ["axial"]
    # The model knows 1 mm: the notice is on stderr and in the record.
    assert record["notices"] and [f"head: {text}" for text in record["notices"]] == errors
    assert any("voxels are 8 mm apart" in line for line in errors)

    row = rows(tmp_path / "out")["head"]
    assert row["status"] == "done" and row["input"] == str(head) and row["error"] == ""
    assert float(row["seconds"]) >= 0 and row["notices"] == " ".join(record["notices"])
    assert not leftovers(tmp_path)


def test_planes_flips_batch_size_and_format_do_what_they_say(translate, head, tmp_path):
    options = ["--planes", "all", "--flips", "--batch-size", "1", "--format", "nii.gz"]
    code, _ = translate(head, options=options)
    folder = tmp_path / "out" / "head"
    assert code == 0 and (folder / "synthetic.nii.gz").is_file() and not list(folder.glob("*.nrrd"))
    record = read_record(folder)
    assert record["provenance"]["planes"] == ["axial", "coronal"]
    assert record["provenance"]["parameters"]["flips"] is True


def test_dicom_folder(translate, tmp_path):
    volume = tiny_head()
    folder = tmp_path / "series"
    folder.mkdir()
    image = sitk.Cast(image_from_volume(volume), sitk.sitkInt16)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    direction = image.GetDirection()
    orientation = "\\".join(f"{direction[n]:.8f}" for n in (0, 3, 6, 1, 4, 7))
    for k in range(image.GetDepth()):
        piece = image[:, :, k]
        position = image.TransformIndexToPhysicalPoint((0, 0, k))
        tags = {
            "0008|0060": "CT",
            "0008|0016": "1.2.840.10008.5.1.4.1.1.2",
            "0008|0018": f"1.2.3.4.{k + 1}",
            "0020|000d": "1.2.3",
            "0020|000e": "1.2.3.4",
            "0020|0013": str(k + 1),
            "0020|0032": "\\".join(f"{x:.6f}" for x in position),
            "0020|0037": orientation,
            "0028|1052": "0",
            "0028|1053": "1",
        }
        for tag, value in tags.items():
            piece.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{k}.dcm"))
        writer.Execute(piece)
    code, errors = translate(folder)
    assert code == 0, errors
    written = read_volume(tmp_path / "out" / "series" / "synthetic.nrrd")
    assert written.shape == volume.shape and np.allclose(written.affine, volume.affine, atol=1e-3)


# ---- many cases ----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder_of_three(tmp_path) -> Path:
    folder = tmp_path / "cohort"
    folder.mkdir()
    for n, name in enumerate(("first", "second", "third")):
        write_volume(tiny_head(n), folder / f"{name}.nrrd")
    data = (folder / "second.nrrd").read_bytes()
    (folder / "second.nrrd").write_bytes(data[: len(data) // 2])
    return folder


def test_one_failing_case_does_not_stop_the_rest(translate, folder_of_three, tmp_path):
    output = tmp_path / "out"
    code, errors = translate(folder_of_three, tmp_path / "missing.nrrd")
    assert code == 1
    table = rows(output)
    assert {name: row["status"] for name, row in table.items()} == {
        "missing.nrrd": "failed",
        "first": "done",
        "second": "failed",
        "third": "done",
    }
    assert "second.nrrd" in table["second"]["error"]
    told = [line for line in errors if line.startswith("error:")]
    assert len(told) == 2 and any("second.nrrd" in line for line in told)
    assert sorted(path.name for path in output.iterdir()) == ["cases.csv", "first", "third"]


def test_resume_skips_what_is_done_and_intact(translate, folder_of_three, tmp_path):
    output = tmp_path / "out"
    write_volume(tiny_head(1), folder_of_three / "second.nrrd")
    assert translate(folder_of_three)[0] == 0
    times = {path: path.stat().st_mtime_ns for path in output.glob("*/translation.json")}
    # One result is damaged, one input is another image now.
    (output / "second" / "uncertainty.nrrd").write_bytes(b"short")
    write_volume(tiny_head(9), folder_of_three / "third.nrrd")
    code, _ = translate(folder_of_three, options=["--resume"])
    assert code == 0
    assert {name: row["status"] for name, row in rows(output).items()} == {
        "first": "skipped",
        "second": "done",
        "third": "done",
    }
    changed = {path.parent.name for path, time in times.items() if path.stat().st_mtime_ns != time}
    assert changed == {"second", "third"}
    assert all(read_record(output / name) for name in ("first", "second", "third"))


@pytest.mark.parametrize(
    "options", [["--planes", "coronal"], ["--no-flips"], ["--format", "nii.gz"]], ids=lambda o: o[0]
)
def test_resume_does_another_request_again(translate, head, tmp_path, options):
    translate(head)
    translate(head, options=["--resume", *options])
    assert rows(tmp_path / "out")["head"]["status"] == "done"


def test_without_resume_the_result_is_replaced(translate, head, tmp_path):
    translate(head)
    record = tmp_path / "out" / "head" / "translation.json"
    before = record.stat().st_mtime_ns
    translate(head)
    assert record.stat().st_mtime_ns != before and rows(tmp_path / "out")["head"]["status"] == "done"


def test_results_beside_the_inputs_are_not_translated(translate, head):
    for _ in range(2):
        assert translate(head.parent, head, output=head.parent)[0] == 0
        assert list(rows(head.parent)) == ["head"]


def test_interrupting_keeps_finished_cases_and_no_halves(translate, folder_of_three, tmp_path, monkeypatch):
    from SASANLib.translation import Translator

    original, calls = Translator.translate, []

    def interrupted(self, *arguments, **options):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(self, *arguments, **options)

    monkeypatch.setattr(Translator, "translate", interrupted)
    code, errors = translate(folder_of_three)
    assert code not in (0, 1, 2), errors
    assert rows(tmp_path / "out")["first"]["status"] == "done"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["cases.csv", "first"]


def test_case_names():
    assert case_names([Path("a/x.nii.gz"), Path("b/y.NRRD"), Path("dicom/series.1")]) == ["x", "y", "series.1"]
    assert case_names([Path("a/x.nrrd"), Path("b/x.nii.gz")]) == ["a_x", "b_x"]
    assert case_names([Path("a/x.nrrd"), Path("a/x.nii.gz")]) == ["a_x", "a_x_2"]


def test_table_keeps_other_rows_and_refuses_other_tables(tmp_path):
    path = tmp_path / "cases.csv"
    CaseTable(path).add(CaseRow("a", "a.nrrd", "failed", 1.0, error='said "no", twice\nat least'))
    CaseTable(path).add(CaseRow("b", "b.nrrd", "done", 2.0))
    CaseTable(path).add(CaseRow("a", "a.nrrd", "done", 3.04))
    assert {name: (row["status"], row["seconds"]) for name, row in rows(tmp_path).items()} == {
        "a": ("done", "3.0"),
        "b": ("done", "2.0"),
    }
    path.write_text("patient,age\nx,3\n")
    with pytest.raises(SASANError, match="not a table of cases"):
        CaseTable(path)
    assert path.read_text() == "patient,age\nx,3\n"


def test_a_folder_that_is_not_a_result_is_never_replaced(translate, head, tmp_path):
    mine = tmp_path / "out" / "head"
    mine.mkdir(parents=True)
    (mine / "thesis.txt").write_text("years of work")
    code, errors = translate(head)
    assert code == 1 and "is not the result of a translation" in errors[-1]
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]
    check_replaceable(tmp_path / "out" / "new")
    (tmp_path / "out" / "empty").mkdir()
    check_replaceable(tmp_path / "out" / "empty")


# ---- bad input: one sentence that names the file and the remedy, a code, and nothing half-written -------------------


def changed(value) -> Volume:
    volume = tiny_head()
    volume.array[3, 8, 7] = value
    return volume


def write_rgb(path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 255, (6, 16, 16, 3)).astype(np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(array, isVector=True), str(path))


def write_4d(path: Path) -> None:
    array = np.random.default_rng(0).normal(size=(3, 6, 16, 16)).astype(np.float32)
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))


def write_truncated(path: Path) -> None:
    write_volume(tiny_head(), path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def labelmap() -> Volume:
    head = tiny_head()
    return head.like((head.array > -400).astype(np.float32) + (head.array > 0))


BAD_IMAGES = {
    "nan": ("nan.nrrd", lambda path: write_volume(changed(np.nan), path)),
    "infinite": ("infinite.nrrd", lambda path: write_volume(changed(np.inf), path)),
    "constant": ("constant.nrrd", lambda path: write_volume(tiny_head().like(np.full((7, 16, 14), 5.5, "f4")), path)),
    "empty file": ("empty.nii.gz", lambda path: path.write_bytes(b"")),
    "truncated NRRD": ("truncated.nrrd", write_truncated),
    "truncated NIfTI": ("truncated.nii.gz", write_truncated),
    "not an image": ("notes.nrrd", lambda path: path.write_text("Dear diary")),
    "RGB": ("rgb.nrrd", write_rgb),
    "4-D": ("time.nrrd", write_4d),
    "labelmap": ("labels.nrrd", lambda path: write_volume(labelmap(), path)),
    "single slice": (
        "slice.nrrd",
        lambda path: write_volume(Volume(tiny_head().array[3:4], tiny_head().affine), path),
    ),
    "air": (
        "air.nrrd",
        lambda path: write_volume(
            tiny_head().like(np.random.default_rng(0).normal(-990, 9, (7, 16, 14)).astype("f4")), path
        ),
    ),
}


@pytest.mark.parametrize("kind", BAD_IMAGES)
def test_bad_image(translate, tmp_path, kind):
    name, write = BAD_IMAGES[kind]
    path = tmp_path / name
    write(path)
    code, errors = translate(path)
    assert code == 1
    (line,) = (line for line in errors if line.startswith("error:"))
    assert name in line, "the sentence names the file"
    assert line.rstrip().endswith(".") and line.count(". ") >= 1, "and says what to do"
    assert "Traceback" not in "".join(errors)
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["cases.csv"]
    assert rows(tmp_path / "out")[name.split(".")[0]]["status"] == "failed"


def test_a_torso_for_a_head_model_is_a_notice_and_no_refusal(translate, tmp_path):
    write_volume(coarse_torso(), tmp_path / "torso.nrrd")
    code, errors = translate(tmp_path / "torso.nrrd")
    assert code == 0 and (tmp_path / "out" / "torso" / "synthetic.nrrd").is_file()
    (line,) = (line for line in errors if "from right to left" in line)
    assert line.startswith("torso: The body measures 3") and "trained on 140 to 175 mm" in line
    assert "from right to left" in rows(tmp_path / "out")["torso"]["notices"]


def wrong_hash(folder: Path) -> None:
    change_card(folder, lambda card: card["weights"].update(sha256="1" * 64))


def future_schema(folder: Path) -> None:
    change_card(folder, lambda card: card.update(schema_version="7.0"))


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def pickled(folder: Path) -> None:
    replace_weights(folder, malicious_pickle(folder.parent / "executed"))


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (wrong_hash, r"model\.safetensors.*SHA-256"),
        (no_weights, r"model\.safetensors"),
        (future_schema, r"model\.json has schema version 7\.0"),
        (pickled, r"model\.safetensors.*pickle"),
    ],
)
def test_bad_bundle(translate, head, own_bundle, tmp_path, damage, text):
    import re

    damage(own_bundle)
    code, errors = translate(head, model=own_bundle)
    assert code == 2 and len(errors) == 1
    assert re.search(text, errors[0]) and errors[0].count(". ") >= 1, errors
    assert not (tmp_path / "out").exists() and not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ({"direction": "ct-to-pet"}, "Choose mr-to-ct or ct-to-mr"),
        ({"device": "cuda"}, "cuda"),
        ({"model": "no-such-model"}, "There is no model 'no-such-model'"),
        ({"options": ["--planes", "sagittal"]}, "not trained on sagittal slices. Choose axial, coronal"),
    ],
    ids=["direction", "device", "model", "plane"],
)
def test_unusable_call(translate, head, tmp_path, monkeypatch, call, text):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    code, errors = translate(head, **call)
    assert code == 2 and len(errors) == 1 and text in errors[0]
    assert not (tmp_path / "out").exists()


def test_missing_file(translate, tmp_path):
    code, errors = translate(tmp_path / "missing.nrrd")
    assert code == 2 and len(errors) == 1 and "missing.nrrd does not exist" in errors[0]
    assert not (tmp_path / "out").exists()


def test_unwritable_output_folder(translate, head, tmp_path):
    # A folder below a file: not even root can make that one.
    code, errors = translate(head, output=head / "out")
    assert code == 2 and len(errors) == 1 and f"Cannot write {head / 'out'}" in errors[0]


def no_space(*_arguments, **_options):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_disk_full_from_the_start(translate, head, tmp_path, monkeypatch):
    monkeypatch.setattr("SASANLib.files.os.replace", no_space)
    code, errors = translate(head)
    assert code == 2 and len(errors) == 1
    assert "No space left" in errors[0] and "Free some space" in errors[0]
    assert not (tmp_path / "out").exists(), "a folder made for nothing is taken away again"


def test_disk_full_at_the_results(translate, head, tmp_path, monkeypatch):
    monkeypatch.setattr("SASANLib.results.write_volume", no_space)
    code, errors = translate(head)
    told = [line for line in errors if line.startswith("error:")]
    folder = tmp_path / "out" / "head"
    assert code == 1 and len(told) == 1
    assert f"Cannot write {folder}: No space left on device. Free some space" in told[0]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["cases.csv"]
    assert rows(tmp_path / "out")["head"]["status"] == "failed"


def test_disk_full_at_one_volume_names_the_folder_that_was_chosen(translate, head, tmp_path, monkeypatch):
    def failing(volume, path):
        write_volume(volume, path)
        if path.name.startswith("attention_2"):
            raise SASANError(f"Cannot write {path}: No space left on device.", "Free some space.")

    monkeypatch.setattr("SASANLib.results.write_volume", failing)
    code, errors = translate(head)
    assert code == 1 and f"Cannot write {tmp_path / 'out' / 'head' / 'attention_2.nrrd'}:" in errors[-1]
    assert not leftovers(tmp_path) and not (tmp_path / "out" / "head").exists()


# ---- demo ----------------------------------------------------------------------------------------------------------


def small_phantom():
    from SASANLib.phantom import head_phantom

    return head_phantom((24, 28, 28), 9.0)


def test_demo_translates_the_phantom_and_tells_the_error(bundle, tmp_path, capsys, monkeypatch):
    phantom = small_phantom()
    monkeypatch.setattr("SASANLib.phantom.head_phantom", lambda: phantom)
    output = tmp_path / "demo"
    assert main(["demo", "--output", str(output), "--model", str(bundle), "--device", "cpu"]) == 0
    folder = output / "head_phantom"
    known = read_volume(folder / "ct_known.nrrd")
    assert np.allclose(known.array, phantom.ct.array)
    record = read_record(folder)
    assert record["direction"] == "mr-to-ct" and "ct_known.nrrd" in record["files"]
    assert record["provenance"]["planes"] == ["axial", "coronal"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == str(folder) and lines[1].startswith("Mean absolute error in the body: ")
    error = float(lines[1].split()[-2])
    synthetic = read_volume(folder / "synthetic.nrrd").array
    body = known.array > -400
    assert error == pytest.approx(np.abs(synthetic - known.array)[body].mean(), rel=0.15)


def test_demo_takes_a_volume_of_ones_own(bundle, head, tmp_path, capsys):
    arguments = ["--input", str(head), "--output", str(tmp_path / "demo"), "--model", str(bundle)]
    assert main(["demo", *arguments, "--device", "cpu"]) == 0
    assert read_record(tmp_path / "demo" / "head")["input"] == str(head)
    assert "Mean absolute error" not in capsys.readouterr().out
    assert not (tmp_path / "demo" / "head" / "ct_known.nrrd").exists()
