"""What several files of tests share: the real worker, one process a file; prepared data; jobs that are trained."""

import shutil
from pathlib import Path

import pytest
from training_examples import preparation, prepared, write_heads
from worker_examples import Worker, slow_bundle, small_bundle

from SASANLib.training.prepare import prepare


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


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("paired"), size=48)


@pytest.fixture(scope="module")
def unpaired(tmp_path_factory):
    folder = write_heads(tmp_path_factory.mktemp("unpaired"))
    return prepare(preparation(folder, labelled="a", paired=False), folder / "prepared")


@pytest.fixture(scope="module")
def children():
    from nursery import nursery  # which needs fork

    with nursery() as opened:
        yield opened


@pytest.fixture
def jobs(tmp_path):
    """A folder for jobs, which goes after the test: checkpoints are large."""
    yield tmp_path
    shutil.rmtree(tmp_path)
