"""The runner of the self-tests in a real Slicer: what it counts, prints, writes and exits with."""

import os
import sys
import unittest
from xml.etree import ElementTree

import pytest
import run_slicer_tests
import slicer
from slicer_test_result import Result, junit


def suite_of(**methods):
    """A suite of one test per method; setUpClass may be among them."""
    test_class = type("ExampleTest", (unittest.TestCase,), methods)
    return unittest.defaultTestLoader.loadTestsFromTestCase(test_class)


def passes(self):
    self.assertTrue(True)


def fails(self):
    self.assertEqual(1, 2, "one is not two")


def raises(self):
    raise OSError("no such thing")


def skips(self):
    self.skipTest("not on Mondays")


def kinds(result):
    return {case.name: case.kind for case in result.cases}


# Counting


def test_every_outcome_is_told_apart():
    result = run_slicer_tests.run(suite_of(test_a=passes, test_b=fails, test_c=raises, test_d=skips, test_e=passes))
    expected = {"test_a": "passed", "test_b": "failure", "test_c": "error", "test_d": "skipped", "test_e": "passed"}
    assert kinds(result) == expected
    assert result.counts() == (2, 2, 1)


def test_a_test_that_fails_twice_counts_once():
    result = run_slicer_tests.run(suite_of(test_a=fails, tearDown=raises))
    assert result.counts() == (0, 1, 0)
    assert "one is not two" in result.cases[0].text and "no such thing" in result.cases[0].text


def test_a_test_that_is_skipped_and_then_fails_has_failed():
    assert run_slicer_tests.run(suite_of(test_a=skips, tearDown=raises)).counts() == (0, 1, 0)


def test_a_class_that_cannot_be_set_up_is_a_failure():
    result = run_slicer_tests.run(suite_of(test_a=passes, setUpClass=classmethod(raises)))
    assert result.counts() == (0, 1, 0)
    assert "setUpClass" in result.cases[0].name and "no such thing" in result.cases[0].text


def test_one_of_several_subtests_fails_its_test():
    def test_numbers(self):
        for number in (1, 2, 3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 2)

    result = run_slicer_tests.run(suite_of(test_numbers=test_numbers))
    assert kinds(result) == {"test_numbers": "failure"}
    assert "number=2" in result.cases[0].text and "number=3" not in result.cases[0].text


def test_expected_failures_pass_and_unexpected_successes_fail():
    @unittest.expectedFailure
    def test_a(self):
        self.fail()

    @unittest.expectedFailure
    def test_b(self):
        pass

    result = run_slicer_tests.run(suite_of(test_a=test_a, test_b=test_b))
    assert kinds(result) == {"test_a": "passed", "test_b": "failure"}


def test_what_is_raised_in_an_observer_fails_the_test_it_is_raised_in(capsys):
    def test_observer(self):
        node = slicer.vtkMRMLScalarVolumeNode()
        node.AddObserver("ModifiedEvent", lambda caller, event: raises(self))
        node.Modified()

    hook = sys.excepthook
    result = run_slicer_tests.run(suite_of(test_a=passes, test_observer=test_observer, test_z=passes))
    assert kinds(result) == {"test_a": "passed", "test_observer": "error", "test_z": "passed"}
    assert "no such thing" in result.cases[1].text
    assert sys.excepthook is hook


# Report


def test_the_report_names_each_test_and_shows_what_went_wrong(capsys):
    run_slicer_tests.run(suite_of(test_a=passes, test_b=fails))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("passed   ExampleTest.test_a (")
    assert lines[1].startswith("failure  ExampleTest.test_b (")
    assert any("one is not two" in line for line in lines[2:])


def test_junit_holds_the_same():
    result = run_slicer_tests.run(suite_of(test_a=passes, test_b=fails, test_c=raises, test_d=skips))
    root = ElementTree.fromstring(junit(result, "Slicer 5.12"))
    (suite,) = root
    numbers = {key: suite.get(key) for key in ("name", "tests", "failures", "errors", "skipped")}
    assert numbers == {"name": "Slicer 5.12", "tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    assert [case.get("name") for case in suite] == ["test_a", "test_b", "test_c", "test_d"]
    assert all(case.get("classname").endswith(".ExampleTest") and float(case.get("time")) >= 0 for case in suite)
    passed, failed, broken, skipped = (list(case) for case in suite)
    assert passed == []
    assert failed[0].tag == "failure" and failed[0].get("message").endswith("1 != 2 : one is not two")
    assert broken[0].tag == "error" and broken[0].text.startswith("Traceback")
    assert skipped[0].tag == "skipped" and skipped[0].get("message") == "not on Mondays"


def test_junit_survives_what_xml_cannot_hold():
    def test_odd(self):
        raise ValueError("\x1b[31m<red> & \ud800 \ufffe → é\0")

    root = ElementTree.fromstring(junit(run_slicer_tests.run(suite_of(test_odd=test_odd))))
    assert root.find(".//error").get("message") == "ValueError: ?[31m<red> & ? ? → é?"


def test_junit_of_a_test_that_still_runs_says_so():
    written = []
    run_slicer_tests.run(suite_of(test_a=passes), Result(lambda result: written.append(junit(result))))
    before, after = (ElementTree.fromstring(text) for text in written)
    assert "ended before" in before.find(".//error").get("message")
    assert after.find(".//error") is None and after.find(".//testcase") is not None


def test_the_file_is_complete_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "new" / "out.xml"
    run_slicer_tests.write(path, "first")
    monkeypatch.setattr(os, "replace", raises)
    with pytest.raises(TypeError):  # raises() takes one argument
        run_slicer_tests.write(path, "second")
    assert path.read_text() == "first"
