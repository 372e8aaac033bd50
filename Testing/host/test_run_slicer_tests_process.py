"""The runner of the self-tests on modules, and in whole runs: exit codes, crashes, hangs, the file that is left."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import run_slicer_tests

HERE = Path(__file__).resolve().parent
RUNNER = HERE.parent / "slicer" / "run_slicer_tests.py"


def add_module(folder, tests):
    """A scripted module "Example" as a file; `tests` is the body of its test class, or None for no class."""
    lines = [
        "import os, sys, time, unittest",
        "from slicer.ScriptedLoadableModule import *",
        "class Example(ScriptedLoadableModule): pass",
        "class ExampleWidget(ScriptedLoadableModuleWidget): pass",
    ]
    if tests is not None:
        lines += ["class ExampleTest(ScriptedLoadableModuleTest):", *(f"    {line}" for line in tests)]
    (folder / "Example.py").write_text("\n".join(lines) + "\n")
    return folder


def test_the_repository_has_the_modules_that_slicer_builds():
    assert "SASANTranslation" in run_slicer_tests.repository_modules()


def test_tests_of_a_loaded_module_are_found_and_run(host, tmp_path):
    folder = add_module(tmp_path, ["def test_one(self): pass", "def test_two(self): pass", "def check(self): 1 / 0"])
    host.load_module("Example", folder)
    result = run_slicer_tests.run(run_slicer_tests.load_tests(["Example"]))
    assert [(case.name, case.kind) for case in result.cases] == [("test_one", "passed"), ("test_two", "passed")]


@pytest.mark.parametrize("tests", [None, ["def runTest(self): pass"]])
def test_a_module_without_tests_is_refused(host, tmp_path, tests):
    host.load_module("Example", add_module(tmp_path, tests))
    with pytest.raises(LookupError, match="no class ExampleTest"):
        run_slicer_tests.load_tests(["Example"])


def test_a_module_that_is_not_loaded_is_a_failure(host, tmp_path, capsys):
    path = tmp_path / "out.xml"
    assert run_slicer_tests.main(["--junit", str(path), "Example"]) == 1
    output = capsys.readouterr()
    assert "has not loaded the module Example" in output.err
    assert output.out.splitlines()[-1] == "0 passed, 1 failed, 0 skipped"
    assert ElementTree.parse(path).find(".//error") is not None


# Whole runs, each in a process of its own, in which the script is executed as Slicer does

PROCESS = """
import sys
sys.path[:0] = {path}
import slicer
from slicer_host import Host
with Host() as host:
    host.load_module("Example", {folder})
    {exit}
    sys.argv[:] = {argv}
    exec(open({runner}).read(), globals() | {{"__name__": "__main__", "__file__": {runner}}})
sys.exit(77 if host.exit_code is None else host.exit_code)
"""


def run_process(folder, *arguments, exit=""):
    values = {"path": [str(HERE)], "folder": str(folder), "runner": str(RUNNER)}
    values = {key: repr(value) for key, value in values.items()} | {"argv": repr([str(RUNNER), *arguments])}
    return subprocess.run(
        [sys.executable, "-c", PROCESS.format(exit=exit, **values)],
        cwd=folder,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def last_line(process):
    return process.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("tests", "code", "line"),
    [
        (["def test_a(self): pass"], 0, "1 passed, 0 failed, 0 skipped"),
        (["def test_a(self): pass", "def test_b(self): self.fail()"], 1, "1 passed, 1 failed, 0 skipped"),
        (["def test_a(self): sys.exit(0)"], 1, "0 passed, 1 failed, 0 skipped"),
        (["def test_a(self): self.skipTest('off')"], 1, "0 passed, 1 failed, 1 skipped"),
        (["pass"], 1, "0 passed, 1 failed, 0 skipped"),
    ],
)
def test_the_exit_code_tells(tmp_path, tests, code, line):
    process = run_process(add_module(tmp_path, tests), "--junit", "results/out.xml", "Example")
    assert (process.returncode, last_line(process)) == (code, line), process.stderr
    suite = ElementTree.parse(tmp_path / "results" / "out.xml").find("testsuite")
    assert int(suite.get("failures")) + int(suite.get("errors")) == int(line.split()[2])


def test_wrong_arguments_are_refused(tmp_path):
    process = run_process(add_module(tmp_path, ["def test_a(self): pass"]), "--junti", "out.xml")
    assert process.returncode == 2
    assert "--junti" in process.stderr


def test_a_crash_leaves_what_was_known(tmp_path):
    folder = add_module(tmp_path, ["def test_a(self): pass", "def test_b(self): os.abort()", "def test_c(self): pass"])
    process = run_process(folder, "--junit", "out.xml", "Example")
    assert process.returncode not in (0, 1)
    cases = {
        case.get("name"): [child.tag for child in case]
        for case in ElementTree.parse(folder / "out.xml").iter("testcase")
    }
    assert cases == {"test_a": [], "test_b": ["error"]}


def test_a_test_that_hangs_is_ended_with_a_traceback(tmp_path):
    folder = add_module(tmp_path, ["def test_a(self): time.sleep(60)"])
    process = run_process(folder, "--junit", "out.xml", "--limit", "1", "Example")
    assert process.returncode == 1
    assert "Timeout" in process.stderr and "in test_a" in process.stderr
    assert "ended before" in ElementTree.parse(folder / "out.xml").find(".//error").get("message")


def test_slicer_is_ended_by_force_if_it_refuses(tmp_path):
    folder = add_module(tmp_path, ["def test_a(self): self.fail()"])
    process = run_process(folder, "Example", exit="slicer.util.exit = None")
    assert process.returncode == 1
    assert last_line(process) == "0 passed, 1 failed, 0 skipped"
    assert "NoneType" in process.stderr


def test_the_script_is_read_in_any_locale():
    assert RUNNER.read_bytes().isascii()
