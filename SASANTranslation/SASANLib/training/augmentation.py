"""Random geometry of training slices, drawn apart from being applied (section 4.1, data augmentation)."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from SASANLib.training.config import AugmentationConfig


def draw(config: AugmentationConfig, n: int, generator: torch.Generator) -> Tensor:
    """(n, 2, 2) matrices that map output offsets from the centre to input offsets, in pixels."""

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(n, generator=generator)

    def sign(flips: bool) -> Tensor:
        return 1.0 - 2.0 * (torch.rand(n, generator=generator) < 0.5) * flips

    angle = uniform(-1, 1) * math.radians(config.rotation_degrees)
    # Sampling an image at steps of 1 / s shrinks what it shows by s.
    x = sign(config.flip_horizontal) / uniform(*config.scale)
    y = sign(config.flip_vertical) / uniform(*config.scale)
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cos * x, -sin * y], 1), torch.stack([sin * x, cos * y], 1)], 1)


def draw_offsets(slack: Tensor, generator: torch.Generator) -> Tensor:
    """(n, 2) offsets of a crop's centre, in pixels, uniform within ± slack (n, 2)."""
    return (2 * torch.rand(slack.shape, generator=generator) - 1) * slack


def apply(image: Tensor, matrix: Tensor, centre: Tensor, size: tuple[int, int], mode: str, fill: float) -> Tensor:
    """image (n, c, h, w) sampled around `centre` (n, 2: x, y in pixels) → (n, c, *size).

    `mode` is "bilinear" for images and "nearest" for labels and regions; `fill` lies outside the image.
    """
    (h, w), (rows, columns) = image.shape[-2:], size
    device = image.device
    y = torch.arange(rows, device=device, dtype=torch.float32) - (rows - 1) / 2
    x = torch.arange(columns, device=device, dtype=torch.float32) - (columns - 1) / 2
    offsets = torch.stack(torch.broadcast_tensors(x, y[:, None]), -1)
    pixels = offsets @ matrix.to(device).mT[:, None] + centre.to(device)[:, None, None]
    # This convention of the two has no rounding where w and h are powers of 2: untouched slices stay what they are.
    unit = (2 * pixels + 1) / torch.tensor([w, h], device=device) - 1
    filled = image.float() - fill
    return F.grid_sample(filled, unit, mode=mode, padding_mode="zeros", align_corners=False) + fill
