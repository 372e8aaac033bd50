"""What became of each test that ran in Slicer, printed as it happens and written as JUnit XML.

With the standard library only: Slicer's Python has no package for it.
"""

import faulthandler
import re
import sys
import time
import traceback
import unittest
from dataclasses import dataclass, field
from xml.etree import ElementTree

UNFINISHED = ("error", "Slicer ended before this test did.")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class Case:
    """One test, or what went wrong between tests. `notes` are pairs of kind (error, failure, skipped) and text."""

    group: str
    name: str
    notes: list = field(default_factory=list)
    seconds: float = 0.0

    @property
    def kind(self):
        kinds = [kind for kind, _ in self.notes]
        return next((kind for kind in ("error", "failure", "skipped") if kind in kinds), "passed")

    @property
    def text(self):
        return "\n".join(text for _, text in self.notes)


class Result(unittest.TestResult):
    """Collects a Case per test and prints it. `changed(result)` is called at each start and end of one, so that what is
    known survives a crash; a test that takes longer than `limit` seconds ends the process."""

    def __init__(self, changed=lambda result: None, limit=None):
        super().__init__()
        self.cases, self._changed, self._limit, self._running, self._start = [], changed, limit, None, 0.0

    def counts(self):
        """Numbers of tests: passed, failed, skipped."""
        kinds = [case.kind for case in self.cases]
        return kinds.count("passed"), kinds.count("error") + kinds.count("failure"), kinds.count("skipped")

    def note(self, kind, text, name):
        """Of the test that runs or, between tests, as a line of its own under this name."""
        if self._running is not None:
            self._running.notes.append((kind, text))
        else:
            self.cases.append(Case("", name, [(kind, text)]))
            self._report(self.cases[-1])

    def uncaught(self, kind, error, trace):
        """As `sys.excepthook`: in slots and observers exceptions are printed and forgotten, and here a failure."""
        text = "".join(traceback.format_exception(kind, error, trace))
        self.note("error", f"Raised in a slot or an observer:\n{text}", "between tests")

    def startTest(self, test):
        super().startTest(test)
        group, _, name = test.id().rpartition(".")
        self._running, self._start = Case(group, name, [UNFINISHED]), time.monotonic()
        self.cases.append(self._running)
        if self._limit:
            faulthandler.dump_traceback_later(self._limit, exit=True, file=2)
        self._changed(self)

    def stopTest(self, test):
        super().stopTest(test)
        if self._limit:
            faulthandler.cancel_dump_traceback_later()
        case, self._running = self._running, None
        case.notes.remove(UNFINISHED)
        case.seconds = time.monotonic() - self._start
        self._report(case)

    def _report(self, case):
        # On stderr, as Slicer buffers what is printed: of a crash, all that came before would be lost.
        name = f"{case.group.rpartition('.')[2]}.{case.name}".lstrip(".")
        print(f"{case.kind:<8} {name} ({case.seconds:.1f} s)", file=sys.stderr)
        if case.text:
            print("    " + case.text.rstrip().replace("\n", "\n    "), file=sys.stderr)
        self._changed(self)

    def addError(self, test, err):
        super().addError(test, err)
        self.note("error", self.errors[-1][1], test.id())

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note("failure", self.failures[-1][1], test.id())

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note("skipped", reason, test.id())

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            kind = "failure" if issubclass(err[0], test.failureException) else "error"
            self.note(kind, f"{subtest}\n{''.join(traceback.format_exception(*err))}", test.id())

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note("failure", "It was expected to fail, and passed.", test.id())


def junit(result, name="Slicer"):
    """The result as the XML that CI services read."""
    kinds = [case.kind for case in result.cases]
    total = {"tests": len(kinds), "failures": kinds.count("failure"), "errors": kinds.count("error")}
    total |= {"skipped": kinds.count("skipped"), "time": f"{sum(case.seconds for case in result.cases):.3f}"}
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(root, "testsuite", {"name": name} | {key: str(n) for key, n in total.items()})
    for case in result.cases:
        what = {"classname": case.group, "name": case.name, "time": f"{case.seconds:.3f}"}
        element = ElementTree.SubElement(suite, "testcase", what)
        if case.kind != "passed":
            text = NOT_XML.sub("?", case.text)
            message = text.strip().rpartition("\n")[2]  # of a traceback, the exception
            ElementTree.SubElement(element, case.kind, {"message": message}).text = text
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"
