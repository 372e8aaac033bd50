"""Every equation of the paper against numbers worked out by hand or by plain loops."""

import math

import numpy as np
import pytest
import torch

from SASANLib import losses
from SASANLib.losses import UNKNOWN


def value(loss) -> float:
    assert loss.shape == () and loss.dtype == torch.float32
    return loss.item()


def near(expected, tolerance=1e-5):
    return pytest.approx(expected, abs=tolerance)


def logits_of(probabilities) -> torch.Tensor:
    """(1, classes, 1, w) logits whose softmax is the given rows of class probabilities, one row a pixel."""
    return torch.tensor(probabilities).log().T[None, :, None]


def test_eq_1_lsgan():
    real, fake = torch.tensor([1.0, 0.5]), torch.tensor([0.0, 2.0])
    assert value(losses.lsgan_discriminator(real, fake)) == near((0 + 0.25) / 2 + (0 + 4) / 2)
    assert value(losses.lsgan_generator(fake)) == near((1 + 1) / 2)
    assert value(losses.lsgan_generator(torch.tensor([1.0, 4.0]))) == near(9 / 2)


def ssim_by_loops(first: np.ndarray, second: np.ndarray) -> float:
    """SSIM of images (h, w) on [0, 1]: 7×7 Gaussian window of σ 1.5, ε₁ = 0.01², ε₂ = 0.03², whole windows only."""
    offsets = np.arange(7) - 3
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    found = []
    for row in range(first.shape[0] - 6):
        for column in range(first.shape[1] - 6):
            a, b = (image[row : row + 7, column : column + 7] for image in (first, second))
            mean_a, mean_b = (window * a).sum(), (window * b).sum()
            variance_a, variance_b = (window * (a - mean_a) ** 2).sum(), (window * (b - mean_b) ** 2).sum()
            covariance = (window * (a - mean_a) * (b - mean_b)).sum()
            found.append(
                (2 * mean_a * mean_b + 1e-4)
                * (2 * covariance + 9e-4)
                / ((mean_a**2 + mean_b**2 + 1e-4) * (variance_a + variance_b + 9e-4))
            )
    return float(np.mean(found))


def test_eq_2_ssim_against_plain_loops():
    random = np.random.default_rng(0)
    image = random.uniform(-1, 1, (2, 3, 11, 12))
    other = np.clip(0.7 * image + 0.3 * random.uniform(-1, 1, image.shape), -1, 1)
    planes = zip(image.reshape(6, 11, 12), other.reshape(6, 11, 12), strict=True)
    expected = np.mean([ssim_by_loops((a + 1) / 2, (b + 1) / 2) for a, b in planes])
    first, second = (torch.from_numpy(x).float() for x in (image, other))
    assert 0.2 < expected < 0.98
    assert value(losses.dissimilarity(first, second)) == near(1 - expected)
    assert value(losses.cycle(first, second)) == near(1 - expected + np.abs(image - other).mean())


def test_eq_2_cycle_of_constant_images_by_hand():
    white, grey = torch.ones(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)  # 1 and ½ on [0, 1]
    ssim = (2 * 1 * 0.5 + 1e-4) / (1 + 0.25 + 1e-4)
    # 1e-4: a variance computed as E[x²] − μ² is not quite 0 in float32.
    assert value(losses.cycle(white, grey)) == near(1 + 1 - ssim, 1e-4)
    assert value(losses.cycle(grey, grey)) == near(0)


def test_eq_3_identity():
    white, grey = torch.ones(1, 1, 8, 8), torch.full((1, 1, 8, 8), 0.25)
    assert value(losses.identity(white, grey)) == near(0.75)
    expected = 0.75 + value(losses.dissimilarity(white, grey))
    assert value(losses.identity(white, grey, ssim=True)) == near(expected)
    assert expected > 0.76


def maps_of(*rows) -> torch.Tensor:
    """(1, maps, 2, 2) of four-pixel rows."""
    return torch.tensor(rows, dtype=torch.float32).reshape(1, -1, 2, 2)


ORTHOGONAL = maps_of([1, 1, 0, 0], [0, 0, 3, 0], [0, 0, 0, 7])
IDENTICAL = maps_of(*[[1, 2, 3, 4]] * 3)
SLANTED = maps_of([1, 0, 0, 0], [5, 5, 0, 0], [0, 0, 0, 2])  # the first two at 45°


@pytest.mark.parametrize(
    ("maps", "norm", "squared"),
    [
        (ORTHOGONAL, 0, 0),
        (IDENTICAL, math.sqrt(6), 2),  # six ones beside the diagonal; over three pairs
        (-IDENTICAL, math.sqrt(6), 2),
        (SLANTED, 1, 1 / 3),  # 2 · (1/√2)² = 1
        (torch.cat([ORTHOGONAL, IDENTICAL]), math.sqrt(6) / 2, 1),
    ],
    ids=["orthogonal", "identical", "negative", "slanted", "a batch of both"],
)
def test_eq_4_orthogonality(maps, norm, squared):
    assert value(losses.orthogonality(maps)) == near(norm)
    assert value(losses.orthogonality(maps, squared=True)) == near(squared)
    assert value(losses.orthogonality(1000 * maps)) == near(norm)


def test_eq_4_one_map_is_orthogonal_to_nothing():
    assert value(losses.orthogonality(maps_of([1, 2, 3, 4]), squared=True)) == near(0)


def test_eq_5_class_weights():
    labels = torch.tensor([[[0, 0, 0, 1, UNKNOWN]]])
    assert losses.class_weights(labels, 3).tolist() == [0.25, 0.75, 1.0]
    assert losses.class_weights(torch.full((1, 1, 2), UNKNOWN), 2).tolist() == [1.0, 1.0]


def test_eq_5_cross_entropy_by_hand():
    logits = logits_of([[0.5, 0.25, 0.25], [0.8, 0.1, 0.1], [0.2, 0.2, 0.6], [0.1, 0.8, 0.1]])
    labels = torch.tensor([[[0, 0, 2, UNKNOWN]]])
    # Two of three known pixels are of class 0, one of class 2: weights 1/3 and 2/3.
    summed = -(math.log(0.5) / 3 + math.log(0.8) / 3 + math.log(0.6) * 2 / 3)
    assert value(losses.cross_entropy(logits, labels)) == near(summed / (1 / 3 + 1 / 3 + 2 / 3))


def test_eq_5_cross_entropy_does_not_grow_with_the_image():
    logits, labels = torch.randn(2, 3, 4, 4), torch.randint(0, 3, (2, 4, 4))
    once = value(losses.cross_entropy(logits, labels))
    assert value(losses.cross_entropy(logits.repeat(2, 1, 3, 1), labels.repeat(2, 3, 1))) == near(once)


def test_one_hot():
    hot = losses.one_hot(torch.tensor([[[0, 2, UNKNOWN]]]), 3)
    assert hot.dtype == torch.float32
    assert hot[0, :, 0].T.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]


# Three known pixels; class 2 is absent, the last pixel unknown.
DICE_LOGITS = logits_of([[0.5, 0.25, 0.25], [0.75, 0.125, 0.125], [0.25, 0.5, 0.25], [0.1, 0.1, 0.8]])
DICE_LABELS = torch.tensor([[[0, 0, 1, UNKNOWN]]])


def test_eq_5_dice_macro_by_hand():
    # Class 0: overlap 0.5 + 0.75, size 1.5 + 2. Class 1: overlap 0.5, size 0.875 + 1.
    expected = ((1 - 2 * 1.25 / 3.5) + (1 - 2 * 0.5 / 1.875)) / 2
    assert value(losses.dice(DICE_LOGITS, DICE_LABELS)) == near(expected)


def test_eq_5_dice_micro_by_hand():
    # Class 2 adds what was wrongly given to it, 0.625, to the size.
    expected = 1 - 2 * (1.25 + 0.5) / (3.5 + 1.875 + 0.625)
    assert value(losses.dice(DICE_LOGITS, DICE_LABELS, "micro")) == near(expected)


def test_eq_6_voxelwise():
    image = torch.tensor([[[[1.0, 0.5]], [[0.0, -1.0]]]])  # two channels of two pixels
    reference = torch.tensor([[[[0.0, 0.0]], [[0.25, 1.0]]]])
    assert value(losses.voxelwise(image, reference)) == near((1 + 0.5 + 0.25 + 2) / 4)
    assert value(losses.voxelwise(image, reference, torch.tensor([[[[1, 0]]]]))) == near((1 + 0.25) / 2)
    assert value(losses.voxelwise(image, reference, torch.tensor([[[[False, True]]]]))) == near((0.5 + 2) / 2)
    assert value(losses.voxelwise(image, reference, torch.zeros(1, 1, 1, 2))) == 0


def test_nothing_known_costs_nothing():
    logits, unknown = torch.randn(1, 3, 2, 2), torch.full((1, 2, 2), UNKNOWN)
    assert value(losses.cross_entropy(logits, unknown)) == 0
    assert value(losses.dice(logits, unknown)) == 0
    assert value(losses.dice(logits, unknown, "micro")) == 0


SURE = torch.tensor([90.0, -90.0, -90.0]).reshape(1, 3, 1, 1).expand(1, 3, 8, 8)
ALL_BACKGROUND, ALL_UNKNOWN = torch.zeros(1, 8, 8, dtype=torch.int64), torch.full((1, 8, 8), UNKNOWN)


@pytest.mark.parametrize(
    ("loss", "argument"),
    [
        (lambda z: losses.cross_entropy(z, ALL_BACKGROUND), SURE),
        (lambda z: losses.cross_entropy(z, ALL_UNKNOWN), SURE),
        (lambda z: losses.dice(z, ALL_BACKGROUND), SURE),
        (lambda z: losses.dice(z, ALL_UNKNOWN), SURE),
        (lambda z: losses.dice(z, ALL_UNKNOWN, "micro"), SURE),
        (losses.orthogonality, torch.zeros(1, 3, 8, 8)),
        (losses.orthogonality, ORTHOGONAL),
        (losses.orthogonality, IDENTICAL),
        (lambda x: losses.cycle(x, torch.zeros(1, 1, 8, 8)), torch.zeros(1, 1, 8, 8)),
        (lambda x: losses.voxelwise(x, torch.ones(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)), torch.zeros(1, 1, 8, 8)),
    ],
)
def test_gradients_are_finite_at_the_extremes(loss, argument):
    leaf = argument.clone().requires_grad_(True)
    result = loss(leaf)
    result.backward()
    assert result.isfinite() and leaf.grad.isfinite().all()


@pytest.mark.parametrize(
    "loss",
    [
        lambda x, y: losses.dissimilarity(x, y),
        lambda x, y: losses.cycle(x.float(), y.float()),
        lambda x, y: losses.orthogonality(x),
        lambda x, y: losses.cross_entropy(x, (y[:, 0] > 0).long()),
        lambda x, y: losses.dice(x, (y[:, 0] > 0).long()),
    ],
    ids=["dissimilarity", "cycle", "orthogonality", "cross_entropy", "dice"],
)
def test_losses_are_float32_under_bfloat16(loss):
    torch.manual_seed(0)
    x, y = (torch.rand(2, 3, 16, 16).bfloat16() for _ in range(2))
    expected = value(loss(x.float(), y.float()))
    with torch.autocast("cpu", torch.bfloat16):
        assert value(loss(x, y)) == near(expected, 1e-6)
