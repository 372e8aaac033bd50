"""Image metrics against values computed by hand, or another way."""

import math

import numpy as np
import pytest

from SASANLib.evaluation import metrics
from SASANLib.evaluation.metrics import mean_absolute_error, peak_signal_to_noise, structural_similarity


def test_mae_and_psnr_by_hand():
    image = np.array([[0.0, 10.0, 999.0]], np.float32)
    reference = np.array([[3.0, 6.0, 0.0]], np.float32)
    mask = np.array([[True, True, False]])
    assert mean_absolute_error(image, reference, mask) == 3.5
    # MSE (9 + 16) / 2 = 12.5; 10 log10(100² / 12.5)
    assert peak_signal_to_noise(image, reference, mask, 100) == pytest.approx(29.0309, abs=1e-4)
    assert peak_signal_to_noise(image, image, mask, 100) == math.inf


def ssim_by_formula(x, y, mask, data_range, window=7):
    """Wang et al. 2004 with a uniform window, its variances over the window's pixels; pixel by pixel."""
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    floor = min(x.min(), y.min())
    x, y = (np.where(mask, a, floor) - floor for a in (x, y))
    half, values = window // 2, []
    for centre in np.argwhere(mask):
        if not all(half <= n < size - half for n, size in zip(centre, x.shape, strict=True)):
            continue
        p, q = (a[tuple(slice(n - half, n + half + 1) for n in centre)] for a in (x, y))
        covariance = ((p - p.mean()) * (q - q.mean())).mean()
        luminance = (2 * p.mean() * q.mean() + c1) / (p.mean() ** 2 + q.mean() ** 2 + c1)
        values.append(luminance * (2 * covariance + c2) / (p.var() + q.var() + c2))
    return np.mean(values)


@pytest.mark.parametrize("data_range", [4095.0, 50.0])
def test_ssim_is_the_formula(data_range):
    random = np.random.default_rng(0)
    x = random.normal(-300, 400, (24, 20))
    y = x + random.normal(20, 150, x.shape)
    mask = np.zeros(x.shape, bool)
    mask[2:20, 0:17] = True
    mask[10, 10] = False
    expected = ssim_by_formula(x, y, mask, data_range)
    assert structural_similarity(x, y, mask, data_range) == pytest.approx(expected, abs=1e-5)
    assert structural_similarity(x, x, mask, data_range) == pytest.approx(1, abs=1e-6)


def test_ssim_does_not_see_beyond_the_mask():
    random = np.random.default_rng(1)
    x, y = random.normal(0, 1, (2, 20, 20))
    mask = np.zeros(x.shape, bool)
    mask[5:15, 5:15] = True
    other = np.where(mask, y, np.maximum(y, 0) * 3)
    other[0, 0] = y.min()
    y[0, 0] = y.min()
    assert structural_similarity(x, y, mask, 4.0) == pytest.approx(structural_similarity(x, other, mask, 4.0))


def test_ssim_of_a_volume_is_the_formula_whatever_it_is_cut_into(monkeypatch):
    random = np.random.default_rng(2)
    x = random.normal(-300, 400, (15, 14, 13))
    y = x + random.normal(20, 150, x.shape)
    mask = np.zeros(x.shape, bool)
    mask[1:13, 4:12, 5:13] = True
    expected = ssim_by_formula(x, y, mask, 4095.0)
    assert structural_similarity(x, y, mask, 4095.0) == pytest.approx(expected, abs=1e-5)
    monkeypatch.setattr(metrics, "_SLAB_VOXELS", 1)
    assert structural_similarity(x, y, mask, 4095.0) == pytest.approx(expected, abs=1e-5)


floored = metrics._floored


def test_ssim_does_not_compute_the_air_around(monkeypatch):
    x, y = np.random.default_rng(3).normal(0, 1, (2, 60, 60, 60))
    mask = np.zeros(x.shape, bool)
    mask[20:30, 25:35, 0:8] = True
    whole = structural_similarity(x, y, mask, 4.0)
    shapes = []
    monkeypatch.setattr(metrics, "_floored", lambda a, *rest: shapes.append(a.shape) or floored(a, *rest))
    assert structural_similarity(x, y, mask, 4.0) == whole
    assert shapes == [(16, 16, 11)] * 2


def test_ssim_of_a_mask_at_the_very_border_is_no_number():
    mask = np.zeros((16, 16), bool)
    mask[:2] = True
    assert math.isnan(structural_similarity(np.zeros((16, 16)), np.ones((16, 16)), mask, 1.0))
    assert math.isnan(structural_similarity(np.zeros((16, 16)), np.ones((16, 16)), mask & False, 1.0))
    assert math.isnan(structural_similarity(np.zeros((9, 9, 4)), np.ones((9, 9, 4)), np.ones((9, 9, 4), bool), 1.0))
