"""The workflows of GitHub Actions: a light look at their text, as they cannot be run here."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.name)
def text(request) -> str:
    """A workflow without its comments."""
    return re.sub(r"(?:^|(?<=\s))#.*$", "", request.param.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_there_is_one_for_each_room():
    assert [path.stem for path in WORKFLOWS] == ["host", "library", "slicer"]


def test_they_may_only_read_and_give_way_to_a_newer_run(text):
    assert re.findall(r"^permissions:\n((?:  .*\n)+)", text, flags=re.MULTILINE) == ["  contents: read\n"]
    assert "cancel-in-progress: true" in text
    assert text.count("persist-credentials: false") == text.count("uses: actions/checkout@")


def test_every_job_has_an_end(text):
    assert text.count("runs-on:") == text.count("timeout-minutes:") > 0


def test_expressions_stay_out_of_scripts(text):
    # What comes from outside reaches a script as an environment variable, which a shell does not read as commands.
    scripts = re.findall(r"^( *)(?:- )?run: *(?:\|\n((?:\1 +.*\n|\n)+)|(.*)\n)", text, flags=re.MULTILINE)
    assert scripts
    assert [block or line for _, block, line in scripts if "${{" in block + line] == []


def test_only_github_s_own_actions_in_one_version_each():
    used = {use for path in WORKFLOWS for use in re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))}
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", use) for use in used), used
    assert len({use.partition("@")[0] for use in used}) == len(used), used


def test_the_files_they_name_exist(text):
    named = re.findall(r"\b(?:SASANTranslation|Testing)\b[\w./-]*", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_slicer_tests_every_module_that_it_builds():
    modules = re.findall(
        r"^add_subdirectory\((\w+)\)", (ROOT / "CMakeLists.txt").read_text("utf-8"), flags=re.MULTILINE
    )
    text = (ROOT / ".github" / "workflows" / "slicer.yml").read_text(encoding="utf-8")
    (paths,) = re.findall(r"--additional-module-paths((?: \"[^\"]*\")+)", text)
    assert re.findall(r"\$GITHUB_WORKSPACE/(\w+)", paths) == modules
    assert "run_slicer_tests.py" in text and "stability: [release, nightly]" in text
