"""The data report: what is in the data, and every problem with its severity and remedy, all at once."""

import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from training_examples import BONE, SOFT, SPACING, head, preparation, prepared, write_heads
from volume_examples import rotation

from SASANLib.card import GridCard, LabelCard
from SASANLib.errors import SASANError
from SASANLib.phantom import head_phantom
from SASANLib.training.dataset import PreparedDataset
from SASANLib.training.inspection import check
from SASANLib.training.prepare import prepare
from SASANLib.training.problems import SEVERITIES, Problem
from SASANLib.training.report import DataReport, load_report, read_report
from SASANLib.volumes import Volume, read_labelmap, read_volume, write_volume

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> PreparedDataset:
    return prepared(tmp_path_factory.mktemp("paired"))


def change(path: Path, edit) -> None:
    volume = read_volume(path)
    write_volume(volume.like(np.ascontiguousarray(edit(volume.array))), path)


def problems(report: DataReport, *words: str, severity: str | None = None) -> list[Problem]:
    """Those with all of these words in the message."""
    return [
        p
        for p in report.problems
        if all(word in p.message for word in words) and (severity is None or p.severity == severity)
    ]


def the_problem(report: DataReport, *words: str, severity: str) -> Problem:
    found = problems(report, *words)
    assert len(found) == 1, report.problems
    assert found[0].severity == severity and found[0].remedy.endswith(".") and "\n" not in found[0].message
    return found[0]


# ---- what is in the data


def test_the_report_is_read_again_and_holds_the_numbers(dataset):
    report = load_report(dataset.folder)
    assert report.paired and report.problems == () and report.count("error") == 0
    assert {d: (domain.name, domain.modality, domain.units) for d, domain in report.domains.items()} == {
        "a": ("MR", "MR", "a.u."),
        "b": ("CT", "CT", "HU"),
    }
    train = report.domains["b"].counts["train"]
    assert (train.subjects, train.volumes, train.slices) == (2, 2, 14)
    assert report.domains["a"].counts["validation"].slices == 7
    truth, case = head(1), report.cases[1]
    assert (case.domain, case.name, case.subject, case.split) == ("b", "p1", "p1", "train")
    assert Path(case.image).name == "p1.nrrd" and Path(case.labels).parent.name == "labels" and case.mask is None
    found = case.measures
    assert found.size == (26, 28, 7) and found.spacing_mm == (SPACING,) * 3 and found.orientation == "LPS"
    assert found.planes == ("axial",) and found.oblique_degrees == 0
    assert found.body_mm[:2] == (20 * SPACING, 24 * SPACING)
    ml = SPACING**3 / 1000
    labels = truth["labels"].array
    assert found.label_ml == pytest.approx(
        {"soft tissue": (labels == SOFT).sum() * ml, "bone": (labels == BONE).sum() * ml}
    )
    assert found.range == pytest.approx((truth["ct"].array.min(), truth["ct"].array.max()))
    body = truth["ct"].array[labels > 0]
    assert len(found.histogram.counts) == 64 and abs(sum(found.histogram.counts) - len(body)) < 0.02 * len(body)
    assert 0 < found.histogram.low < 25 and 1100 < found.histogram.high < 1130
    assert len({case.measures.digest for case in report.cases}) == 6


def test_the_report_of_a_pair(dataset):
    for pair in load_report(dataset.folder).pairs:
        assert pair.same_grid and pair.overlap > 0.97 and pair.mutual_information > 0.3
        assert pair.registration is None and pair.picture is None


def test_the_picture_of_the_intensities(dataset):
    report = load_report(dataset.folder)
    assert report.pictures == ("pictures/intensities.png",)
    assert (dataset.folder / report.pictures[0]).read_bytes().startswith(PNG)


def test_a_report_without_matplotlib_has_no_pictures(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    report = check(preparation(write_heads(tmp_path / "v")), tmp_path / "out")
    the_problem(report, "matplotlib is not installed", severity="note")
    assert report.pictures == () and not (tmp_path / "out" / "pictures").exists()


def test_data_prepared_before_there_was_a_report(tmp_path):
    dataset = prepared(tmp_path)
    (dataset.folder / "report.json").unlink()
    assert len(PreparedDataset(dataset.folder).cases("a", "train")) == 2
    with pytest.raises(SASANError, match="holds no data report"):
        load_report(dataset.folder)
    (dataset.folder / "report.json").write_text('{"version": "1.0"}')
    with pytest.raises(SASANError, match="not valid"):
        load_report(dataset.folder)


# ---- a check alone


def test_a_check_lists_all_errors_and_prepares_nothing(tmp_path):
    folder = write_heads(tmp_path / "v", names=["p1", "p2", "p3", "p4", "p5"])
    (folder / "mr" / "p1.nrrd").write_bytes(b"no image")
    change(folder / "ct" / "p2.nrrd", lambda ct: np.where(ct > 500, np.float32(np.nan), ct))
    change(folder / "ct" / "p1.nrrd", lambda ct: ct + np.float32(1000))  # a warning, found before most errors
    labels = read_labelmap(folder / "labels" / "p3.nrrd")
    write_volume(
        labels.like(np.where(labels.array == BONE, 7, labels.array).astype(np.uint8)), folder / "labels/p3.nrrd"
    )
    report = check(preparation(folder), tmp_path / "out")
    errors = [(p.domain, p.case, p.kind) for p in report.problems if p.severity == "error"]
    assert errors == [("a", "p1", "image"), ("b", "p2", "image"), ("a", "p3", "labels"), ("b", "p3", "labels")]
    order = [SEVERITIES.index(p.severity) for p in report.problems]
    assert order == sorted(order) and len(set(order)) > 1
    assert load_report(tmp_path / "out") == report
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["pictures", "report.csv", "report.json"]
    unread = [(case.domain, case.name) for case in report.cases if case.measures is None]
    assert unread == [("a", "p1"), ("b", "p2")]
    lines = {(line["domain"], line["name"]): line for line in read_report(tmp_path / "out")}
    assert lines["CT", "p2"]["size"] == "" and "NaN" in lines["CT", "p2"]["odd"] and len(lines) == 10
    with pytest.raises(SASANError, match=r"There are 3 more: `sasan prepare --check` lists them all."):
        prepare(preparation(folder), tmp_path / "prepared")
    with pytest.raises(SASANError, match="already exists"):
        check(preparation(folder), tmp_path / "out")


def test_a_check_of_nothing(tmp_path):
    folder = write_heads(tmp_path / "v")
    for path in (folder / "mr").iterdir():
        path.unlink()
    report = check(preparation(folder), tmp_path / "out")
    the_problem(report, str(folder / "mr"), "holds no volumes", severity="error")
    assert [case.domain for case in report.cases] == ["b"] * 3 and report.pairs == ()


def test_progress_counts_readings_and_registrations(tmp_path):
    told = []
    config = preparation(write_heads(tmp_path / "v"), register_pairs=True)
    check(config, tmp_path / "out", lambda *step: told.append(step))
    assert [(done, total) for done, total, _ in told] == [(n, 9) for n in range(9)]
    assert told[2][2] == "registering p1.nrrd"


# ---- bad input, each in one sentence


def write_4d(path: Path) -> None:
    images = [sitk.GetImageFromArray(head(1)["mr"].array) for _ in range(3)]
    sitk.WriteImage(sitk.JoinSeries(images), str(path))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda v: (v / "mr" / "p1.nrrd").rename(v / "mr" / "p9.nrrd"), ("no partner", "2 without one")),
        (lambda v: (v / "ct" / "p2.nrrd").write_bytes(b"Dear diary"), ("p2.nrrd", "not a .nrrd image")),
        (lambda v: write_4d(v / "mr" / "p2.nrrd"), ("p2.nrrd", "4 dimensions (26 x 28 x 7 x 3)")),
        (lambda v: (v / "labels" / "p2.nrrd").unlink(), ("no labels for p2",)),
        (
            lambda v: write_volume(Volume(head(1)["labels"].array, np.eye(4)), v / "labels" / "p1.nrrd"),
            ("p1.nrrd", "another grid"),
        ),
        (lambda v: [p.unlink() for p in (v / "labels").iterdir()], ("labels", "holds no volumes")),
        (lambda v: [p.unlink() for k in ("mr", "ct") for p in (v / k).glob("p[23]*")], ("1 subject,", "none is left")),
    ],
    ids=["name", "no image", "4-D", "no labels", "labels on another grid", "empty folder of labels", "one subject"],
)
def test_bad_input_is_an_error_of_the_check_and_stops_the_preparation(tmp_path, spoil, words):
    folder = write_heads(tmp_path / "v")
    spoil(folder)
    report = check(preparation(folder), tmp_path / "checked")
    first = report.problems[0]
    assert first.severity == "error" and first.remedy and all(word in first.message for word in words)
    with pytest.raises(SASANError) as caught:
        prepare(preparation(folder), tmp_path / "out")
    assert caught.value.message == first.message and "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_pairs_without_a_partner_leave_the_others_paired(tmp_path):
    """Three images on either side, and two pairs."""
    folder = write_heads(tmp_path / "v", names=["p1", "p2", "p3", "p4"])
    (folder / "mr" / "p1.nrrd").unlink()
    (folder / "ct" / "p4.nrrd").unlink()
    report = check(preparation(folder), tmp_path / "out")
    the_problem(report, "no partner for p1", "2 without one", severity="error")
    assert [pair.name for pair in report.pairs] == ["p2", "p3"]
    assert [(case.domain, case.name) for case in report.cases] == [(d, n) for n in ("p2", "p3") for d in "ab"]


def test_files_that_are_no_volumes_are_passed_over_with_a_note(tmp_path):
    folder = write_heads(tmp_path / "v")
    (folder / "mr" / "notes.txt").write_text("x")
    (folder / "mr" / "thumbs.jpg").write_text("x")
    report = check(preparation(folder), tmp_path / "out")
    assert "2 other files, like notes.txt" in the_problem(report, str(folder / "mr"), severity="note").message


# ---- subjects on both sides of the split


def test_one_image_under_two_names_on_both_sides_is_a_leak(tmp_path):
    folder = write_heads(tmp_path / "v", names=["p1", "p2", "p3", "p4"])
    for path in ("p2", "p4"):
        (folder / "mr" / f"{path}.nrrd").write_bytes((folder / "mr" / "p1.nrrd").read_bytes())
    report = check(preparation(folder, paired=False), tmp_path / "out")
    found = {p.case: p for p in problems(report, "the same voxels as")}
    assert {case: p.kind for case, p in found.items()} == {"p1": "leak", "p2": "leak", "p4": "leak"}
    assert found["p1"].message.endswith("MR p4") and "validated" in found["p1"].remedy
    assert all(p.severity == "warning" for p in found.values())


def test_one_image_saved_otherwise_is_found(tmp_path):
    """Axes flipped, another origin, other units: not a voxel is the same."""
    folder = write_heads(tmp_path / "v", names=["p1", "p2", "p3"])
    source = read_volume(folder / "mr" / "p1.nrrd")
    flipped = source.affine @ np.array([[-1, 0, 0, 25], [0, 1, 0, 0], [0, 0, -1, 6], [0, 0, 0, 1.0]])
    flipped[:3, 3] += 100
    array = np.ascontiguousarray(source.array[::-1, :, ::-1]) * np.float32(0.37)
    write_volume(Volume(array, flipped), folder / "mr" / "p3.nrrd")
    report = check(preparation(folder, paired=False, labelled=""), tmp_path / "out")
    found = problems(report, "saved otherwise")
    assert [(p.domain, p.case, p.kind) for p in found] == [("a", "p1", "leak"), ("a", "p3", "leak")]


def test_subjects_whose_names_are_nearly_the_same(tmp_path):
    folder = write_heads(tmp_path / "v", names=["P07_a", "p1_a", "p7_b"])
    report = check(preparation(folder), tmp_path / "out")
    assert the_problem(report, "P07", "p7", "one person", severity="warning").kind == "leak"
    folder = write_heads(tmp_path / "w", names=["p7_a", "p70_a", "p71_b"])
    assert not problems(check(preparation(folder), tmp_path / "other"), "one person")


def test_names_that_the_pattern_says_nothing_about(tmp_path):
    folder = write_heads(tmp_path / "v", names=["s1-x", "s2-x", "other"])
    report = check(preparation(folder, subject_pattern=r"s\d"), tmp_path / "out")
    the_problem(report, "1 name, like other", severity="warning")


# ---- odd volumes, odd pairs


def test_mixed_units(tmp_path):
    names = ["p1", "p2", "p3", "p4"]
    folder = write_heads(tmp_path / "v", names=names)
    change(folder / "ct" / "p1.nrrd", lambda ct: ct / 1000)  # e.g. scaled by somebody's network
    change(folder / "ct" / "p2.nrrd", lambda ct: ct + np.float32(400))
    change(folder / "mr" / "p3.nrrd", lambda mr: mr / 1000)
    change(folder / "mr" / "p4.nrrd", lambda mr: mr - np.float32(1000))
    report = check(preparation(folder, labelled=""), tmp_path / "out")
    assert the_problem(report, "is it in HU?", severity="warning").case == "p1"
    assert the_problem(report, "a median of", "other units", severity="warning").case == "p2"
    assert the_problem(report, "intensities up to", "other units", severity="note").case == "p3"
    assert the_problem(report, "is it a CT?", severity="warning").case == "p4"


def test_sizes_are_compared_along_the_patients_axes_only_where_the_volumes_have_them(tmp_path):
    """One body of twice the width; turned by 40 degrees, its axes are nobody's right-left."""
    for degrees, told in ((0, 1), (10, 1), (40, 0)):
        turn = np.eye(4)
        turn[:3, :3] = rotation(np.radians([0, 0, degrees]))
        folder = write_heads(tmp_path / f"v{degrees}", names=["p1", "p2", "p3"])
        for path in (folder / "mr").iterdir():
            mr = read_volume(path)
            wide = np.diag([2.0 if path.stem == "p2" else 1.0, 1, 1, 1])
            write_volume(Volume(mr.array, turn @ mr.affine @ wide), path)
        report = check(preparation(folder, paired=False, labelled="", size=64), tmp_path / f"out{degrees}")
        found = problems(report, "mm right-left, where", severity="warning")
        assert [p.case for p in found] == ["p2"] * told


def test_labels_that_nobody_has_or_only_a_little_of(tmp_path):
    folder = write_heads(tmp_path / "v", names=["p1", "p2", "p3", "p4", "p5"])
    for path in (folder / "labels").iterdir():
        labels = read_labelmap(path)
        edited = np.where(labels.array == BONE, SOFT, labels.array)
        if path.stem == "p4":
            edited[:, :, ::2] = edited[:, ::2] = edited[::2] = 0
        write_volume(labels.like(edited), path)
    report = check(preparation(folder, labelled="a"), tmp_path / "out")
    the_problem(report, "No training case has the label bone", severity="warning")
    assert the_problem(report, "ml of soft tissue", "is typical", severity="note").case == "p4"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda ct: Volume(ct.array, ct.affine @ np.diag([0.7, 1, 1, 1])), ("right-left", "its partner")),
        (lambda ct: Volume(ct.array, ct.affine @ np.diag([0.9, 1, 1, 1])), ("as many voxels", "7.2 x 8 x 8 mm")),
        (lambda ct: ct.like(np.where(np.arange(28)[:, None] < 14, np.float32(-1000), ct.array)), ("covers", "body")),
        (lambda ct: Volume(ct.array, ct.affine + 16 * np.eye(4)[:, [3, 3, 3, 1]]), ("fits its partner better",)),
    ],
    ids=["size", "spacing", "half", "place"],
)
def test_pairs_that_do_not_agree(tmp_path, spoil, words):
    folder = write_heads(tmp_path / "v")
    write_volume(spoil(read_volume(folder / "ct" / "p2.nrrd")), folder / "ct" / "p2.nrrd")
    report = check(preparation(folder, labelled=""), tmp_path / "out")
    found = the_problem(report, *words, severity="warning")
    assert (found.domain, found.case) == ("b", "p2")
    assert {p.case for p in report.problems if p.severity == "warning"} == {"p2"}
    picture = next(pair.picture for pair in report.pairs if pair.name == "p2")
    assert (tmp_path / "out" / picture).read_bytes().startswith(PNG)
    assert [pair.picture for pair in report.pairs if pair.name != "p2"] == [None, None]


def test_pairs_on_two_grids_are_told(tmp_path):
    folder = write_heads(tmp_path / "v")
    for path in (folder / "ct").iterdir():
        ct = read_volume(path)
        write_volume(Volume(np.ascontiguousarray(ct.array[1:]), ct.affine @ np.diag([1.0, 1, 1, 1])), path)
    report = check(preparation(folder, labelled=""), tmp_path / "out")
    the_problem(report, "3 of 3 pairs lie on two grids", severity="note")
    assert not any(pair.same_grid for pair in report.pairs)


# ---- registration on request

TISSUES = [LabelCard(value=n, name=name, color=(n, n, n)) for n, name in enumerate(("air", "soft", "bone"), 1)]


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory) -> Path:
    """Two heads whose CT and its labels were acquired in another position, and one in its place."""
    folder = tmp_path_factory.mktemp("phantoms")
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = rotation(np.radians([6, -8, 11])), (18, -12, 15)
    for seed, name in enumerate(("p1", "p2", "p3")):
        phantom = head_phantom((26, 32, 32), 7.0, seed)
        away = np.eye(4) if name == "p2" else motion
        for kind, volume in (("mr", phantom.mr), ("ct", phantom.ct), ("mr_labels", phantom.labels)):
            (folder / kind).mkdir(exist_ok=True)
            affine = away @ volume.affine if kind == "ct" else volume.affine
            write_volume(Volume(volume.array, affine), folder / kind / f"{name}.nrrd")
        (folder / "ct_labels").mkdir(exist_ok=True)
        labels = Volume(phantom.labels.array, away @ phantom.labels.affine)
        write_volume(labels, folder / "ct_labels" / f"{name}.nrrd")
    return folder


def phantom_config(folder: Path, **changes):
    config = preparation(folder, labelled="", labels=(), grid=GridCard(planes=("axial",), spacing_mm=7.0, size=48))
    domains = {
        d: source.model_copy(update={"labels": folder / f"{source.images.name}_labels"})
        for d, source in config.domains.items()
    }
    return config.model_copy(update={"domains": domains, "labels": tuple(TISSUES), **changes})


def agreement(dataset: PreparedDataset, name: str) -> float:
    """The part of the pixels whose labels are one on both sides, where both say what they are."""
    case = next(case for case in dataset.card.cases["a"] if case.name == name)
    a, b = (np.asarray(dataset.labels[d][case.start : case.start + case.count]) for d in "ab")
    known = (a > 0) & (b > 0) & (a < 255) & (b < 255)
    assert known.sum() > 1000
    return float((a == b)[known].mean())


def test_pairs_are_registered_on_request(tmp_path, phantoms):
    config = phantom_config(phantoms)
    as_they_are = prepare(config, tmp_path / "as they are")
    registered = prepare(config.model_copy(update={"register_pairs": True}), tmp_path / "registered")
    assert agreement(as_they_are, "p1") < 0.85
    assert agreement(registered, "p1") > 0.93 and agreement(registered, "p3") > 0.93
    report = load_report(registered.folder)
    pairs = {pair.name: pair for pair in report.pairs}
    assert pairs["p1"].registration.applied and not pairs["p2"].registration.applied
    case = as_they_are.cases("b", "train")[1]
    rows = slice(case.start, case.start + case.count)
    assert np.array_equal(registered.images["b"][rows], as_they_are.images["b"][rows])  # p2, to the last bit
    found = pairs["p1"].registration
    assert found.mutual_information_after > 1.5 * found.mutual_information_before
    assert pairs["p1"].mutual_information == found.mutual_information_after
    assert pairs["p2"].mutual_information == pairs["p2"].registration.mutual_information_before
    truth = np.eye(4)
    truth[:3, :3], truth[:3, 3] = rotation(np.radians([6, -8, 11])), (18, -12, 15)
    middle = np.array([0, 2, -30, 1.0])  # the phantom's
    assert np.linalg.norm((np.array(found.matrix) @ truth @ middle - middle)[:3]) < 7.0 / 2
    note = next(p for p in problems(report, "registered: moved by") if p.case == "p1")
    assert note.severity == "note" and (note.domain, note.kind) == ("b", "registration")
    assert not [p for p in report.problems if p.severity != "note"]
    assert (registered.folder / pairs["p1"].picture).read_bytes().startswith(PNG) and pairs["p2"].picture is None
    before = load_report(as_they_are.folder)
    assert {p.case for p in problems(before, "fits its partner better", severity="warning")} == {"p1", "p3"}


def test_registration_needs_pairs(tmp_path):
    with pytest.raises(ValueError, match="needs paired data"):
        preparation(write_heads(tmp_path), paired=False, register_pairs=True)


def test_what_cannot_be_registered_stays_in_its_place(tmp_path):
    """A single slice of CT beside a whole MR."""
    folder = write_heads(tmp_path / "v")
    ct = read_volume(folder / "ct" / "p1.nrrd")
    affine = ct.affine.copy()
    affine[:3, 3] += 3 * affine[:3, 2]
    write_volume(Volume(np.ascontiguousarray(ct.array[3:4]), affine), folder / "ct" / "p1.nrrd")
    report = check(preparation(folder, labelled="", register_pairs=True), tmp_path / "out")
    found = the_problem(report, "single slice", "stays in its place", severity="warning")
    assert (found.kind, found.case) == ("registration", "p1")
    assert report.pairs[0].registration is None
