"""The out-of-distribution check: a sentence for each measure outside of what the model knows, and only then."""

import re
from pathlib import Path

import numpy as np
import pytest
from bundle_examples import make_card
from translation_examples import StubBundle, StubNetworks, coarse_torso, rotation, small_card, smooth_head

from SASANLib.body import body_mask
from SASANLib.card import Interval
from SASANLib.familiarity import unfamiliar
from SASANLib.statistics import patient_order
from SASANLib.translation import Translator
from SASANLib.volumes import Volume, read_volume

TORSO = Path(__file__).parents[3] / "shared" / "data" / "torso_ct.nii.gz"


def sentences(volume: Volume, **known) -> list[str]:
    domain = small_card().domains.a
    domain = domain.model_copy(update={"statistics": domain.statistics.model_copy(update=known)})
    body = body_mask(volume.array, "HU", volume.spacing)
    return unfamiliar(volume, body, domain.mapping.forward(volume.array, body), domain)


@pytest.mark.parametrize("directions", [None, rotation(10, -20, 15)])
def test_a_familiar_head_is_met_with_silence(directions):
    assert sentences(smooth_head(directions)) == []


def test_coarse_voxels_and_slices_are_told_with_value_and_range():
    told = sentences(smooth_head(spacing=(9.0, 9.0, 11.0), shape=(12, 14, 12)))
    assert "The voxels are 9 mm apart; the model was trained on 3 to 4 mm." in told
    assert "The slices are 11 mm apart; the model was trained on 4 to 5 mm." in told


def test_fine_voxels_are_no_news():
    assert sentences(smooth_head(spacing=(2.0, 4.0, 2.0), shape=(60, 34, 56))) == []


@pytest.mark.parametrize(
    ("scale", "axis"),
    [((3, 1, 1), "right to left"), ((1, 2.5, 1), "front to back"), ((1, 1, 0.4), "bottom to top")],
)
@pytest.mark.parametrize("permutation", [(0, 1, 2), (2, 0, 1)])
def test_the_bodys_extent_is_told_along_the_right_axis(scale, axis, permutation):
    head = smooth_head()
    affine = np.diag([*scale, 1.0]) @ head.affine
    # The same patient, scanned with other axes first.
    array = head.array.transpose([2 - permutation[2 - n] for n in range(3)])
    columns = np.eye(4)[:, [*permutation, 3]]
    told = sentences(Volume(np.ascontiguousarray(array), affine @ columns))
    told = [text for text in told if "body measures" in text]
    assert len(told) == 1 and f"from {axis};" in told[0] and "60 to 160 mm" in told[0]


def test_an_extent_that_no_training_case_had_is_not_compared():
    slices_only = small_card().domains.a.statistics.body_extent_mm.model_copy(update={"inferior_superior": None})
    assert sentences(smooth_head(spacing=(4.0, 4.0, 1.5)), body_extent_mm=slices_only) == []


def test_oblique_axes_are_each_used_once():
    volume = smooth_head(rotation(44, 44, 44))
    axes, spacing = patient_order(volume)
    assert sorted(axes) == [0, 1, 2] and len(spacing) == 3


def test_spacings_go_with_their_axes():
    sagittal = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])  # i→P j→I k→L
    axes, spacing = patient_order(smooth_head(sagittal, (1.0, 2.0, 3.0), (20, 30, 40)))
    # array axes of inferior-superior (j), anterior-posterior (i), right-left (k); spacings of the reverse
    assert axes == (1, 2, 0) and spacing == pytest.approx((3, 1, 2))


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({"body_mean": Interval(low=0.7, high=0.8)}, r"mean of the body's intensities is -0\.0\d .*0\.70 to 0\.80"),
        ({"body_sd": Interval(low=0.6, high=0.7)}, r"spread of the body's intensities is 0\.\d\d .*0\.60 to 0\.70"),
        (
            {"histogram": [1.0] + [0.0] * 63, "histogram_distance": 0.1},
            r"differ from the typical CT image by \d\.\d\d .*trained on 0 to 0\.10",
        ),
        ({"value_range": Interval(low=-50, high=40)}, r"values go from -\d+ to \d+ HU; .*-50 to 40 HU"),
    ],
    ids=["mean", "spread", "histogram", "range"],
)
def test_each_measure_of_intensity_has_its_sentence(known, text):
    (sentence,) = sentences(smooth_head(), **known)
    assert re.search(text, sentence), sentence


def test_arbitrary_units_are_not_compared():
    head = smooth_head()
    domain = small_card().domains.a.model_copy(update={"units": "a.u."})
    narrow = domain.statistics.model_copy(update={"value_range": Interval(low=0, high=1)})
    domain = domain.model_copy(update={"statistics": narrow})
    body = body_mask(head.array, "HU", head.spacing)
    assert unfamiliar(head, body, domain.mapping.forward(head.array, body), domain) == []


def test_a_made_up_torso_gets_notices_and_a_result():
    card = make_card()
    bundle = StubBundle(card.model_copy(update={"weights": small_card().weights}), StubNetworks())
    told: list[str] = []
    result = Translator(bundle, "cpu").translate(coarse_torso(), "ct-to-mr", flips=False, notice=told.append)
    assert result.notices[: len(told)] == told
    assert any("voxels are 3 mm apart" in text for text in told)
    width = r"measures 3[78]\d mm from right to left; the model was trained on 140 to 175 mm"
    assert any(re.search(width, text) for text in told), told
    assert result.synthetic.shape == (40, 100, 140) and np.isfinite(result.synthetic.array).all()


def test_a_real_torso_gets_notices_and_a_result():
    if not TORSO.is_file():
        pytest.skip(f"needs {TORSO}, which is not part of the repository")
    torso = read_volume(TORSO)
    card = make_card()
    bundle = StubBundle(card.model_copy(update={"weights": small_card().weights}), StubNetworks())
    result = Translator(bundle, "cpu").translate(torso, "ct-to-mr", flips=False)
    assert any("voxels are 3 mm apart" in text for text in result.notices)
    assert any("from right to left" in text for text in result.notices)
    assert result.synthetic.shape == torso.shape
