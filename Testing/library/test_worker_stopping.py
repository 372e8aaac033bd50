"""Stopping the real worker in the middle of its work: by cancelling, by quitting, by the end of its client."""

import json
import time

import pytest
from worker_examples import (
    Worker,
    assert_error,
    names,
    slow_head,
    small_head,
    stages,
    translate_fields,
)


@pytest.fixture
def own_worker(tmp_path):
    """For a test that ends it."""
    with Worker(tmp_path / "log.txt") as worker:
        worker.event()
        yield worker


def test_cancelling_ends_it_within_a_batch(worker, slow, tmp_path):
    fields = translate_fields(slow, slow_head(), tmp_path / "x")
    target = worker.send("translate", **fields)
    worker.until_slices()
    worker.send("cancel", target=target)
    events = worker.until("result", "error")
    assert_error(events[-1], "cancelled")
    assert events[-1]["id"] == target
    assert len(events) <= 2, "more than one batch was done after the cancellation"
    assert names(tmp_path / "x") == ["input.npy"]
    worker.write(json.dumps({"request": "devices", "id": target}).encode() + b"\n")
    assert worker.event()["event"] == "result", "its number is still cancelled"
    events = worker.ask("translate", **translate_fields(slow, slow_head(), tmp_path / "y", flips=False))
    assert events[-1]["event"] == "result" and "Reading the model" not in stages(events)


def test_a_request_that_waits_is_cancelled_alone(worker, slow, tmp_path):
    first = worker.send("translate", **translate_fields(slow, slow_head(), tmp_path / "x", flips=False))
    second = worker.send("translate", **translate_fields(slow, slow_head(), tmp_path / "y"))
    worker.until_slices()
    worker.send("cancel", target=second)
    result, error = worker.until("result", "error")[-1], worker.event()
    assert (result["event"], result["id"]) == ("result", first)
    assert_error(error, "cancelled")
    assert error["id"] == second


@pytest.mark.parametrize("how", ["stdin ends", "quit", "killed reader"])
def test_the_end_of_the_client_is_the_end_of_the_work_and_of_its_folders(own_worker, slow, tmp_path, how):
    own_worker.send("translate", **translate_fields(slow, slow_head(), tmp_path / "running"))
    own_worker.send("translate", **translate_fields(slow, slow_head(), tmp_path / "waiting"))
    own_worker.until_slices()
    began = time.monotonic()
    if how == "quit":
        own_worker.send("quit")
    elif how == "stdin ends":
        own_worker.process.stdin.close()
    else:
        own_worker.write(b'{"request": "translate", "id')  # cut off in the middle of a line
        own_worker.process.stdin.close()
    assert own_worker.wait() == 0
    assert time.monotonic() - began < 5
    assert names(tmp_path) == ["log.txt"]
    assert all(event["event"] == "progress" for event in own_worker.rest())


def test_the_folder_of_an_answered_request_stays(own_worker, bundle, tmp_path):
    assert (
        own_worker.ask("translate", **translate_fields(bundle, small_head(), tmp_path / "x"))[-1]["event"] == "result"
    )
    assert own_worker.close() == 0
    assert "synthetic.npy" in names(tmp_path / "x")


@pytest.mark.parametrize("mine", ["thesis.txt", "folder"])
def test_a_folder_with_other_things_in_it_is_never_removed(own_worker, slow, tmp_path, mine):
    fields = translate_fields(slow, slow_head(), tmp_path / "x")
    (tmp_path / "x" / mine).mkdir() if mine == "folder" else (tmp_path / "x" / mine).write_text("mine")
    own_worker.send("translate", **fields)
    own_worker.until_slices()
    assert own_worker.close() == 0
    assert names(tmp_path / "x") == sorted(["input.npy", mine])
