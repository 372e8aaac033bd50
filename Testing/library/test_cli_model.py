"""`sasan` itself (exit codes, one-line errors, a quick start) and `sasan model`."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from bundle_examples import change_card, make_card, make_state, zip_folder

from SASANLib import __version__, cli, model
from SASANLib.cli import main
from SASANLib.errors import Cancelled, SASANError
from SASANLib.model import load_bundle, save_bundle

LIBRARY = Path(cli.__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "tiny-mr-ct"
    save_bundle(make_card(), make_state(), folder)
    return folder


@pytest.fixture(autouse=True)
def roots(tmp_path, monkeypatch):
    """No models but those that a test installs, and a terminal wide enough for any table."""
    monkeypatch.setattr(model, "bundled_root", lambda: tmp_path / "bundled")
    monkeypatch.setenv("SASAN_MODELS", str(tmp_path / "user"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "bundled", tmp_path / "user"


@pytest.fixture
def bundle(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "source" / saved.name)


def assert_one_error(capsys, *words):
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("error: ") and err.count("\n") == 1 and err.endswith("\n")
    for word in words:
        assert word in err


# ---- the program


def start(*arguments, **options):
    environment = os.environ | {"PYTHONPATH": str(LIBRARY)}
    code = f"import sys; from SASANLib.cli import main; code = main({list(arguments)!r}); "
    return subprocess.run(
        [
            sys.executable,
            "-c",
            code + "print('heavy:', {'torch', 'SimpleITK', 'numpy', 'monai'} & set(sys.modules))",
        ],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
        **options,
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["model", "--help"], ["no-such-command"]])
def test_nothing_heavy_is_imported_before_a_command_runs(arguments):
    assert start(*arguments).stdout.endswith("heavy: set()\n")


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"sasan {__version__}\n"


def test_help_lists_the_commands(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for command in cli.COMMANDS:
        assert command.__name__.rpartition(".")[2] in out


@pytest.mark.parametrize("arguments", [["no-such-command"], ["model", "show"], ["model", "list", "--no-such-option"]])
def test_wrong_usage(arguments, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert not out and "Traceback" not in err and "Usage: sasan" in err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SASANError("It\nbroke.", "Mend \x1b[2J it."), 2, "error: It broke. Mend ?[2J it.\n"),
        (Cancelled(), 130, "Cancelled.\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_become_one_line_and_an_exit_code(monkeypatch, capsys, error, code, line):
    def fail():
        raise error

    monkeypatch.setattr(model, "list_bundles", fail)
    assert main(["model", "list"]) == code
    out, err = capsys.readouterr()
    assert not out and err == line


def test_a_bug_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(model, "list_bundles", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["model", "list"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c(tmp_path):
    code = (
        "import sys, time; from SASANLib import cli, model\n"
        "def wait(): print('ready', flush=True); time.sleep(60)\n"
        "model.list_bundles = wait\n"
        "sys.exit(cli.main(['model', 'list']))"
    )
    environment = os.environ | {"PYTHONPATH": str(LIBRARY)}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err


# ---- sasan model


def test_list_without_models(capsys, roots):
    assert main(["model", "list"]) == 0
    assert "No models are installed" in capsys.readouterr().out


def test_list(bundle, roots, capsys):
    bundled, user = roots
    shutil.copytree(bundle, bundled / "tiny-mr-ct")
    shutil.copytree(bundle, bundled / "broken")
    change_card(bundled / "broken", lambda card: card.pop("anatomy"))
    shutil.copytree(bundle, user / "tiny-mr-ct")
    assert main(["model", "list"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if "│" in line]
    mine, broken, hidden = (row for row in rows if "tiny" in row or "broken" in row)
    assert "mr-to-ct, ct-to-mr" in mine and "axial, sagittal" in mine and "0.1.0" in mine and "by you" in mine
    assert "hidden by yours" not in mine and "with SASAN, hidden by yours" in hidden
    assert "with SASAN" in broken


def test_list_says_what_is_wrong_with_a_model(bundle, roots, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")
    shutil.copytree(bundle, roots[1] / "broken")
    change_card(roots[1] / "broken", lambda card: card.pop("anatomy"))
    assert main(["model", "list"]) == 0
    assert "the field anatomy is missing" in capsys.readouterr().out


def test_show_by_path_and_by_name(bundle, capsys):
    assert main(["model", "show", str(bundle)]) == 0
    shown = capsys.readouterr().out
    card = make_card()
    sha = load_bundle(bundle).card.weights.sha256
    for text in (
        card.title,
        card.anatomy,
        card.licence,
        card.citation,
        "-1000 to 1600 HU",
        "percentiles 2 to 98",
        sha,
    ):
        assert text in shown
    for text in ("soft tissue", "Bone (272673000)", "81.2", "256 × 256 pixels of 1 mm"):
        assert text in shown
    assert main(["model", "import", str(bundle)]) == 0
    capsys.readouterr()
    assert main(["model", "show", "tiny-mr-ct"]) == 0
    assert capsys.readouterr().out == shown


def test_show_prints_a_card_as_text_not_as_markup(bundle, capsys):
    change_card(bundle, lambda card: card.update(title="[red]Tiny[/red] [link=x]"))
    assert main(["model", "show", str(bundle)]) == 0
    assert "[red]Tiny[/red] [link=x]" in capsys.readouterr().out


def test_show_an_unknown_model(capsys):
    assert main(["model", "show", "brain"]) == 2
    assert_one_error(capsys, "'brain'")


def test_check(bundle, tmp_path, capsys):
    for path in (bundle, zip_folder(bundle, tmp_path / "tiny.zip")):
        assert main(["model", "check", str(path)]) == 0
        out = capsys.readouterr().out
        assert str(path) in out and "tiny-mr-ct 0.1.0 is valid" in out


def test_check_finds_damage(bundle, capsys):
    with open(bundle / "model.safetensors", "ab") as file:
        file.write(b"x")
    assert main(["model", "check", str(bundle)]) == 2
    assert_one_error(capsys, str(bundle / "model.safetensors"), "SHA-256")


def test_import_to_the_users_models(bundle, tmp_path, roots, capsys):
    archive = zip_folder(bundle, tmp_path / "tiny.zip")
    assert main(["model", "import", str(archive)]) == 0
    out = capsys.readouterr().out
    assert str(roots[1] / "tiny-mr-ct") in out and "takes the place" not in out
    load_bundle(roots[1] / "tiny-mr-ct")


def test_import_to_a_folder_and_replace(bundle, tmp_path, capsys):
    arguments = ["model", "import", str(bundle), "--to", str(tmp_path / "chosen")]
    assert main(arguments) == 0
    capsys.readouterr()
    assert main(arguments) == 2
    assert_one_error(capsys, str(tmp_path / "chosen" / "tiny-mr-ct"), "--replace")
    assert main([*arguments, "--replace"]) == 0


def test_import_says_when_it_hides_a_bundled_model(bundle, roots, capsys):
    shutil.copytree(bundle, roots[0] / "tiny-mr-ct")
    assert main(["model", "import", str(bundle)]) == 0
    assert "takes the place of the tiny-mr-ct that comes with SASAN" in capsys.readouterr().out


def test_a_refused_import_leaves_nothing(bundle, roots, capsys):
    (bundle / "run.py").write_text("")
    assert main(["model", "import", str(bundle)]) == 2
    assert_one_error(capsys, "'run.py'")
    assert not roots[1].exists()
