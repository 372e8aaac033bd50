r"""Run the self-tests of this extension's modules, the classes <module>Test, inside a real Slicer.

    Slicer --no-splash --testing --additional-module-paths <repository>/SASANTranslation \
        --python-script Testing/slicer/run_slicer_tests.py [--junit out.xml] [--limit SECONDS] [MODULE ...]

Without a MODULE, all of the repository are tested. Slicer's exit code is 0 if tests ran and none failed, 1 if not, 2 if
the arguments were wrong. All of it happens before this script ends: what it left to timers would never run.
ASCII only: Slicer reads a script in the encoding of the locale.
"""

import argparse
import faulthandler
import importlib
import os
import sys
import traceback
import unittest
from pathlib import Path

import slicer
import slicer.util

sys.path.append(str(Path(__file__).resolve().parent))

from slicer_test_result import Result, junit

SECONDS_TO_LEAVE = 120


def repository_modules():
    folders = Path(__file__).resolve().parents[2].iterdir()
    return sorted(folder.name for folder in folders if (folder / f"{folder.name}.py").is_file())


def load_tests(modules):
    """The test_* methods of each module's class <module>Test as a TestSuite; LookupError if a module has none."""
    suite = unittest.TestSuite()
    for name in modules:
        module = getattr(slicer.modules, name.lower(), None)
        if module is None:
            raise LookupError(f"Slicer has not loaded the module {name}: see above, and --additional-module-paths")
        print(f"Testing {module.path}", file=sys.stderr)
        test_class = getattr(importlib.import_module(name), f"{name}Test", None)
        # Not a loader's loadTestsFrom...: where there are none, that takes the base class's runTest, which passes.
        methods = unittest.TestLoader().getTestCaseNames(test_class) if test_class else []
        if not methods:
            raise LookupError(f"The module {name} has no class {name}Test with test_* methods")
        suite.addTests(test_class(method) for method in methods)
    return suite


def run(suite, result=None):
    """Run a suite; returns the result. An exception in a slot fails the test that it is raised in."""
    result = result or Result()
    previous = sys.excepthook

    def hook(*error):
        previous(*error)
        result.uncaught(*error)

    sys.excepthook = hook
    try:
        suite.run(result)
    finally:
        sys.excepthook = previous
    return result


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def main(arguments):
    """Load, run and report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="run_slicer_tests.py")
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--junit", type=lambda path: Path(path).absolute(), help="write the results there as XML")
    parser.add_argument("--limit", type=float, default=600, help="seconds that one test may take")
    options = parser.parse_args(arguments)
    version = f"Slicer {slicer.app.applicationVersion}"
    save = (lambda result: write(options.junit, junit(result, version))) if options.junit else (lambda result: None)
    result = Result(save, options.limit)
    try:
        run(load_tests(options.modules or repository_modules()), result)
    except Exception:
        result.note("error", traceback.format_exc(), "run_slicer_tests")
    passed, failed, skipped = result.counts()
    if not passed and not failed:
        result.note("error", "Nothing was tested.", "run_slicer_tests")
        failed = 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


def leave(code):
    """End Slicer with this exit code; one that does not end by itself is ended, and that is a failure too."""
    faulthandler.dump_traceback_later(SECONDS_TO_LEAVE, exit=True, file=2)
    try:
        slicer.util.exit(code)
    except BaseException:
        traceback.print_exc()
        os._exit(code or 1)


if __name__ == "__main__":
    try:
        exit_code = main(sys.argv[1:])
    except SystemExit as error:  # from argparse
        exit_code = error.code
    except BaseException:
        traceback.print_exc()
        exit_code = 1
    leave(exit_code)
