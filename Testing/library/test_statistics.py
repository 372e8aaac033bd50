"""What a training set's statistics say, on volumes whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SASANLib.errors import SASANError
from SASANLib.statistics import case_statistics, domain_statistics, histogram_distance


def case(value=0.0, *, box=((2, 5), (1, 5), (3, 9)), spacing=(1.0, 2.0, 3.0), noise=0.0):
    """A body of `value` in a box (k, j, i) within air of −1; in units, 1000 times the model's range."""
    body = np.zeros((8, 10, 12), dtype=bool)
    body[tuple(slice(*side) for side in box)] = True
    array = np.where(body, np.float32(value), np.float32(-1))
    array = array + noise * np.random.default_rng(0).standard_normal(array.shape).astype(np.float32) * body
    return array, body, spacing, 1000 * array


def statistics_of(*cases):
    return domain_statistics([case_statistics(*arguments) for arguments in cases])


def single_slice(axis, value=0.0):
    """The middle slice of `case`, 3 mm thick; 1 and 2 mm pixels."""
    array, body, _, units = case(value)
    spacing = {0: (1.0, 2.0, 3.0), 1: (1.0, 3.0, 2.0), 2: (3.0, 1.0, 2.0)}[axis]
    middle = [[4], [3], [6]][axis]
    return *(np.take(a, middle, axis) for a in (array, body)), spacing, np.take(units, middle, axis)


@pytest.mark.parametrize(
    ("axis", "extent"), [(0, (6, 8, None)), (1, (6, None, 6)), (2, (None, 4, 6))], ids=["axial", "coronal", "sagittal"]
)
def test_a_single_slice_has_no_extent_nor_spacing_across(axis, extent):
    found = case_statistics(*single_slice(axis))
    assert found.body_extent_mm == extent
    assert (found.in_plane_spacing_mm, found.through_plane_spacing_mm) == (2, 2)


def test_ranges_leave_single_slices_normals_out():
    axial = statistics_of(single_slice(0), single_slice(0)).body_extent_mm
    assert axial.inferior_superior is None and axial.right_left.high == 6
    mixed = statistics_of(*(single_slice(axis) for axis in range(3)))
    extents = mixed.body_extent_mm
    assert (extents.inferior_superior.low, extents.inferior_superior.high) == (6, 6)
    assert (extents.anterior_posterior.low, extents.anterior_posterior.high) == (4, 8)
    assert mixed.through_plane_spacing_mm.high == 2


def test_one_case_is_measured_inside_the_body_only():
    array, body, spacing, units = case(0.25)
    array[~body], units[~body] = np.nan, np.nan
    found = case_statistics(array, body, spacing, units)
    assert (found.mean, found.sd) == (0.25, 0)
    assert found.histogram[40] == 1 and found.histogram.sum() == 1  # bin 40 begins at −1 + 40/32 = 0.25
    assert found.value_range == (250, 250)


def test_extents_and_spacings_go_with_the_patients_axes():
    found = case_statistics(*case(spacing=(1.0, 2.0, 3.0)))
    assert found.body_extent_mm == (6 * 1.0, 4 * 2.0, 3 * 3.0)  # i, j, k
    assert (found.in_plane_spacing_mm, found.through_plane_spacing_mm) == (2, 3)
    sagittal = case_statistics(*case(spacing=(3.0, 1.0, 2.0)))
    assert (sagittal.in_plane_spacing_mm, sagittal.through_plane_spacing_mm) == (2, 3)


def test_ranges_span_the_cases():
    found = statistics_of(case(-0.5, spacing=(1, 1, 1)), case(0.5, spacing=(1, 2, 4)))
    assert found.cases == 2
    assert found.mean == pytest.approx(0) and found.sd == pytest.approx(0.5)
    assert (found.body_mean.low, found.body_mean.high) == pytest.approx((-0.49, 0.49))  # 1st, 99th percentile
    assert (found.body_sd.low, found.body_sd.high) == (0, 0)
    assert (found.body_extent_mm.right_left.low, found.body_extent_mm.right_left.high) == (6, 6)
    assert (found.body_extent_mm.anterior_posterior.low, found.body_extent_mm.anterior_posterior.high) == (
        4,
        8,
    )
    assert (found.body_extent_mm.inferior_superior.low, found.body_extent_mm.inferior_superior.high) == (
        3,
        12,
    )
    assert (found.in_plane_spacing_mm.low, found.in_plane_spacing_mm.high) == (1, 2)
    assert (found.through_plane_spacing_mm.low, found.through_plane_spacing_mm.high) == (1, 4)
    assert (found.value_range.low, found.value_range.high) == (-500, 500)
    # each case lies half the 1.0 between the two away from their average
    assert found.histogram_distance == pytest.approx(0.5)


def test_every_case_weighs_the_same():
    small, large = case(-0.5, box=((0, 1), (0, 1), (0, 1))), case(0.5, box=((0, 8), (0, 10), (0, 12)))
    found = statistics_of(small, large)
    assert found.mean == pytest.approx(0)
    assert found.histogram[16] == found.histogram[48] == 0.5


def test_a_few_extreme_voxels_do_not_set_the_value_range():
    array, body, spacing, units = case(0.1, box=((0, 8), (0, 10), (0, 12)))
    array = np.tile(array, (10, 1, 1))
    body, units = np.tile(body, (10, 1, 1)), np.tile(units, (10, 1, 1))
    units[0, 0, :3] = 30000  # three of 9600: a metal implant's streak
    assert case_statistics(array, body, spacing, units).value_range == pytest.approx((100, 100))


@given(value=st.floats(-1, 1), shift=st.integers(0, 30))
@settings(max_examples=25, deadline=None)
def test_the_distance_of_shifted_histograms_is_the_shift(value, shift):
    first = case_statistics(*case(value, noise=0.0)).histogram
    second = np.roll(first, shift if first.argmax() + shift < 64 else -shift)
    assert histogram_distance(first, second) == pytest.approx(shift * 2 / 64)
    assert histogram_distance(second, first) == histogram_distance(first, second)


def test_an_empty_body_is_refused():
    array, body, spacing, units = case()
    with pytest.raises(SASANError, match="No body"):
        case_statistics(array, np.zeros_like(body), spacing, units)


def test_no_cases_are_refused():
    with pytest.raises(SASANError, match="no training cases"):
        domain_statistics([])
