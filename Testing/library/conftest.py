"""The fixtures of the tests that drive the real worker; each file of tests has one process of its own."""

from pathlib import Path

import pytest
from worker_examples import Worker, slow_bundle, small_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    return small_bundle(tmp_path_factory.mktemp("models") / "tiny-mr-ct")


@pytest.fixture(scope="module")
def slow(tmp_path_factory) -> Path:
    return slow_bundle(tmp_path_factory.mktemp("models") / "slow-mr-ct")


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with Worker(tmp_path_factory.mktemp("worker") / "log.txt") as worker:
        worker.event()
        yield worker
