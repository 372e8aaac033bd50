"""QProcess, QTimer, QSettings and the desktop, as panels use them."""

import sys

import pytest
import qt_facade
from facade_session import fresh_facade, qt, wait_until  # noqa: F401


def test_finished_by_name_gives_the_exit_code_alone():
    process, got = qt.QProcess(), []
    process.finished.connect(lambda *arguments: got.append(arguments))
    process.connect("finished(int,QProcess::ExitStatus)", lambda *arguments: got.append(arguments))
    process.connect("finished(int)", lambda code: got.append(code))
    process.start("sh", ["-c", "exit 3"])
    wait_until(lambda: len(got) == 3)
    assert sorted(got, key=str) == [(3, 0), (3,), 3]
    assert process.exitCode() == 3


def test_bytes_and_text_go_in_and_bytes_come_out():
    process = qt.QProcess()
    process.setProcessChannelMode(qt.QProcess.MergedChannels)
    process.start(sys.executable, ["-c", "import sys; print(sys.stdin.read().upper()); print('e', file=sys.stderr)"])
    assert process.write(b"bytes, ") == 7
    assert process.write("text é") == 7
    process.closeWriteChannel()
    assert process.waitForFinished(30000)
    output = process.readAllStandardOutput()
    assert type(output.data()) is bytes
    assert sorted(output.data().decode().split("\n")) == ["", "BYTES, TEXT É", "e"]
    with pytest.raises(TypeError):
        bytes(output)
    with pytest.raises(TypeError):
        len(output)


def test_start_takes_a_list_of_arguments():
    with pytest.raises(ValueError, match="matching overload"):
        qt.QProcess().start("sh", None)
    assert not hasattr(qt.QProcess(), "startCommand")


def test_a_program_that_is_not_there_is_an_errorOccurred():
    process, got = qt.QProcess(), []
    process.connect("errorOccurred(QProcess::ProcessError)", got.append)
    process.start("/no/such/program", [])
    wait_until(lambda: got)
    assert got == [qt.QProcess.FailedToStart] == [0]
    assert process.errorString() and process.state() == qt.QProcess.NotRunning


def test_a_start_may_end_before_it_returns_as_on_windows():
    qt_facade.set_processes_start_at_once(True)
    process, got = qt.QProcess(), []
    process.connect("errorOccurred(QProcess::ProcessError)", got.append)
    process.connect("started()", lambda: got.append("started"))
    process.start("/no/such/program", [])
    assert got == [qt.QProcess.FailedToStart] and process.state() == qt.QProcess.NotRunning
    process.start("sleep", ["60"])
    assert got[1:] == ["started"] and process.state() == qt.QProcess.Running
    process.kill()
    assert process.waitForFinished(5000)
    qt_facade.reset()
    process.start("sh", ["-c", "exit"])
    assert len(got) == 3 and got[2] == qt.QProcess.Crashed, "and no longer: this one has not started yet"
    assert process.waitForFinished(5000)
    with pytest.raises(ValueError, match="matching overload"):
        process.start("sh", None)


@pytest.mark.parametrize(("end", "status"), [("terminate", 15), ("kill", 9)])
def test_a_process_is_ended(end, status):
    process, got = qt.QProcess(), []
    process.connect("finished(int,QProcess::ExitStatus)", lambda *arguments: got.append(arguments))
    process.start("sleep", ["60"])
    assert process.waitForStarted(5000)
    getattr(process, end)()
    wait_until(lambda: got)
    assert got == [(status, qt.QProcess.CrashExit)]


def test_the_environment_of_a_process():
    process, environment = qt.QProcess(), qt.QProcessEnvironment()
    environment.insert("SASAN", "yes")
    process.setProcessEnvironment(environment)
    process.start("/usr/bin/env", [])
    assert process.waitForFinished(5000)
    assert process.readAllStandardOutput().data() == b"SASAN=yes\n"
    assert "PATH" in qt.QProcessEnvironment.systemEnvironment().keys()  # noqa: SIM118


def test_singleShot_is_a_function_and_no_property():
    fired = []
    qt.QTimer.singleShot(0, lambda: fired.append(1))
    wait_until(lambda: fired == [1])
    timer = qt.QTimer()
    with pytest.raises(AttributeError):
        timer.singleShot = True
    timer.setSingleShot(True)
    assert timer.isSingleShot() is True
    assert callable(timer.singleShot)


def test_a_timer_ticks():
    timer, fired = qt.QTimer(), []
    timer.interval = 1
    timer.timeout.connect(lambda: fired.append(1))
    timer.start()
    assert timer.active is True
    wait_until(lambda: len(fired) > 2)
    timer.stop()
    assert timer.isActive() is False


def test_settings_keep_bool_int_float_str_and_dict():
    stored = {"bool": True, "int": 5, "float": 1.5, "str": "x", "dict": {"a": 1}, "list": ["a", 2]}
    for key, value in stored.items():
        qt.QSettings().setValue(f"SASAN/{key}", value)
    read = {key: qt.QSettings().value(f"SASAN/{key}") for key in stored}
    assert read == {**stored, "list": ("a", 2)}
    assert {key: type(value) for key, value in read.items()} == {
        "bool": bool,
        "int": int,
        "float": float,
        "str": str,
        "dict": dict,
        "list": tuple,
    }


def test_a_missing_setting_is_None():
    assert qt.QSettings().value("SASAN/missing") is None
    assert qt.QSettings().value("SASAN/missing", 3) == 3
    with pytest.raises(ValueError, match="number of arguments"):
        qt.QSettings().value("SASAN/missing", False, bool)


def test_settings_are_private_to_a_host(tmp_path):
    qt_facade.use_settings_folder(tmp_path)
    qt.QSettings().setValue("SASAN/device", "cpu")
    assert qt.QSettings().value("SASAN/device") == "cpu"
    qt_facade.reset()
    assert qt.QSettings().value("SASAN/device") is None
    qt_facade.use_settings_folder(tmp_path)
    assert qt.QSettings().value("SASAN/device") == "cpu"
    settings = qt.QSettings()
    settings.sync()
    assert (tmp_path / "Slicer.ini").read_text().split() == ["[SASAN]", "device=cpu"]


def test_addresses_are_noted_not_opened():
    assert qt.QDesktopServices.openUrl(qt.QUrl("https://www.slicer.org")) is True
    assert qt_facade.opened_urls == ["https://www.slicer.org"]
    with pytest.raises(ValueError, match="wrong arguments"):
        qt.QDesktopServices.openUrl("https://www.slicer.org")


def test_standard_paths():
    assert qt.QStandardPaths.writableLocation(qt.QStandardPaths.HomeLocation).startswith("/")
