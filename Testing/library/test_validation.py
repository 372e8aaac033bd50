"""Validation: what is measured, against what, and how it is averaged."""

import math

import numpy as np
import pytest
import torch
from training_examples import LABELS, WINDOW, preparation, prepared, write_heads

from SASANLib.evaluation import metrics
from SASANLib.losses import UNKNOWN
from SASANLib.networks import TranslationOutput
from SASANLib.training.batch import PAIRED
from SASANLib.training.figure import _crops, validation_figure
from SASANLib.training.prepare import prepare
from SASANLib.training.validation import dice, direction_name, preview, summary, translate_slices, validate

CPU = torch.device("cpu")


class Config:
    context_slices = 3


class Copies(torch.nn.Module):
    """Networks that hand on what they get, a tenth brighter, and call everything brighter than −0.5 bone."""

    config = Config()

    def translate(self, image, source):
        assert not self.training and not torch.is_grad_enabled()
        centre = image[:, 1:2]
        logits = torch.cat([-centre - 0.5, torch.full_like(centre, -9), centre + 0.5], 1)
        return TranslationOutput(image + 0.1, torch.cat([centre, 2 * centre], 1), logits)


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("paired"))


def test_the_centre_slice_is_what_counts(paired):
    rows = paired.neighbours("a", "validation", 3)
    networks = Copies().train()
    made = list(translate_slices(networks, paired, rows, "a", CPU))
    assert networks.training
    assert len(made) == len(rows) == 7
    for (image, maps, labels), row in zip(made, rows[:, 1], strict=True):
        truth = paired.images["a"][row].astype(np.float32)
        assert np.allclose(image, truth + 0.1) and np.allclose(maps, [truth, 2 * truth])
        assert np.array_equal(labels, np.where(truth > -0.5, 2, 0))


def test_slices_are_cut_down_to_the_body_as_the_translator_cuts_them(tmp_path):
    dataset = prepared(tmp_path, size=128)
    networks, seen = Copies(), []
    translate = networks.translate
    networks.translate = lambda image, source: seen.append(image.shape) or translate(image, source)
    rows = dataset.neighbours("b", "validation", 3)[3:4]
    ((image, maps, labels),) = translate_slices(networks, dataset, rows, "b", CPU)
    assert seen == [(1, 3, 64, 64)]
    truth = dataset.images["b"][rows[0, 1]].astype(np.float32)
    top, bottom, left, right = dataset.boxes["b"][rows[0, 1]]
    body = (slice(top, bottom + 1), slice(left, right + 1))
    assert np.allclose(image[body], truth[body] + 0.1) and np.array_equal(maps[0][body], truth[body])
    computed = image > -0.95  # what is not is background, which the networks make brighter
    assert computed.sum() == 64 * 64 and computed[body].all()
    assert (image[~computed] == -1).all() and not maps[:, ~computed].any() and not labels[~computed].any()


def test_a_row_has_the_measures_of_its_slice(paired):
    rows = validate(Copies(), paired, CPU)
    assert [row["direction"] for row in rows] == ["mr-to-ct"] * 7 + ["ct-to-mr"] * 7
    assert {row["subject"] for row in rows} == {"p3"}
    case = paired.cases("a", "validation")[0]
    index, row = 3, rows[3]
    mask = paired.region[case.start + index] == PAIRED
    low, high = WINDOW
    mr, ct = (paired.images[d][case.start + index].astype(np.float32) for d in "ab")
    fake, real = ((x + 1) / 2 * (high - low) + low for x in (mr + np.float32(0.1), ct))
    assert row["MAE (HU)"] == pytest.approx(np.abs(fake - real)[mask].mean(), rel=1e-4)
    mse = ((np.clip(fake, -1024, 3071) - real)[mask] ** 2).mean()
    assert row["PSNR (dB)"] == pytest.approx(10 * math.log10(4095**2 / mse), rel=1e-4)
    assert row["SSIM"] == pytest.approx(metrics.structural_similarity(fake, real, mask, 4095), abs=1e-4)
    assert set(rows[-1]) == {"direction", "subject", "plane", "MAE (a.u.)", "PSNR (dB)", "SSIM", "Dice"}
    backwards = paired.card.domains["a"].mapping
    fake = backwards.inverse(ct + np.float32(0.1))
    mae = np.abs(fake - backwards.inverse(mr))[mask].mean()
    assert rows[7 + index]["MAE (a.u.)"] == pytest.approx(mae, rel=1e-4)


def test_unpaired_data_is_judged_by_its_labels_alone(tmp_path):
    folder = write_heads(tmp_path / "v")
    dataset = prepare(preparation(folder, labelled="a", paired=False), tmp_path / "data")
    rows = validate(Copies(), dataset, CPU)
    assert set(rows[0]) == {"direction", "subject", "plane", "Dice"}
    assert set(rows[-1]) == {"direction", "subject", "plane"}
    assert {row["direction"] for row in summary(rows)} == {"mr-to-ct"}
    assert direction_name(dataset, "b") == "ct-to-mr"


def test_dice_by_hand():
    truth = np.array([1, 1, 1, 0, 2, UNKNOWN])
    predicted = np.array([1, 0, 1, 1, 2, 1])
    # class 1: 2·2 / (3 + 3), the unknown pixel not counted; class 2: 1; class 3 is absent from the truth
    assert dice(predicted, truth, 4) == pytest.approx((4 / 6 + 1) / 2)
    assert math.isnan(dice(predicted, np.zeros(6, int), 4))


def test_each_subject_weighs_the_same():
    rows = [
        {"direction": "mr-to-ct", "subject": "p1", "plane": "axial", "MAE": 10.0},
        {"direction": "mr-to-ct", "subject": "p2", "plane": "axial", "MAE": 20.0},
        {"direction": "mr-to-ct", "subject": "p2", "plane": "axial", "MAE": 40.0},
        {"direction": "mr-to-ct", "subject": "p2", "plane": "axial", "MAE": 60.0},
        {"direction": "mr-to-ct", "subject": "p2", "plane": "axial", "MAE": math.nan},
        {"direction": "mr-to-ct", "subject": "p2", "plane": "axial"},
        {"direction": "ct-to-mr", "subject": "p1", "plane": "axial", "MAE": 7.0},
    ]
    forth, back = summary(rows)
    assert forth == {
        "direction": "mr-to-ct",
        "metric": "MAE",
        "mean": 25.0,
        "sd": pytest.approx(21.2132),
        "subjects": 2,
    }
    assert back == {"direction": "ct-to-mr", "metric": "MAE", "mean": 7.0, "sd": 0.0, "subjects": 1}


def test_the_preview_shows_each_chosen_slice_in_a_row(paired):
    picture = preview(Copies(), paired, 2, CPU)
    # source, translation, partner, labels and both of its maps, 32 pixels each; two slices of either domain
    assert picture.shape == (4 * 32, 6 * 32)
    first = paired.neighbours("a", "validation", 3)[0, 1]
    assert np.array_equal(picture[:32, :32], paired.images["a"][first])
    assert np.array_equal(picture[:32, 64:96], paired.images["b"][first])
    assert preview(Copies(), paired, 50, CPU).shape[0] == 14 * 32  # no more than there are


def test_the_figure_is_a_picture_of_every_label(paired):
    from io import BytesIO

    from matplotlib.image import imread

    picture = imread(BytesIO(validation_figure(Copies(), paired, CPU)))
    height, width = picture.shape[:2]
    assert width > 1000 and height > 150
    shown = {tuple(color) for color in (picture[..., :3] * 255).round().astype(int).reshape(-1, 3)}
    assert {label.color for label in LABELS} <= shown
    crops = _crops(paired, [0, 5])
    sides = {s.stop - s.start for crop in crops for s in crop}
    assert len(sides) == 1 and max(s.stop for crop in crops for s in crop) <= 32
