"""The worker's client against workers that crash, hang, lie and babble, in real processes on Qt's loop."""

import os
import time

import broken_workers
import pytest


@pytest.fixture
def client(host):
    from SASANTranslationLib.worker_client import WorkerClient

    made = []

    def make(name):
        client = WorkerClient(command=broken_workers.command(name))
        client.text = []
        client.listen(log=client.text.append)
        made.append(client)
        return client

    yield make
    for client in made:
        client.stop()


class Answers:
    """What came of a request."""

    def __init__(self, client, name="translate"):
        from SASANTranslationLib.worker_client import Request

        self.results, self.errors, self.progress, self.notices = [], [], [], []
        self.request = Request(
            name,
            {},
            self.results.append,
            self.errors.append,
            lambda *values: self.progress.append(values),
            lambda *values: self.notices.append(values),
        )
        client.send(self.request)

    @property
    def ended(self):
        return len(self.results) + len(self.errors)


def wait(condition, seconds=20):
    import slicer

    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        slicer.app.processEvents()
        time.sleep(0.005)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # a zombie is gone, its parent has only not asked yet
    with open(f"/proc/{pid}/stat") as file:
        return file.read().split(")")[1].split()[0] != "Z"


def run(client, seconds=20):
    answers = Answers(client)
    wait(lambda: answers.ended, seconds)
    return answers


@pytest.mark.parametrize("name", ["prints garbage", "prints half an event", "prints bytes"])
def test_garbage_ends_the_worker_with_a_message(client, name):
    client = client(name)
    answers = Answers(client)
    wait(lambda: client.pid)
    pid = client.pid
    wait(lambda: answers.ended)
    assert answers.errors[0].kind == "protocol"
    assert "cannot be read" in answers.errors[0].message
    assert any("in the line" in text for text in client.text), "the log shows the line"
    wait(lambda: not is_running(pid))


@pytest.mark.parametrize(("name", "how"), [("crashes", "signal"), ("exits", "exit code 3")])
def test_a_worker_that_dies_is_a_message(client, name, how):
    client = client(name)
    answers = run(client)
    assert [error.kind for error in answers.errors] == ["crashed"]
    assert how in answers.errors[0].message
    assert answers.progress == [(0, 4, "Axial slices", None)]
    if name == "crashes":
        assert "about to crash" in "".join(client.text)


def test_a_new_worker_starts_after_a_crash(client):
    client = client("exits")
    first, second = run(client), run(client)
    assert [first.errors[0].kind, second.errors[0].kind] == ["crashed", "crashed"]
    assert len(second.progress) == 1


@pytest.mark.parametrize("name", ["cannot import", "speaks another protocol"])
def test_a_worker_that_cannot_start_says_so(client, name):
    client = client(name)
    answers = run(client)
    assert answers.errors[0].kind in ("start", "protocol")
    assert "log" in answers.errors[0].hint
    if name == "cannot import":
        assert "a_package_that_is_not_there" in "".join(client.text)


def test_a_missing_program_is_a_message(host):
    from SASANTranslationLib.worker_client import WorkerClient

    client = WorkerClient(command=lambda: ("/no/such/python", []))
    answers = run(client)
    assert answers.errors[0].kind == "start"


def test_cancel_is_obeyed_by_force_after_a_second(client):
    client = client("ignores cancel")
    answers = Answers(client)
    wait(lambda: answers.progress)
    pid, began = client.pid, time.monotonic()
    client.cancel()
    wait(lambda: answers.ended)
    assert 0.9 < time.monotonic() - began < 2
    assert answers.errors[0].kind == "cancelled"
    wait(lambda: not is_running(pid))


def test_cancel_while_it_starts_ends_it_at_once(client):
    client = client("never starts")
    answers = Answers(client)
    wait(lambda: client.pid)
    pid = client.pid
    client.cancel()
    assert [error.kind for error in answers.errors] == ["cancelled"]
    wait(lambda: not is_running(pid), 3)


def test_nothing_below_the_worker_is_orphaned(client):
    client = client("has a child")
    answers = Answers(client)
    wait(lambda: answers.notices)
    child = int(answers.notices[0][0])
    assert is_running(child)
    client.cancel()
    wait(lambda: answers.ended)
    wait(lambda: not is_running(child), 3)


def test_stop_ends_a_worker_that_ignores_it(client):
    client = client("ignores quit")
    answers = Answers(client)
    wait(lambda: answers.progress)
    pid = client.pid
    client.stop()
    assert [error.kind for error in answers.errors] == ["cancelled"]
    wait(lambda: not is_running(pid), 3)


def test_a_second_request_is_refused_and_the_first_goes_on(client):
    from SASANTranslationLib.errors import TranslationError

    client = client("answers in pieces")
    first = Answers(client)
    with pytest.raises(TranslationError) as raised:
        Answers(client)
    assert raised.value.kind == "busy"
    wait(lambda: first.ended)
    assert first.results[0]["answer"] == "ü" * 50000


def test_an_error_leaves_the_worker_warm(client):
    from SASANTranslationLib.worker_client import WorkerState

    client = client("refuses")
    answers = run(client)
    assert str(answers.errors[0]) == "It is constant. Check it."
    assert client.state is WorkerState.IDLE


def test_the_devices_are_told_when_the_worker_has_started(client):
    client = client("refuses")
    devices = []
    client.listen(devices=devices.extend)
    run(client)
    assert devices == [{"name": "cpu", "description": "CPU"}]


def test_a_program_that_is_missed_from_within_the_start_is_a_message(host):
    from SASANTranslationLib.worker_client import WorkerClient

    host.processes_start_at_once = True  # as Qt 5 does it on Windows
    answers = Answers(WorkerClient(command=lambda: ("/no/such/python", [])))
    assert [error.kind for error in answers.errors] == ["start"]
