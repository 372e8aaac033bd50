"""The detached segmentation network, trained apart from the translation to judge it (sections 4.4 and 8.1)."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class DoubleConv(nn.Sequential):
    """Twice: 3×3 convolution, batch norm, ReLU. (n, in, h, w) → (n, out, h, w)."""

    def __init__(self, in_channels: int, out_channels: int, middle: int | None = None):
        middle = middle or out_channels
        super().__init__(
            nn.Conv2d(in_channels, middle, 3, padding=1, bias=False),
            nn.BatchNorm2d(middle),
            nn.ReLU(inplace=True),
            nn.Conv2d(middle, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


class UNet(nn.Module):
    """Four steps down by max pooling, four up by bilinear interpolation: (n, channels, h, w) → (n, classes, h, w)."""

    def __init__(self, channels: int, classes: int, width: int = 64):
        super().__init__()
        widths = [width, 2 * width, 4 * width, 8 * width, 8 * width]
        self.stem = DoubleConv(channels, widths[0])
        self.down = nn.ModuleList(DoubleConv(i, o) for i, o in pairwise(widths))
        joined = [16 * width, 8 * width, 4 * width, 2 * width]
        outs = [4 * width, 2 * width, width, width]
        self.up = nn.ModuleList(DoubleConv(i, o, middle=i // 2) for i, o in zip(joined, outs, strict=True))
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = [self.stem(x)]
        for down in self.down:
            skips.append(down(F.max_pool2d(skips[-1], 2)))
        x = skips.pop()
        for up in self.up:
            skip = skips.pop()
            x = F.interpolate(x, skip.shape[-2:], mode="bilinear", align_corners=True)
            x = up(torch.cat([skip, x], dim=1))
        return self.head(x)
