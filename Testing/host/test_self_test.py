"""The module's own self-test, as Slicer runs it, in the host: the real worker, the shipped model, the real panel."""

import unittest

import pytest
from slicer_host import Host


@pytest.fixture(scope="module")
def test_class():
    with Host(testing=True) as host:
        host.load_module("SASANTranslation")
        from SASANTranslation import SASANTranslationTest

        yield SASANTranslationTest
        assert host.slot_errors == []


def names():
    """The self-test's methods, read without importing it, which needs a host."""
    import ast
    from pathlib import Path

    path = Path(__file__).parents[2] / "SASANTranslation" / "SASANTranslationLib" / "self_test.py"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name


@pytest.mark.parametrize("name", list(names()))
def test_self_test(test_class, name):
    result = unittest.TestResult()
    test_class(name).run(result)
    assert result.testsRun == 1 and not result.skipped
    problems = [text for _case, text in (*result.failures, *result.errors)]
    assert not problems, "\n".join(problems)
