import errno
import hashlib
import os
import shutil

import pytest

from SASANLib.errors import Cancelled, SASANError
from SASANLib.files import atomic_folder, atomic_write, remove_temporaries, sha256


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def fail_with(code):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    return fail


def test_the_error_reads_as_one_sentence_and_a_remedy():
    error = SASANError("a.nrrd is empty.", "Export it again.")
    assert (error.message, error.hint, str(error)) == (
        "a.nrrd is empty.",
        "Export it again.",
        "a.nrrd is empty. Export it again.",
    )
    assert str(SASANError("a.nrrd is empty.")) == "a.nrrd is empty."
    assert issubclass(Cancelled, SASANError)
    assert str(Cancelled()) == "Cancelled."


@pytest.mark.parametrize("name", ["case.nii.gz", "case.nrrd", "case.1.nrrd", "README", ".hidden"])
def test_a_file_appears_under_its_name_only_when_complete(tmp_path, name):
    with atomic_write(tmp_path / name) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffixes == (tmp_path / name).suffixes
        assert temporary.name != name
        temporary.write_text("new")
        assert not (tmp_path / name).exists()
    assert names(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SASANError])
def test_a_failure_while_writing_keeps_the_old_file_and_removes_the_temporary(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(error), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise error("stop")
    assert names(tmp_path) == ["a.txt"]
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("code", "remedy"), [(errno.ENOSPC, "Free some space"), (errno.EACCES, "a folder that you may write to")]
)
@pytest.mark.parametrize("write", [atomic_write, atomic_folder])
def test_disk_full_and_no_permission_are_sentences_and_leave_nothing(tmp_path, monkeypatch, code, remedy, write):
    path = tmp_path / "a"
    monkeypatch.setattr(os, "replace", fail_with(code))
    with pytest.raises(SASANError) as caught, write(path):
        pass
    assert str(path) in caught.value.message
    assert os.strerror(code) in caught.value.message
    assert remedy in caught.value.hint
    assert names(tmp_path) == []


def test_a_disk_that_is_full_in_the_middle_of_writing(tmp_path):
    with pytest.raises(SASANError, match="No space left"), atomic_write(tmp_path / "a.bin") as temporary:
        temporary.write_bytes(b"half")
        fail_with(errno.ENOSPC)()
    assert names(tmp_path) == []


@pytest.mark.parametrize("write", [atomic_write, atomic_folder])
def test_a_missing_folder_is_named_before_anything_is_computed(tmp_path, write):
    path = tmp_path / "missing" / "a"
    reached = False
    with pytest.raises(SASANError, match="Create the folder first") as caught, write(path):
        reached = True
    assert not reached
    assert str(path) in caught.value.message


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(SASANError, match="is a file, not a folder"),
        atomic_write(tmp_path / "file" / "a.txt"),
    ):
        pass


def test_a_folder_where_the_file_should_be(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(SASANError, match="in the way"), atomic_write(tmp_path / "a.txt"):
        pass
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_replaces_the_old_one_as_a_whole(tmp_path):
    path = tmp_path / "model"
    for content in ("first", "second"):
        with atomic_folder(path) as temporary:
            (temporary / content).write_text(content)
    assert names(tmp_path) == ["model"]
    assert names(path) == ["second"]


def test_a_failure_while_filling_a_folder_keeps_the_old_one(tmp_path):
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").write_text("")
    with pytest.raises(ValueError), atomic_folder(path) as temporary:
        (temporary / "half").write_text("")
        raise ValueError
    assert names(tmp_path) == ["model"]
    assert names(path) == ["old"]


def test_the_old_folder_comes_back_when_the_new_one_cannot_take_its_name(tmp_path, monkeypatch):
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").write_text("")
    replace = os.replace

    def refuse_the_new_one(source, target):
        if target == path and not (source / "old").exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse_the_new_one)
    with pytest.raises(SASANError), atomic_folder(path):
        pass
    assert names(tmp_path) == ["model"]
    assert names(path) == ["old"]


def test_a_file_in_the_way_of_a_folder_survives(tmp_path):
    path = tmp_path / "model"
    path.write_text("mine")
    with pytest.raises(SASANError) as caught, atomic_folder(path):
        pass
    assert str(path) in caught.value.message
    assert path.read_text() == "mine"
    assert names(tmp_path) == ["model"]


def test_what_killed_processes_left_is_removed_and_nothing_else(tmp_path):
    others = [".deadbee-x", ".deadbeef", ".gitmodules-old", ".hidden", "deadbeef-x"]
    for name in others:
        (tmp_path / name).touch()
    # Two writers that are in the middle of it, as far as the folder shows.
    with pytest.raises(SASANError), atomic_write(tmp_path / "a") as file, atomic_folder(tmp_path / "b") as folder:
        (folder / "half").touch()
        assert file.exists() and len(names(tmp_path)) == len(others) + 2
        remove_temporaries(tmp_path)
        assert names(tmp_path) == sorted(others)


def test_new_files_get_the_usual_permissions(tmp_path):
    with atomic_write(tmp_path / "a") as temporary:
        temporary.write_text("")
    (tmp_path / "b").write_text("")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_sha256_reads_beyond_the_first_block(tmp_path):
    data = os.urandom((1 << 20) + 17)
    (tmp_path / "a").write_bytes(data)
    assert sha256(tmp_path / "a") == hashlib.sha256(data).hexdigest()
    shutil.copy(tmp_path / "a", tmp_path / "b")
    with open(tmp_path / "b", "ab") as file:
        file.write(b"x")
    assert sha256(tmp_path / "a") != sha256(tmp_path / "b")
