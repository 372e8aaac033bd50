"""Volumes to prepared data: every voxel in its place, and every mistake in the input named."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from training_examples import (
    BONE,
    LABELS,
    RADIOLOGICAL,
    SOFT,
    SPACING,
    WINDOW,
    head,
    preparation,
    prepared,
    write_heads,
)

from SASANLib.card import GridCard
from SASANLib.errors import SASANError
from SASANLib.losses import UNKNOWN
from SASANLib.training.array_file import ArrayFile
from SASANLib.training.batch import AIR, IGNORED, PAIRED
from SASANLib.training.dataset import PreparedDataset
from SASANLib.training.loading import own_plane
from SASANLib.training.prepare import bounding_rows, comparable_region, prepare
from SASANLib.training.report import read_report
from SASANLib.volumes import Volume, read_volume, write_volume


@pytest.fixture(scope="module")
def heads(tmp_path_factory) -> Path:
    return write_heads(tmp_path_factory.mktemp("heads"))


@pytest.fixture(scope="module")
def paired(tmp_path_factory) -> PreparedDataset:
    return prepared(tmp_path_factory.mktemp("paired"))


def refused(config, output: Path, *words: str) -> None:
    """One sentence with these words, and nothing left behind."""
    before = sorted(output.parent.iterdir())
    with pytest.raises(SASANError) as caught:
        prepare(config, output)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert caught.value.hint and "\n" not in str(caught.value)
    assert sorted(output.parent.iterdir()) == before


def change(path: Path, edit) -> None:
    """Rewrite a volume with its array edited."""
    volume = read_volume(path)
    array = volume.array.copy()
    write_volume(volume.like(edit(array)), path)


# ---- what is written


def test_slices_are_the_voxels_where_the_grids_agree(paired):
    """The volume's own grid is the model's: but for the field around it, nothing is resampled."""
    volume = head(1)["ct"]
    case = paired.cases("b", "train")[0]
    assert (case.name, case.plane, case.count) == ("p1", "axial", 7)
    expected = np.clip((volume.array - WINDOW[0]) * 2 / (WINDOW[1] - WINDOW[0]) - 1, -1, 1)
    slices = paired.images["b"][case.start : case.start + case.count].astype(np.float32)
    labels = paired.labels["b"][case.start : case.start + case.count]
    # The body's centre is the volume's, to within the half pixel that the field is anchored with.
    places = [
        (y, x)
        for y in range(32 - 28 + 1)
        for x in range(32 - 26 + 1)
        if np.allclose(slices[:, y : y + 28, x : x + 26], expected, atol=1e-3)
    ]
    assert len(places) == 1
    y, x = places[0]
    assert abs(y - 2) <= 1 and abs(x - 3) <= 1
    assert np.array_equal(labels[:, y : y + 28, x : x + 26], head(1)["labels"].array)
    outside = np.ones((32, 32), bool)
    outside[y : y + 28, x : x + 26] = False
    assert (slices[:, outside] == -1).all() and (labels[:, outside] == 0).all()


def test_paired_slices_show_the_same_place(paired):
    for a, b in zip(paired.card.cases["a"], paired.card.cases["b"], strict=True):
        assert a == b
    bone = np.asarray(paired.labels["a"]) == BONE
    assert np.array_equal(paired.labels["a"], paired.labels["b"]) and bone.any()
    # Bone is the brightest of the CT and the darkest of what the MR shows of the body.
    soft = np.asarray(paired.labels["a"]) == SOFT
    assert np.median(paired.images["b"][bone]) > np.median(paired.images["b"][soft])
    assert np.median(paired.images["a"][bone]) < np.median(paired.images["a"][soft])


def test_the_partner_may_have_another_grid(tmp_path, heads):
    """The CT is stored with flipped axes and an offset field of view; its slices are the MR's all the same."""
    folder = write_heads(tmp_path / "volumes")
    for path in sorted((folder / "ct").iterdir()):
        volume = read_volume(path)
        flipped = RADIOLOGICAL @ np.diag([-1.0, -1.0, 1.0, 1.0])
        flipped[:3, 3] = (volume.affine @ [25, 27, 0, 1])[:3]
        write_volume(Volume(np.ascontiguousarray(volume.array[:, ::-1, ::-1]), flipped), path)
    turned = prepare(preparation(folder, labelled=""), tmp_path / "turned")
    straight = prepare(preparation(heads, labelled=""), tmp_path / "straight")
    assert np.allclose(turned.images["b"], straight.images["b"], atol=2e-3)
    assert np.array_equal(turned.region, straight.region)


def test_region_values():
    a = np.array([[1, 1, 0, 0]], bool)
    b = np.array([[1, 0, 1, 0]], bool)
    assert comparable_region(a, b).tolist() == [[PAIRED, IGNORED, IGNORED, AIR]]
    mask = np.array([[0, 1, 0, 0]], bool)
    assert comparable_region(a, b, mask).tolist() == [[IGNORED, PAIRED, IGNORED, AIR]]
    mask = np.array([[1, 1, 1, 1]], bool)
    assert comparable_region(a, b, mask).tolist() == [[PAIRED] * 4]


def test_the_region_is_where_both_show_the_body(paired):
    body = np.asarray(paired.labels["a"]) > 0
    assert ((np.asarray(paired.region) == PAIRED) == body).mean() > 0.98
    assert set(np.unique(paired.region)) <= {IGNORED, PAIRED, AIR}


def test_labels_are_unknown_only_where_the_comparison_ends(tmp_path):
    """The CT of p1 lacks the upper half of what the MR shows: there is the body, and no telling its class."""
    folder = write_heads(tmp_path / "volumes")
    change(folder / "ct" / "p1.nrrd", lambda ct: np.where(np.arange(28)[:, None] < 14, np.float32(-1000), ct))
    dataset = prepare(preparation(folder), tmp_path / "prepared")
    for d in "ab":
        unknown = np.asarray(dataset.labels[d]) == UNKNOWN
        assert np.array_equal(unknown, np.asarray(dataset.region) == IGNORED)
    cut, whole = dataset.cases("a", "train")
    labels = dataset.labels["a"]
    assert (labels[cut.start : cut.start + cut.count] == UNKNOWN).sum() > 100
    assert (labels[whole.start : whole.start + whole.count] == UNKNOWN).sum() < 20


def test_a_mask_says_where_to_compare(tmp_path):
    folder = write_heads(tmp_path / "volumes")
    (folder / "masks").mkdir()
    for path in sorted((folder / "mr").iterdir()):
        volume = read_volume(path)
        mask = np.zeros(volume.shape, np.uint8)
        mask[2:4, 5:20, 6:20] = 1
        write_volume(Volume(mask, volume.affine), folder / "masks" / path.name)
    dataset = prepare(preparation(folder, masks=folder / "masks"), tmp_path / "prepared")
    case = dataset.cases("a", "train")[0]
    found = (dataset.region[case.start : case.start + case.count] == PAIRED).sum((1, 2))
    assert found.tolist() == [0, 0, 15 * 14, 15 * 14, 0, 0, 0]


def test_unpaired_domains_keep_to_themselves(tmp_path, heads):
    write_heads(tmp_path, names=["q1", "q2", "q3", "q4"], first_seed=5)
    config = preparation(heads, labelled="a", paired=False)
    other = config.domains["b"].model_copy(update={"images": tmp_path / "ct"})
    dataset = prepare(config.model_copy(update={"domains": {**config.domains, "b": other}}), tmp_path / "prepared")
    assert dataset.region is None and set(dataset.labels) == {"a"} and dataset.classes == 3
    assert [c.name for c in dataset.card.cases["b"]] == ["q1", "q2", "q3", "q4"]
    assert not (tmp_path / "prepared" / "b_labels.npy").exists()


def test_data_without_labels(tmp_path, heads):
    dataset = prepare(preparation(heads, labelled=""), tmp_path / "prepared")
    assert dataset.labels == {} and dataset.classes == 1 and dataset.card.labels == ()


def test_boxes_hold_the_body(paired):
    for row in range(len(paired.region)):
        body = np.asarray(paired.region[row]) != AIR
        top, bottom, left, right = paired.boxes["a"][row]
        inside = np.zeros_like(body)
        inside[top : bottom + 1, left : right + 1] = True
        assert (body & ~inside).sum() <= 0.02 * body.sum()
    assert bounding_rows(np.zeros((4, 6), bool)) == (0, 3, 0, 5)
    body = np.zeros((4, 6), bool)
    body[1, 2], body[2, 4] = True, True
    assert bounding_rows(body) == (1, 2, 2, 4)


def test_percentiles_are_those_of_training_subjects(tmp_path):
    """A brighter validation subject changes no mapping."""
    folder = write_heads(tmp_path / "volumes")
    before = prepare(preparation(folder, labelled=""), tmp_path / "before").card.domains["a"]
    change(folder / "mr" / "p3.nrrd", lambda mr: np.float32(5) * mr + np.float32(100) * (mr > 500))
    after = prepare(preparation(folder, labelled=""), tmp_path / "after").card.domains["a"]
    assert after.mapping == before.mapping and after.statistics == before.statistics
    change(folder / "mr" / "p1.nrrd", lambda mr: np.float32(5) * mr)
    changed = prepare(preparation(folder, labelled=""), tmp_path / "changed").card.domains["a"]
    assert changed.mapping.reference_mean > 2 * before.mapping.reference_mean


def test_neighbours_replicate_at_the_edges_of_a_case(paired):
    first, second = paired.cases("a", "train")
    rows = paired.neighbours("a", "train", 5)
    assert rows.shape == (first.count + second.count, 5)
    assert rows[0].tolist() == [0, 0, 0, 1, 2]
    assert rows[1].tolist() == [0, 0, 1, 2, 3]
    assert rows[first.count - 1].tolist() == [4, 5, 6, 6, 6]  # never the next case's
    assert rows[first.count].tolist() == [7, 7, 7, 8, 9]
    assert paired.neighbours("a", "train", 1)[:, 0].tolist() == list(range(14))


# ---- the split


def test_the_split_is_by_subject_and_the_last_are_set_apart(tmp_path):
    folder = write_heads(tmp_path / "volumes", names=["s2_pre", "s1", "s2_post", "s3_b", "s3_a"])
    dataset = prepare(preparation(folder, labelled="", validation_subjects=2), tmp_path / "prepared")
    for d in "ab":
        assert [c.name for c in dataset.cases(d, "train")] == ["s1"]
        assert [c.name for c in dataset.cases(d, "validation")] == ["s2_post", "s2_pre", "s3_a", "s3_b"]


def test_the_subject_is_what_the_pattern_says(tmp_path):
    folder = write_heads(tmp_path / "volumes", names=["t1_ann", "t2_ann", "t1_bob"])
    dataset = prepare(preparation(folder, labelled="", subject_pattern="[^_]+$"), tmp_path / "prepared")
    assert [c.name for c in dataset.cases("a", "validation")] == ["t1_bob"]
    assert {c.subject for c in dataset.cases("a", "train")} == {"ann"}


# ---- single slices

PLANES = {  # directions of i, j and k, as radiologists see each plane
    "axial": [[-1, 0, 0], [0, -1, 0], [0, 0, 1]],
    "coronal": [[-1, 0, 0], [0, 0, -1], [0, -1, 0]],
    "sagittal": [[0, -1, 0], [0, 0, -1], [-1, 0, 0]],
}


def single_slice(plane: str, seed: int, turned: np.ndarray | None = None) -> dict[str, Volume]:
    """The middle of a head, as a volume of one slice in that plane, 3 mm thick."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(PLANES[plane]).T * [SPACING, SPACING, 3.0]
    if turned is not None:
        affine = turned @ affine
    return {
        kind: Volume(np.ascontiguousarray(volume.array[3:4]), affine)
        for kind, volume in head(seed, affine=affine).items()
    }


def test_single_slices_of_three_planes(tmp_path):
    for seed, subject in enumerate(["p1", "p2"]):
        for plane in PLANES:
            for kind, volume in single_slice(plane, seed).items():
                (tmp_path / kind).mkdir(exist_ok=True)
                write_volume(volume, tmp_path / kind / f"{subject}_{plane}.nrrd")
                assert own_plane(volume) == plane
    dataset = prepare(preparation(tmp_path, planes=("axial", "coronal", "sagittal")), tmp_path / "prepared")
    assert [(c.name, c.plane, c.count) for c in dataset.cases("a", "train")] == [
        (f"p1_{plane}", plane, 1) for plane in PLANES
    ]
    # Displayed alike, the three are the same picture.
    axial, coronal, sagittal = (np.asarray(dataset.images["b"][row]) for row in range(3))
    assert np.array_equal(axial, coronal) and np.array_equal(axial, sagittal)
    statistics = dataset.card.domains["b"].statistics
    extent = statistics.body_extent_mm
    # i of head(0) spans 18 voxels and j 22: no axis has the 3 mm of a slice's thickness.
    assert (extent.right_left.low, extent.right_left.high) == (144, 144)
    assert (extent.anterior_posterior.low, extent.anterior_posterior.high) == (144, 176)
    assert (extent.inferior_superior.low, extent.inferior_superior.high) == (176, 176)
    assert statistics.through_plane_spacing_mm.high == SPACING
    (line,) = [line for line in read_report(dataset.folder) if (line["domain"], line["name"]) == ("CT", "p1_coronal")]
    assert line["anterior-posterior mm"] == "" and line["right-left mm"] == "144.0" and line["orientation"] == "LIP"


def test_a_single_slice_of_a_plane_that_is_not_prepared(tmp_path):
    for kind, volume in single_slice("coronal", 1).items():
        (tmp_path / kind).mkdir()
        for name in ("p1", "p2"):
            write_volume(volume, tmp_path / kind / f"{name}.nrrd")
    refused(preparation(tmp_path), tmp_path / "prepared", "p1.nrrd", "coronal")


def test_an_oblique_single_slice_is_refused(tmp_path):
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]]
    for kind, volume in single_slice("axial", 1, turn).items():
        (tmp_path / kind).mkdir()
        for name in ("p1", "p2"):
            write_volume(volume, tmp_path / kind / f"{name}.nrrd")
    refused(preparation(tmp_path), tmp_path / "prepared", "p1.nrrd", "oblique")


# ---- the report


def test_the_report_has_a_line_a_volume(paired):
    lines = read_report(paired.folder)
    assert [(line["domain"], line["name"]) for line in lines] == [
        (domain, name) for name in ("p1", "p2", "p3") for domain in ("MR", "CT")
    ]
    line = lines[1]
    truth = head(1)
    assert line["split"] == "train" and lines[-1]["split"] == "validation"
    assert (line["size"], line["spacing mm"], line["orientation"]) == ("26 x 28 x 7", "8 x 8 x 8", "LPS")
    assert float(line["right-left mm"]) == 20 * SPACING and float(line["anterior-posterior mm"]) == 24 * SPACING
    ml = SPACING**3 / 1000
    assert float(line["bone ml"]) == pytest.approx((truth["labels"].array == BONE).sum() * ml, abs=1e-3)
    assert float(line["body p50"]) == pytest.approx(np.median(truth["ct"].array[truth["labels"].array > 0]), abs=3)
    assert line["slices"] == "7" and line["planes"] == "axial" and line["odd"] == ""


def test_the_report_says_what_is_odd(tmp_path):
    names = [f"p{n}" for n in range(1, 7)]
    folder = write_heads(tmp_path / "volumes", names=names)
    for kind in ("mr", "ct", "labels"):
        source = read_volume(folder / kind / "p2.nrrd")
        wide = np.diag([-2 * SPACING, -SPACING, SPACING, 1.0])
        array = source.array.astype(np.uint8) if kind == "labels" else source.array
        write_volume(Volume(array, wide), folder / kind / "p2.nrrd")
    change(folder / "ct" / "p3.nrrd", lambda ct: ct + np.float32(1000))
    change(folder / "labels" / "p4.nrrd", lambda labels: np.where(labels == BONE, SOFT, labels).astype(np.uint8))
    (folder / "ct" / "p6.nrrd").write_bytes((folder / "ct" / "p5.nrrd").read_bytes())
    dataset = prepare(preparation(folder, labelled="b"), tmp_path / "prepared")
    odd = {(line["domain"], line["name"]): line["odd"] for line in read_report(dataset.folder)}
    assert "wider than the field of 256 mm" in odd["CT", "p2"] and "288 mm right-left" in odd["MR", "p2"]
    assert "is it in HU?" in odd["CT", "p3"] and odd["MR", "p3"] == ""
    assert not any("HU?" in text for (_, name), text in odd.items() if name != "p3")
    assert odd["CT", "p4"] == "no bone"
    assert odd["CT", "p5"] == "the same voxels as CT p6" and odd["CT", "p6"] == "the same voxels as CT p5"
    assert odd["MR", "p1"] == ""


# ---- what is wrong with the input


def test_an_empty_folder(tmp_path, heads):
    (tmp_path / "empty").mkdir()
    config = preparation(heads)
    empty = config.domains["a"].model_copy(update={"images": tmp_path / "empty"})
    refused(config.model_copy(update={"domains": {**config.domains, "a": empty}}), tmp_path / "out", "empty")


def test_one_subject(tmp_path):
    refused(preparation(write_heads(tmp_path / "v", ["p1"])), tmp_path / "out", "1 subject,", "none is left")


def test_a_domain_without_training_subjects(tmp_path, heads):
    """Unpaired: domain b has nobody but the subject that is set apart."""
    write_heads(tmp_path, names=["p3"])
    config = preparation(heads, labelled="a", paired=False)
    other = config.domains["b"].model_copy(update={"images": tmp_path / "ct"})
    config = config.model_copy(update={"domains": {**config.domains, "b": other}})
    refused(config, tmp_path / "out", str(tmp_path / "ct"), "none is left for training")


def test_pairs_that_do_not_match(tmp_path):
    folder = write_heads(tmp_path / "v")
    (folder / "ct" / "p2.nrrd").rename(folder / "ct" / "p4.nrrd")
    refused(preparation(folder), tmp_path / "out", "p2", "no partner", "2 without one")


def test_pairs_that_do_not_overlap(tmp_path):
    folder = write_heads(tmp_path / "v")
    volume = read_volume(folder / "ct" / "p2.nrrd")
    far = volume.affine.copy()
    far[0, 3] += 400
    write_volume(Volume(volume.array, far), folder / "ct" / "p2.nrrd")
    refused(preparation(folder, labelled=""), tmp_path / "out", "p2.nrrd", "same place")


def test_labels_outside_the_card(tmp_path):
    folder = write_heads(tmp_path / "v")
    change(folder / "labels" / "p1.nrrd", lambda labels: np.where(labels == BONE, 7, labels).astype(np.uint8))
    refused(preparation(folder), tmp_path / "out", "p1.nrrd", "the value 7", "0, 1, 2")


def test_labels_on_another_grid(tmp_path):
    folder = write_heads(tmp_path / "v")
    labels = head(1)["labels"]
    moved = labels.affine.copy()
    moved[2, 3] += 1
    write_volume(Volume(labels.array, moved), folder / "labels" / "p1.nrrd")
    refused(preparation(folder), tmp_path / "out", "labels", "p1.nrrd", "another grid")


def test_labels_that_are_missing(tmp_path):
    folder = write_heads(tmp_path / "v")
    (folder / "labels" / "p2.nrrd").unlink()
    refused(preparation(folder), tmp_path / "out", "no labels for p2")


def test_labels_that_are_an_image(tmp_path):
    folder = write_heads(tmp_path / "v")
    (folder / "labels" / "p2.nrrd").write_bytes((folder / "ct" / "p2.nrrd").read_bytes())
    refused(preparation(folder), tmp_path / "out", "p2.nrrd", "not a labelmap")


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        (lambda mr: np.where(mr > 500, np.float32(np.nan), mr), "NaN"),
        (lambda mr: np.full_like(mr, 3), "same value"),
        (lambda mr: np.float32(mr > 100), "labelmap"),
    ],
    ids=["NaN", "constant", "labelmap"],
)
def test_voxels_that_are_no_image(tmp_path, edit, word):
    folder = write_heads(tmp_path / "v")
    change(folder / "mr" / "p3.nrrd", edit)
    refused(preparation(folder), tmp_path / "out", "p3.nrrd", word)


def test_a_volume_without_a_body(tmp_path):
    folder = write_heads(tmp_path / "v")
    change(folder / "ct" / "p1.nrrd", lambda ct: np.minimum(ct, np.float32(-900)))
    refused(preparation(folder), tmp_path / "out", "p1.nrrd", "No body")


def test_two_files_of_one_name(tmp_path):
    folder = write_heads(tmp_path / "v")
    write_volume(head(1)["mr"], folder / "mr" / "p1.nii.gz")
    refused(preparation(folder), tmp_path / "out", "p1.nii.gz", "p1.nrrd", "same name")


def test_links_keep_their_own_names(tmp_path):
    """Data sets under version control are links to files with names that mean nothing."""
    folder = write_heads(tmp_path / "v")
    for kind in ("mr", "ct"):
        for path in sorted((folder / kind).iterdir()):
            path.rename(folder / f"{kind}-{path.stem}-0a1b2c.nrrd")
            path.symlink_to(folder / f"{kind}-{path.stem}-0a1b2c.nrrd")
    dataset = prepare(preparation(folder), tmp_path / "prepared")
    assert [c.name for c in dataset.card.cases["a"]] == ["p1", "p2", "p3"]


def test_an_output_that_exists_is_left_alone(tmp_path, heads):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("precious")
    refused(preparation(heads), tmp_path / "out", "already exists")
    assert (tmp_path / "out" / "thesis.txt").read_text() == "precious"


def test_an_interrupted_preparation_leaves_nothing(tmp_path, heads):
    def interrupt(done: int, _total: int, _what: str) -> None:
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(preparation(heads), tmp_path / "out", interrupt)
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_every_reading(tmp_path, heads):
    told = []
    prepare(preparation(heads), tmp_path / "out", lambda *step: told.append(step))
    assert [(done, total) for done, total, _ in told] == [(n, 12) for n in range(12)]
    assert told[0][2] == "measuring p1.nrrd" and told[-1][2] == "writing p3.nrrd"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": LABELS[1:]}, "values 1, 2, 3"),
        ({"labelled": "", "labels": LABELS}, "no domain has"),
        ({"paired": False, "masks": Path("masks")}, "need paired data"),
        ({"grid": GridCard(planes=("axial",), spacing_mm=8, size=16)}, "32 pixels"),
        ({"validation_subjects": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_contradict_each_other(heads, changes, words):
    with pytest.raises(ValueError, match=words):
        preparation(heads, **changes)


# ---- reading it again


def copy_of(dataset: PreparedDataset, folder: Path) -> Path:
    return shutil.copytree(dataset.folder, folder)


@pytest.mark.parametrize("name", ["a_images.npy", "b_labels.npy", "region.npy", "b_boxes.npy"])
def test_arrays_that_are_missing_truncated_or_others(tmp_path, paired, name):
    folder = copy_of(paired, tmp_path / "copy")
    PreparedDataset(folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:-10])
    with pytest.raises(SASANError, match=f"{name} is missing or damaged"):
        PreparedDataset(folder)
    np.save(folder / name, np.zeros((3, 4, 4)))
    with pytest.raises(SASANError, match=f"{name} is missing or damaged"):
        PreparedDataset(folder)
    (folder / name).unlink()
    with pytest.raises(SASANError, match=f"{name} is missing or damaged"):
        PreparedDataset(folder)


def test_a_folder_that_is_no_prepared_data(tmp_path, paired):
    with pytest.raises(SASANError, match="holds no prepared data"):
        PreparedDataset(tmp_path)
    folder = copy_of(paired, tmp_path / "copy")
    card = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(card | {"version": "9.0"}))
    with pytest.raises(SASANError, match="version"):
        PreparedDataset(folder)


def test_array_file_is_an_npy_file(tmp_path):
    array = np.arange(24, dtype=np.int16).reshape(4, 2, 3)
    with ArrayFile(tmp_path / "x.npy", np.int16, array.shape) as file:
        file.append(array[:1])
        file.append(array[1:])
    assert np.array_equal(np.load(tmp_path / "x.npy", mmap_mode="r"), array)
    with pytest.raises(ValueError, match="4 rows and got 1"), ArrayFile(tmp_path / "y.npy", np.int16, (4, 2)) as file:
        file.append(np.zeros((1, 2)))
