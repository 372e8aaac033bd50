"""Random geometry of training slices: what is drawn, and what applying it does to an image."""

import math

import pytest
import torch

from SASANLib.training import augmentation
from SASANLib.training.config import AugmentationConfig

OFF = AugmentationConfig(rotation_degrees=0, scale=(1, 1), flip_horizontal=False, flip_vertical=False)
MANY = 2000


def changed(**settings) -> AugmentationConfig:
    return AugmentationConfig.model_validate({**OFF.model_dump(), **settings})


def draw(config, n=MANY, seed=0):
    return augmentation.draw(config, n, torch.Generator().manual_seed(seed))


def picture(h=32, w=32, n=1):
    """Distinct pixels that float32 holds exactly with 1 added, too."""
    return (torch.randperm(n * h * w, generator=torch.Generator().manual_seed(1)) / 1024 - 1).reshape(n, 1, h, w)


def whole(image, matrix, mode="bilinear", fill=-1.0):
    n, _, h, w = image.shape
    centre = torch.tensor([[(w - 1) / 2, (h - 1) / 2]]).expand(n, 2)
    return augmentation.apply(image, matrix, centre, (h, w), mode, fill)


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [(32, 32), (64, 32)])
def test_nothing_switched_on_changes_nothing(mode, size):
    image = picture(*size, n=2)
    matrix = draw(OFF, 2)
    assert torch.equal(matrix, torch.eye(2).expand(2, 2, 2))
    assert torch.equal(whole(image, matrix, mode), image)


@pytest.mark.parametrize(("switch", "axis", "dim"), [("flip_horizontal", 0, 3), ("flip_vertical", 1, 2)])
def test_flips_mirror_half_of_the_images(switch, axis, dim):
    matrices = draw(changed(**{switch: True}))
    mirror = torch.eye(2)
    mirror[axis, axis] = -1
    flipped = (matrices == mirror).all((1, 2))
    assert ((matrices == torch.eye(2)).all((1, 2)) | flipped).all()
    assert 0.45 < flipped.float().mean() < 0.55
    assert torch.equal(whole(picture(), mirror[None]), picture().flip(dim))


def test_scale_below_one_makes_what_is_shown_smaller():
    image = torch.full((1, 1, 32, 32), -1.0)
    image[..., 8:24, 12:20] = 1  # 16 high, 8 wide
    shown = whole(image, draw(changed(scale=(0.5, 0.5)), 1), "nearest") > 0
    rows, columns = shown[0, 0].nonzero().T
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (12, 19, 14, 17)
    assert shown.sum() == 8 * 4


def test_scales_of_width_and_height_are_drawn_apart_and_uniformly():
    matrices = draw(changed(scale=(0.75, 1.0)))
    assert (matrices[:, [0, 1], [1, 0]] == 0).all()
    scales = 1 / matrices.diagonal(dim1=1, dim2=2)
    assert scales.min() >= 0.75 - 1e-6 and scales.max() <= 1 + 1e-6
    assert torch.allclose(scales.mean(0), torch.tensor(0.875), atol=0.01)
    assert torch.corrcoef(scales.T)[0, 1].abs() < 0.1


def test_rotations_are_uniform_in_both_directions():
    matrices = draw(changed(rotation_degrees=30))
    assert torch.allclose(matrices @ matrices.mT, torch.eye(2).expand(MANY, 2, 2), atol=1e-6)
    degrees = torch.atan2(matrices[:, 1, 0], matrices[:, 0, 0]) * 180 / math.pi
    assert degrees.abs().max() <= 30 + 1e-3 and degrees.min() < -29 and degrees.max() > 29
    assert abs(degrees.mean()) < 1.5 and abs(degrees.std() - 60 / math.sqrt(12)) < 1


def test_the_largest_rotation_of_90_degrees_is_a_quarter_turn(monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda n, generator: torch.ones(n))  # the upper end of every range
    matrix = draw(changed(rotation_degrees=90), 1)
    torch.testing.assert_close(whole(picture(), matrix), picture().rot90(1, (2, 3)), atol=1e-4, rtol=0)


def test_scaling_comes_before_turning_so_that_angles_stay():
    """Width and height are those of the slice that results: its axes stay at right angles in the source."""
    matrices = draw(changed(rotation_degrees=45, scale=(0.5, 1.0)))
    assert torch.allclose((matrices[:, :, 0] * matrices[:, :, 1]).sum(1), torch.zeros(MANY), atol=1e-5)


def test_labels_stay_labels_and_lie_where_the_image_does():
    labels = torch.randint(0, 5, (4, 1, 32, 32), generator=torch.Generator().manual_seed(2)).float()
    labels[:, :, 8:24, 8:24] = 3
    matrix = draw(AugmentationConfig(), 4)
    turned = whole(labels, matrix, "nearest", 0)
    assert set(turned.unique().tolist()) <= {0, 1, 2, 3, 4}
    inside = whole((labels == 3).float(), matrix, "bilinear", 0) > 0.999
    assert inside.sum() > 400 and (turned[inside] == 3).all()


def test_outside_the_image_lies_the_fill():
    small = whole(torch.full((1, 1, 32, 32), 0.5), torch.eye(2)[None] * 4, fill=-1.0)
    assert (small[..., :11, :] == -1).all() and (small[..., :, 21:] == -1).all()
    assert (small[..., 13:19, 13:19] == 0.5).all()


def test_draws_repeat_by_generator():
    config = AugmentationConfig()
    assert torch.equal(draw(config, 5, seed=3), draw(config, 5, seed=3))
    assert not torch.equal(draw(config, 5, seed=3), draw(config, 5, seed=4))


def test_a_switch_leaves_the_other_draws_alone():
    full = draw(AugmentationConfig(), 50)
    unflipped = draw(AugmentationConfig(flip_horizontal=False, flip_vertical=False), 50)
    assert torch.allclose(full.abs(), unflipped.abs()) and not torch.equal(full, unflipped)


def test_a_crop_lies_around_its_centre():
    image = picture(24, 32, n=2)
    centre = torch.tensor([[20.5, 9.5], [7.5, 3.5]])  # x, y
    crop = augmentation.apply(image, torch.eye(2).expand(2, 2, 2), centre, (4, 6), "nearest", -1.0)
    assert torch.equal(crop[0], image[0, :, 8:12, 18:24])
    assert torch.equal(crop[1], image[1, :, 2:6, 5:11])


def test_a_crop_is_turned_about_its_own_centre():
    image = picture(24, 32)
    crop = augmentation.apply(image, -torch.eye(2)[None], torch.tensor([[20.5, 9.5]]), (4, 6), "nearest", -1.0)
    assert torch.equal(crop, image[:, :, 8:12, 18:24].flip(2, 3))


def test_crop_offsets_fill_their_slack():
    slack = torch.tensor([[4.0, 0.0]]).expand(MANY, 2)
    offsets = augmentation.draw_offsets(slack, torch.Generator().manual_seed(0))
    assert (offsets.abs() <= slack).all()
    assert offsets[:, 0].min() < -3.9 and offsets[:, 0].max() > 3.9


@pytest.mark.parametrize("scale", [(0, 1), (-0.5, 1)])
def test_a_scale_that_leaves_nothing_is_refused(scale):
    with pytest.raises(ValueError, match="scale"):
        AugmentationConfig(scale=scale)
