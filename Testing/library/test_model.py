"""Bundles: what is saved comes back, and what should not be loaded or imported is refused in a sentence."""

import io
import os
import shutil
import stat
import zipfile

import pytest
import safetensors.torch
import torch
from bundle_examples import (
    NETWORK,
    change_card,
    make_card,
    make_state,
    malicious_pickle,
    replace_weights,
    zip_folder,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from SASANLib import bundle_files, model
from SASANLib.errors import SASANError
from SASANLib.model import find_bundle, import_bundle, list_bundles, load_bundle, read_card, save_bundle


@pytest.fixture(scope="module")
def state():
    return make_state()


@pytest.fixture(scope="module")
def saved(tmp_path_factory, state):
    """A good bundle; tests that change anything work on a copy."""
    folder = tmp_path_factory.mktemp("saved") / "tiny-mr-ct"
    save_bundle(make_card(), state, folder, documents={"LICENSE.txt": b"Free.", "validation.png": b"\x89PNG"})
    return folder


@pytest.fixture
def bundle(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "source" / saved.name)


def refusal(call, *arguments, **options) -> SASANError:
    """The error of a call that must fail: one sentence, and a hint."""
    with pytest.raises(SASANError) as caught:
        call(*arguments, **options)
    assert caught.value.message.endswith(".") and "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value


# ---- saving and loading


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**31),
    scale=st.sampled_from([1e-6, 1.0, 1e3]),
    dtype=st.sampled_from(list(model.DTYPES)),
)
def test_saved_and_loaded_it_is_equal(tmp_path, state, seed, scale, dtype):
    generator = torch.Generator().manual_seed(seed)
    state = {name: scale * torch.randn(tensor.shape, generator=generator) for name, tensor in state.items()}
    card = make_card()
    written = save_bundle(card, state, tmp_path / "bundle", dtype)
    read = load_bundle(tmp_path / "bundle")
    assert read.card == written.card
    assert read.card.model_copy(update={"weights": None}) == card
    assert read.card.weights.dtype == model.DTYPES[dtype]
    assert read.state.keys() == state.keys()
    for name, tensor in state.items():
        assert read.state[name].dtype == torch.float32
        assert torch.equal(read.state[name], tensor.to(dtype).float())


def test_weights_are_half_precision_on_disk_unless_asked(saved):
    stored = safetensors.torch.load((saved / "model.safetensors").read_bytes())
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}


def test_networks_have_the_weights_and_leave_random_numbers_alone(saved):
    bundle = load_bundle(saved)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    networks = bundle.networks()
    assert torch.equal(torch.rand(3), expected)
    assert not networks.training
    for name, tensor in networks.state_dict().items():
        assert tensor.dtype == torch.float32 and torch.equal(tensor, bundle.state[name])
    # what happens to the networks does not happen to the bundle
    name, parameter = next(networks.named_parameters())
    before = bundle.state[name].clone()
    with torch.no_grad():
        parameter.add_(1)
    assert torch.equal(bundle.state[name], before)
    assert bundle.directions == ("mr-to-ct", "ct-to-mr") and bundle.direction("ct-to-mr") == ("b", "a")


@pytest.mark.parametrize("prefix", ["", "tiny-mr-ct/"])
def test_a_zip_loads_like_its_folder(saved, tmp_path, prefix):
    archive = zip_folder(saved, tmp_path / "tiny.zip", prefix)
    folder, zipped = load_bundle(saved), load_bundle(archive)
    assert zipped.card == folder.card == read_card(archive)
    assert all(torch.equal(zipped.state[name], tensor) for name, tensor in folder.state.items())
    assert os.listdir(tmp_path) == ["tiny.zip"]


def test_saving_replaces_a_bundle_with_its_documents(bundle, state):
    save_bundle(make_card(version="0.2.0"), state, bundle)
    assert sorted(os.listdir(bundle)) == ["model.json", "model.safetensors"]
    assert load_bundle(bundle).card.version == "0.2.0"
    assert os.listdir(bundle.parent) == [bundle.name]


def test_saving_never_replaces_a_folder_of_other_things(tmp_path, state):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    error = refusal(save_bundle, make_card(), state, tmp_path / "thesis")
    assert "thesis holds other files" in error.message
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


@pytest.mark.parametrize("name", ["../out.txt", "run.py", "net.safetensors", "model.json"])
def test_only_documents_go_with_a_bundle(tmp_path, state, name):
    with pytest.raises(ValueError, match="no document"):
        save_bundle(make_card(), state, tmp_path / "bundle", documents={name: b""})
    assert not os.listdir(tmp_path)


def with_first(state, tensor):
    return state | {next(iter(state)): tensor}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: dict(list(s.items())[1:]), "lacks 1 of"),
        (lambda s: s | {"extra": torch.zeros(1)}, "1 tensors that its networks lack, such as 'extra'"),
        (lambda s: with_first(s, torch.zeros(7)), "of shape (7,) instead of"),
        (
            lambda s: with_first(s, torch.full_like(next(iter(s.values())), torch.nan)),
            "holds NaN or infinite values",
        ),
        (lambda s: with_first(s, torch.full_like(next(iter(s.values())), 1e6)), "too large for float16"),
    ],
    ids=["missing", "unexpected", "shape", "nan", "overflow"],
)
def test_wrong_tensors_are_not_saved(tmp_path, state, spoil, words):
    assert words in refusal(save_bundle, make_card(), spoil(state), tmp_path / "bundle").message
    assert not os.listdir(tmp_path)


def test_saving_to_an_impossible_place(tmp_path, state):
    assert "nowhere" in refusal(save_bundle, make_card(), state, tmp_path / "nowhere" / "bundle").message


# ---- weights that are refused


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: dict(list(s.items())[1:]), "lacks 1 of"),
        (lambda s: s | {"extra": torch.zeros(1)}, "1 tensors that its networks lack, such as 'extra'"),
        (lambda s: with_first(s, torch.zeros(7)), "of shape (7,) instead of"),
        (
            lambda s: with_first(s, torch.full_like(next(iter(s.values())), torch.inf)),
            "holds NaN or infinite values",
        ),
    ],
    ids=["missing", "unexpected", "shape", "inf"],
)
def test_wrong_tensors_are_not_loaded(bundle, state, spoil, words):
    replace_weights(bundle, safetensors.torch.save(spoil(state)))
    error = refusal(load_bundle, bundle)
    assert str(bundle / "model.safetensors") in error.message and words in error.message


def test_weights_of_other_networks_are_not_loaded(bundle):
    change_card(bundle, lambda card: card["network"].update(maps=NETWORK.maps + 1))
    assert "of shape" in refusal(load_bundle, bundle).message


def test_a_wrong_hash(bundle):
    data = bytearray((bundle / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (bundle / "model.safetensors").write_bytes(data)
    error = refusal(load_bundle, bundle)
    assert str(bundle / "model.safetensors") in error.message and "SHA-256" in error.message


def test_a_missing_weights_file(bundle):
    (bundle / "model.safetensors").unlink()
    error = refusal(load_bundle, bundle)
    assert str(bundle) in error.message and "no weights file model.safetensors" in error.message


def test_truncated_weights(bundle):
    replace_weights(bundle, (bundle / "model.safetensors").read_bytes()[:-100])
    assert "is damaged or incomplete" in refusal(load_bundle, bundle).message


@pytest.mark.parametrize("data", [b"", b"12345678", b"not weights at all"])
def test_weights_of_no_format(bundle, data):
    replace_weights(bundle, data)
    assert "is not a safetensors file" in refusal(load_bundle, bundle).message


def torch_archive(evidence):
    """What torch.save writes: a zip around a pickle."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("archive/data.pkl", malicious_pickle(evidence))
    return buffer.getvalue()


PICKLES = {f"protocol {n}": lambda path, n=n: malicious_pickle(path, n) for n in (0, 2, 3, 4, 5)}
PICKLES["torch.save"] = torch_archive


@pytest.mark.parametrize("make", PICKLES.values(), ids=PICKLES.keys())
@pytest.mark.parametrize("zipped", [False, True])
def test_a_pickle_renamed_to_safetensors_is_refused_and_not_executed(bundle, tmp_path, make, zipped):
    evidence = tmp_path / "executed"
    replace_weights(bundle, make(evidence))
    source = zip_folder(bundle, tmp_path / "evil.zip") if zipped else bundle
    for call in (load_bundle, lambda path: import_bundle(path, tmp_path / "models")):
        error = refusal(call, source)
        assert "model.safetensors is not a safetensors file but a pickle" in error.message
    assert not evidence.exists()
    assert not (tmp_path / "models").exists()


def test_the_pickle_of_these_tests_would_show(tmp_path):
    # without executing it: the opcodes name open() and the file
    import pickletools

    opcodes = {(op.name, arg) for op, arg, _ in pickletools.genops(malicious_pickle(tmp_path / "executed"))}
    assert ("REDUCE", None) in opcodes and any(arg == str(tmp_path / "executed") for _, arg in opcodes)


@pytest.mark.parametrize("name", ["model.pt", "model.PTH", "data.pkl", "notes.bin"])
def test_a_pickle_beside_the_weights_is_refused_and_not_executed(bundle, tmp_path, name):
    evidence = tmp_path / "executed"
    (bundle / name).write_bytes(malicious_pickle(evidence))
    archive = zip_folder(bundle, tmp_path / "evil.zip")
    for source in (bundle, archive):
        error = refusal(import_bundle, source, tmp_path / "models")
        assert repr(name) in error.message and "can run code" in error.message
    assert "can run code" in refusal(load_bundle, archive).message
    assert not evidence.exists() and not (tmp_path / "models").exists()


# ---- cards and paths that are refused


def test_an_unknown_schema_version(bundle):
    change_card(bundle, lambda card: card.update(schema_version="2.0"))
    error = refusal(load_bundle, bundle)
    assert str(bundle / "model.json") in error.message and "newer SASAN" in error.message


def test_a_card_without_weights(bundle):
    change_card(bundle, lambda card: card.pop("weights"))
    assert "names no weights" in refusal(load_bundle, bundle).message


def test_a_card_of_absurd_size(bundle, monkeypatch):
    monkeypatch.setattr(bundle_files, "MAX_CARD_BYTES", 1 << 20)
    (bundle / "model.json").write_bytes(b" " * ((1 << 20) + 1))
    assert "model.json is larger than 1 MB" in refusal(load_bundle, bundle).message


def test_a_folder_without_a_card(tmp_path):
    assert "has no model.json" in refusal(load_bundle, tmp_path).message


def test_no_such_path(tmp_path):
    assert "There is no model at" in refusal(load_bundle, tmp_path / "absent").message


@pytest.mark.parametrize("content", [b"", b"PK", b"hello"])
def test_a_file_that_is_no_archive(tmp_path, content):
    (tmp_path / "model.zip").write_bytes(content)
    assert "model.zip is not a model bundle" in refusal(load_bundle, tmp_path / "model.zip").message


def test_a_truncated_archive(bundle, tmp_path):
    archive = zip_folder(bundle, tmp_path / "model.zip")
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    assert "model.zip" in refusal(load_bundle, archive).message


def test_an_archive_with_a_flipped_bit(bundle, tmp_path):
    archive = zip_folder(bundle, tmp_path / "model.zip")
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1  # inside the weights, whose CRC then differs
    archive.write_bytes(data)
    assert "is damaged or incomplete" in refusal(load_bundle, archive).message


# ---- archives that are refused


def add_member(archive, name, content=b"x", mode=stat.S_IFREG | 0o644, **fields):
    info = zipfile.ZipInfo("placeholder")
    # set afterwards, because ZipInfo's constructor makes names harmless
    info.filename = info.orig_filename = name
    info.external_attr = mode << 16
    for field, value in fields.items():
        setattr(info, field, value)
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(info, content)


def assert_refused(archive, tmp_path, words):
    """Neither loaded nor imported, and nothing is written anywhere."""
    before = sorted(tmp_path.rglob("*"))
    for call in (load_bundle, read_card, lambda path: import_bundle(path, tmp_path / "models")):
        error = refusal(call, archive)
        assert str(archive) in error.message and words in error.message
    assert sorted(tmp_path.rglob("*")) == before


@pytest.fixture
def archive(bundle, tmp_path):
    return zip_folder(bundle, tmp_path / "model.zip")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../escaped.txt", "outside its folder"),
        ("tiny/../../escaped.txt", "outside its folder"),
        ("./../escaped.txt", "outside its folder"),
        ("a//escaped.txt", "outside its folder"),
        ("..", "outside its folder"),
        ("../escaped/", "outside its folder"),
        ("__MACOSX/../../escaped.txt", "outside its folder"),
        ("/tmp/escaped.txt", "unsafe name"),
        ("C:/escaped.txt", "unsafe name"),
        ("C:escaped.txt", "unsafe name"),
        ("notes.txt:stream.txt", "unsafe name"),
        ("..\\escaped.txt", "unsafe name"),
        ("\\\\server\\share\\escaped.txt", "unsafe name"),
        ("\x1b[2Jescaped.txt", "unsafe name"),
        ("evil.py\0.txt", "unsafe name"),
    ],
)
def test_an_archive_with_an_unsafe_name(archive, tmp_path, name, words):
    add_member(archive, name)
    assert_refused(archive, tmp_path, words)


@pytest.mark.parametrize("name", ["run.py", "setup.sh", "model.json.exe", "weights", "other.json", "nested.zip"])
def test_an_archive_with_anything_else(archive, tmp_path, name):
    add_member(archive, name)
    assert_refused(archive, tmp_path, "no part of a model bundle")


def test_an_archive_with_a_symbolic_link(archive, tmp_path):
    add_member(archive, "notes.txt", b"/etc/passwd", mode=stat.S_IFLNK | 0o777)
    assert_refused(archive, tmp_path, "symbolic link, 'notes.txt'")


def test_an_archive_with_a_special_file(archive, tmp_path):
    add_member(archive, "notes.txt", mode=stat.S_IFIFO | 0o644)
    assert_refused(archive, tmp_path, "special file, 'notes.txt'")


@pytest.mark.parametrize("name", ["LICENSE.txt", "license.txt", "model.json"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_two_files_of_one_name(archive, tmp_path, name):
    if name == "license.txt":
        add_member(archive, "license.txt")  # the same file on Windows and macOS
    else:
        add_member(archive, name)
    assert_refused(archive, tmp_path, "two files named")


def test_an_archive_with_folders_in_folders(archive, tmp_path):
    add_member(archive, "docs/more/notes.txt")
    assert_refused(archive, tmp_path, "folders within a folder")


def test_an_archive_with_more_than_one_folder(archive, tmp_path):
    add_member(archive, "docs/notes.txt")
    assert_refused(archive, tmp_path, "more than one folder")


def test_an_archive_that_unpacks_to_too_much(archive, tmp_path, monkeypatch):
    # 8 MB of zeros in 8 kB: with the limit lowered this is the usual bomb, without filling the tests' memory
    monkeypatch.setattr(bundle_files, "MAX_BYTES", archive.stat().st_size + (4 << 20))
    before = archive.stat().st_size
    add_member(archive, "notes.txt", bytes(8 << 20), compress_type=zipfile.ZIP_DEFLATED)
    assert archive.stat().st_size < before + (1 << 16)
    assert_refused(archive, tmp_path, "unpacks to more than")


def test_an_archive_of_too_many_files(archive, tmp_path):
    for index in range(bundle_files.MAX_FILES):
        add_member(archive, f"{index}.txt")
    assert_refused(archive, tmp_path, "more than 64 files")


def test_an_archive_with_an_unusual_compression(archive, tmp_path):
    add_member(archive, "notes.txt", compress_type=zipfile.ZIP_LZMA)
    assert_refused(archive, tmp_path, "unusual compression")


def test_an_encrypted_archive(archive, tmp_path):
    # Python cannot write one; the flag in the central directory is what counts.
    data = bytearray(archive.read_bytes())
    position = data.rindex(b"PK\x01\x02")
    data[position + 8] |= 1
    archive.write_bytes(data)
    assert_refused(archive, tmp_path, "is encrypted")


# ---- importing


@pytest.mark.parametrize("kind", ["folder", "zip", "zip with a folder"])
def test_import_copies_everything_to_a_folder_of_the_cards_name(bundle, tmp_path, kind):
    source = bundle.rename(bundle.with_name("downloaded (1)"))
    if kind != "folder":
        source = zip_folder(source, tmp_path / "x.zip", "some folder/" if "folder" in kind else "")
    destination = import_bundle(source, tmp_path / "new" / "models")
    assert destination == tmp_path / "new" / "models" / "tiny-mr-ct"
    assert {p.name: p.read_bytes() for p in destination.iterdir()} == {
        p.name: p.read_bytes() for p in (tmp_path / "source" / "downloaded (1)").iterdir()
    }
    assert os.listdir(destination.parent) == ["tiny-mr-ct"]
    load_bundle(destination)


def test_import_leaves_macos_litter_behind(bundle, tmp_path):
    (bundle / ".DS_Store").write_bytes(b"x")
    archive = zip_folder(bundle, tmp_path / "x.zip", "tiny/")
    add_member(archive, "__MACOSX/tiny/._model.json")
    for source in (archive, bundle):
        names = os.listdir(import_bundle(source, tmp_path / "models", replace=True))
        assert sorted(names) == ["LICENSE.txt", "model.json", "model.safetensors", "validation.png"]


def test_import_replaces_only_when_asked(bundle, tmp_path):
    destination = import_bundle(bundle, tmp_path / "models")
    change_card(bundle, lambda card: card.update(version="9.0.0"))
    error = refusal(import_bundle, bundle, tmp_path / "models")
    assert f"There already is a model tiny-mr-ct at {destination}" in error.message and "--replace" in error.hint
    assert read_card(destination).version == "0.1.0"
    import_bundle(bundle, tmp_path / "models", replace=True)
    assert read_card(destination).version == "9.0.0"


def test_a_failed_import_leaves_the_old_model(bundle, tmp_path, monkeypatch):
    destination = import_bundle(bundle, tmp_path / "models")
    before = {p.name: p.read_bytes() for p in destination.iterdir()}
    written = []

    def full_disk(path, content):
        if written:
            raise OSError(28, "No space left on device")
        written.append(path)

    monkeypatch.setattr("pathlib.Path.write_bytes", full_disk)
    error = refusal(import_bundle, bundle, tmp_path / "models", replace=True)
    monkeypatch.undo()
    assert written and "No space left" in error.message
    assert {p.name: p.read_bytes() for p in destination.iterdir()} == before
    assert os.listdir(tmp_path / "models") == ["tiny-mr-ct"]


def test_import_never_replaces_a_folder_of_other_things(bundle, tmp_path):
    (tmp_path / "models" / "tiny-mr-ct" / "thesis").mkdir(parents=True)
    error = refusal(import_bundle, bundle, tmp_path / "models", replace=True)
    assert "holds other files" in error.message
    assert (tmp_path / "models" / "tiny-mr-ct" / "thesis").is_dir()


def test_import_into_a_file(bundle, tmp_path):
    (tmp_path / "models").write_text("in the way")
    assert str(tmp_path / "models") in refusal(import_bundle, bundle, tmp_path / "models").message


def test_import_refuses_links_folders_and_unnamed_weights(bundle, tmp_path):
    (bundle / "sub").mkdir()
    assert "holds a folder, 'sub'" in refusal(import_bundle, bundle, tmp_path / "models").message
    (bundle / "sub").rmdir()
    (bundle / "notes.txt").symlink_to("/etc/hosts")
    assert "symbolic link, 'notes.txt'" in refusal(import_bundle, bundle, tmp_path / "models").message
    (bundle / "notes.txt").unlink()
    (bundle / "other.safetensors").write_bytes(b"x")
    assert "'other.safetensors', which its card does not name" in (
        refusal(import_bundle, bundle, tmp_path / "models").message
    )
    assert not (tmp_path / "models").exists()


# ---- finding


@pytest.fixture
def roots(tmp_path, monkeypatch):
    bundled, user = tmp_path / "bundled", tmp_path / "user"
    monkeypatch.setattr(model, "bundled_root", lambda: bundled)
    monkeypatch.setenv("SASAN_MODELS", str(user))
    return bundled, user


def test_models_are_found_by_name_the_users_first(bundle, roots):
    bundled, user = roots
    assert list_bundles() == []
    first = import_bundle(bundle, bundled)
    (bundled / "README.txt").write_text("no model")
    shutil.copytree(bundle, bundled / ".tiny-mr-ct.1234abcd")  # an import that is still being written
    assert list_bundles() == [first] and find_bundle("tiny-mr-ct") == first
    mine = import_bundle(bundle, user)
    assert list_bundles() == [mine, first] and find_bundle("tiny-mr-ct") == mine


def test_a_path_is_found_as_it_is(bundle, roots, monkeypatch):
    assert find_bundle(bundle) == bundle and find_bundle(str(bundle)) == bundle
    monkeypatch.setenv("HOME", str(bundle.parent))
    monkeypatch.setenv("USERPROFILE", str(bundle.parent))
    assert find_bundle(f"~/{bundle.name}") == bundle


def test_an_unknown_name_lists_the_known_ones(bundle, roots):
    assert "none is installed" in refusal(find_bundle, "brain").hint
    import_bundle(bundle, roots[0])
    import_bundle(bundle, roots[1])
    error = refusal(find_bundle, "brain")
    assert error.message == "There is no model 'brain'." and error.hint.startswith("Give one of tiny-mr-ct, or")


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, ".local/share/sasan/models"),
        ("linux", {"XDG_DATA_HOME": "data"}, "data/sasan/models"),
        ("darwin", {}, "Library/Application Support/sasan/models"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/sasan/models"),
        ("win32", {}, "AppData/Local/sasan/models"),
        ("linux", {"SASAN_MODELS": "~/mine"}, "mine"),
    ],
)
def test_where_a_users_models_lie(tmp_path, monkeypatch, platform, variables, expected):
    for name in ("SASAN_MODELS", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setattr("sys.platform", platform)
    for name, value in variables.items():
        monkeypatch.setenv(name, value if value.startswith("~") else str(tmp_path / value))
    assert model.user_root() == tmp_path / expected


def test_bundled_models_lie_in_the_extensions_resources():
    root = model.bundled_root()
    assert root.parts[-3:] == ("SASANTranslation", "Resources", "Models") or root.parts[-2:] == (
        "SASANLib",
        "Models",
    )
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.is_dir():
            assert load_bundle(folder).card.name == folder.name
