"""Batches that are read ahead are the same batches."""

import threading

import pytest
import torch
from test_sampling import batches, same
from training_examples import prepared

from SASANLib.training.batch import Batch
from SASANLib.training.prefetch import Prefetch

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("paired"), size=48)


def test_the_same_batches_in_any_order(paired):
    plain = batches(paired, augmentation={"patch": 32})
    ahead = Prefetch(plain, CPU, ahead=2)
    for step in (0, 1, 2, 7, 8, 3, 3):
        assert same(ahead.at(step), plain.at(step))
    ahead.close()


def test_the_next_ones_are_read_by_a_thread_meanwhile(paired, monkeypatch):
    plain = batches(paired)
    read, all_read = [], threading.Event()
    drawn = type(plain).drawn

    def noted(self, step):
        read.append((step, threading.current_thread() is threading.main_thread()))
        if len(read) == 3:
            all_read.set()
        return drawn(self, step)

    monkeypatch.setattr(type(plain), "drawn", noted)
    ahead = Prefetch(plain, CPU, ahead=2)
    ahead.at(4)
    assert all_read.wait(10) and read == [(4, False), (5, False), (6, False)]
    ahead.at(5)
    ahead.close()
    assert [step for step, _ in read][:3] == [4, 5, 6] and len(read) <= 4  # nothing twice


def test_what_reading_raises_is_raised_by_its_own_step(paired, monkeypatch):
    plain = batches(paired)
    drawn = type(plain).drawn

    def fails(self, step):
        if step == 1:
            raise OSError("the disk is gone")
        return drawn(self, step)

    monkeypatch.setattr(type(plain), "drawn", fails)
    ahead = Prefetch(plain, CPU, ahead=2)
    ahead.at(0)
    with pytest.raises(OSError, match="gone"):
        ahead.at(1)
    ahead.close()


def test_no_thread_on_the_cpu_and_pinned_memory_for_a_gpu(paired, monkeypatch):
    assert Prefetch(batches(paired), CPU).thread is None
    pinned = []
    monkeypatch.setattr(Batch, "pinned", lambda self: pinned.append(self) or self)
    gpu = Prefetch(batches(paired), torch.device("cuda:0"))
    assert gpu.ahead > 0 and gpu._drawn(0).slices is pinned[0]
    gpu.close()


def test_slices_travel_as_they_are_stored(paired):
    drawn = batches(paired, augmentation={"patch": 32}).drawn(0)
    assert drawn.slices.images["a"].dtype == torch.float16 and drawn.slices.images["a"].shape == (1, 1, 48, 48)
    assert drawn.slices.labels["b"].dtype == drawn.slices.region.dtype == torch.uint8
