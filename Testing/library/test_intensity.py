import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from SASANLib.errors import SASANError
from SASANLib.intensity import IntensityMapping, PercentileMapping, WindowMapping, fit_percentile

WINDOW = WindowMapping(low=-1000, high=2000)
PERCENTILE = PercentileMapping(lower=0, upper=100, z_min=-2, z_max=3, reference_mean=200, reference_sd=50)
FLOATS = st.floats(-5000, 5000, width=32)


def everywhere(array):
    return np.ones(array.shape, dtype=bool)


def test_window_by_hand():
    hu = np.array([[[-3000, -1000, -250, 500, 2000, 9000]]], dtype=np.float32)
    unit = WINDOW.forward(hu, everywhere(hu))
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, [[[-1, -1, -0.5, 0, 1, 1]]], atol=1e-6)
    np.testing.assert_allclose(WINDOW.inverse(unit), [[[-1000, -1000, -250, 500, 2000, 2000]]], atol=1e-3)
    assert WINDOW.background == WINDOW.forward(np.float32([-1000]), None)[0] == -1


def test_percentile_by_hand():
    # mean 3, population sd sqrt(2); outside the body the same map, clipped to the body's range [1, 5]
    array = np.array([1, 2, 3, 4, 5, 100, -7], dtype=np.float32).reshape(1, 1, 7)
    body = np.array([1, 1, 1, 1, 1, 0, 0], dtype=bool).reshape(1, 1, 7)
    z = np.array([-2, -1, 0, 1, 2, 2, -2]) / np.sqrt(2)
    unit = PERCENTILE.forward(array, body)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit.ravel(), (z + 2) / 5 * 2 - 1, atol=1e-6)


def test_percentile_clips_before_it_takes_mean_and_sd():
    array = np.full((1, 10, 10), 10, dtype=np.float32)
    array[0, :5] = 20
    array[0, 0, 0] = 1e6
    mapping = PERCENTILE.model_copy(update={"lower": 2, "upper": 98})
    unit = mapping.forward(array, everywhere(array))
    np.testing.assert_allclose(unit[0, 0, 0], unit[0, 1, 0])  # the outlier became a 20
    np.testing.assert_allclose(unit[0, 9, 9], (-1 + 2) / 5 * 2 - 1, atol=1e-5)


def test_percentile_clamps_to_the_training_range():
    array = np.arange(1000, dtype=np.float32).reshape(1, 10, 100)
    narrow = PERCENTILE.model_copy(update={"z_min": -0.5, "z_max": 0.5})
    unit = narrow.forward(array, everywhere(array))
    assert (unit.min(), unit.max()) == (-1, 1)
    assert (unit == -1).mean() > 0.3


def test_percentile_does_not_depend_on_the_scanners_scale():
    array = np.random.default_rng(0).gamma(3, 50, (4, 20, 20)).astype(np.float32)
    body = array > 40
    mapping = PERCENTILE.model_copy(update={"lower": 0.5, "upper": 99.5})
    np.testing.assert_allclose(mapping.forward(array * 7 + 30, body), mapping.forward(array, body), atol=1e-5)


def test_percentile_inverse_is_on_the_reference_scale_and_never_negative():
    unit = np.array([-1, -0.2, 1], dtype=np.float32)  # z = -2, 0, 3
    np.testing.assert_allclose(PERCENTILE.inverse(unit), [100, 200, 350], atol=1e-3)
    floored = PERCENTILE.model_copy(update={"reference_mean": 50})
    assert floored.inverse(unit)[0] == 0
    assert PERCENTILE.background == -1


@given(values=st.lists(FLOATS, min_size=3, max_size=30, unique=True))
def test_both_mappings_keep_the_order_and_the_range(values):
    array = np.array(sorted(values), dtype=np.float32).reshape(1, 1, -1)
    for mapping in (WINDOW, PERCENTILE):
        unit = mapping.forward(array, everywhere(array))
        assert unit.min() >= -1
        assert unit.max() <= 1
        assert (np.diff(unit.ravel()) >= 0).all()


@given(value=st.floats(-1000, 2000, width=32))
def test_window_is_undone_inside_it(value):
    array = np.array([value], dtype=np.float32)
    np.testing.assert_allclose(WINDOW.inverse(WINDOW.forward(array, None)), array, atol=1e-3)


def test_fit_takes_the_extremes_of_z_and_the_averages_of_mean_and_sd():
    first = np.array([[[0, 10, 20, -500]]], dtype=np.float32)
    second = np.array([[[0, 0, 0, 100]]], dtype=np.float32)
    body = np.array([[[1, 1, 1, 0]]], dtype=bool)
    mapping = fit_percentile(iter([(first, body), (second, everywhere(second))]), 0, 100)
    sd = np.sqrt(200 / 3)
    np.testing.assert_allclose(
        (mapping.reference_mean, mapping.reference_sd), ((10 + 25) / 2, (sd + np.sqrt(1875)) / 2)
    )
    np.testing.assert_allclose((mapping.z_min, mapping.z_max), (-10 / sd, 75 / np.sqrt(1875)))
    assert (mapping.lower, mapping.upper) == (0, 100)


def test_the_training_set_itself_spans_the_whole_range():
    rng = np.random.default_rng(1)
    pairs = [(rng.gamma(2, 30, (1, 30, 30)).astype(np.float32), np.ones((1, 30, 30), bool)) for _ in range(3)]
    mapping = fit_percentile(pairs, 0.5, 99.5)
    units = [mapping.forward(*pair) for pair in pairs]
    np.testing.assert_allclose((np.min(units), np.max(units)), (-1, 1), atol=1e-5)


@pytest.mark.parametrize("mapping", [WINDOW, PERCENTILE])
def test_a_card_holds_either_mapping(mapping):
    adapter = TypeAdapter(IntensityMapping)
    assert adapter.validate_json(adapter.dump_json(mapping)) == mapping


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "window", "low": 5, "high": 5},
        {"kind": "window", "low": 0, "high": 1, "gamma": 2},
        {"kind": "log", "low": 0, "high": 1},
        {**PERCENTILE.model_dump(), "lower": 99, "upper": 1},
        {**PERCENTILE.model_dump(), "reference_sd": 0},
        {**PERCENTILE.model_dump(), "z_min": 3},
        {**PERCENTILE.model_dump(), "upper": 101},
    ],
)
def test_a_card_with_a_nonsense_mapping_is_refused(fields):
    with pytest.raises(ValidationError):
        TypeAdapter(IntensityMapping).validate_python(fields)


def test_an_empty_body_a_constant_body_and_no_volumes_are_sentences():
    array = np.zeros((2, 3, 4), dtype=np.float32)
    with pytest.raises(SASANError, match="No body"):
        PERCENTILE.forward(array, array > 0)
    with pytest.raises(SASANError, match="same intensity"):
        PERCENTILE.forward(array, everywhere(array))
    with pytest.raises(SASANError, match="no volumes"):
        fit_percentile([], 1, 99)
