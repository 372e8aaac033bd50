"""`sasan prepare --check` and `--register`: exit codes, and what is printed."""

from pathlib import Path

import numpy as np
import pytest
from training_examples import write_heads

from SASANLib.cli import main
from SASANLib.training.report import load_report
from SASANLib.volumes import Volume, read_volume, write_volume


def arguments(volumes: Path, output: Path, *options: str) -> list[str]:
    folders = ["--a", str(volumes / "mr"), "--b", str(volumes / "ct"), "--paired"]
    return ["prepare", str(output), *folders, "--spacing", "8", "--size", "32", *options]


@pytest.fixture
def volumes(tmp_path) -> Path:
    return write_heads(tmp_path / "v", names=["p1", "p2", "p3", "p4"])


def test_a_check_ends_well_without_errors(tmp_path, volumes, capsys):
    assert main(arguments(volumes, tmp_path / "out", "--check")) == 0
    out, err = capsys.readouterr()
    rows = [line.replace("│", " ").split() for line in out.splitlines()]
    assert ["MR", "train", "3", "3", "21"] in rows and not err.strip()
    assert str(tmp_path / "out" / "pictures") in out and str(tmp_path / "out" / "report.csv") in out
    assert not (tmp_path / "out" / "dataset.json").exists()


def test_a_check_prints_every_error_and_warnings_of_one_kind_once(tmp_path, volumes, capsys):
    for name in ("p1", "p2"):
        (volumes / "mr" / f"{name}.nrrd").write_bytes(b"no image")
    for name in ("p3", "p4"):
        ct = read_volume(volumes / "ct" / f"{name}.nrrd")
        write_volume(ct.like(np.maximum(ct.array, -400) + np.float32(300)), volumes / "ct" / f"{name}.nrrd")
    assert main(arguments(volumes, tmp_path / "out", "--check")) == 1
    lines = capsys.readouterr().out.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == 2 and errors[0].startswith("error: MR p1: ") and "p2.nrrd" in errors[1]
    (units,) = [line for line in lines if "is it in HU?" in line]
    assert units.startswith("warning: CT p3 and 1 more: no air") and "HU? Export it" in units
    assert load_report(tmp_path / "out").count("error") == 2


def test_pairs_are_registered(tmp_path, volumes, capsys):
    ct = read_volume(volumes / "ct" / "p1.nrrd")
    write_volume(Volume(ct.array, ct.affine + 24 * np.eye(4)[:, [3, 3, 3, 1]]), volumes / "ct" / "p1.nrrd")
    assert main(arguments(volumes, tmp_path / "out", "--register")) == 0
    assert "note: CT p1: registered: moved by 2" in capsys.readouterr().out
    pair = load_report(tmp_path / "out").pairs[0]
    assert pair.registration.applied and abs(pair.registration.shift_mm - 24) < 4


def test_registration_of_unpaired_data_is_refused(tmp_path, volumes, capsys):
    words = [word for word in arguments(volumes, tmp_path / "out", "--register") if word != "--paired"]
    assert main(words) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and "needs paired data" in err and err.count("\n") == 1
