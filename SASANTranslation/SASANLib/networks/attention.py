"""The attention module 𝒜: a light U-Net that draws the attention maps (section 3.1.1)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from SASANLib.networks.blocks import ConvBlock
from SASANLib.networks.config import NetworkConfig
from SASANLib.networks.precision import output_layer


class AttentionModule(nn.Module):
    """Attention maps of an image, and segmentation logits read off them by one convolution (section 3.2.5).

    image (n, context_slices, h, w) → maps (n, maps, h, w), logits (n, classes, h, w); h and w multiples
    of 16, 32 at least. The paper's figure of it is lost; widths and kernels are those its authors ran.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        style = {"norm": config.conv_norm, "act": config.conv_act}
        self.stem = ConvBlock(config.context_slices, 32, 5, **style)
        self.down = nn.ModuleList(
            ConvBlock(i, o, 5, stride=2, **style) for i, o in ((32, 64), (64, 64), (64, 128), (128, 256))
        )
        self.bottom = ConvBlock(256, 256, 3, **style)
        self.up = nn.ModuleList(
            ConvBlock(i + skip, o, 3, **style)
            for i, skip, o in ((256, 128, 128), (128, 64, 64), (64, 64, 64), (64, 32, 32))
        )
        self.maps = nn.Conv2d(32, config.maps, 3, padding=1, padding_mode="reflect")
        self.classifier = nn.Conv2d(config.maps, config.classes, 3, padding=1, padding_mode="reflect")
        self.map_activation = config.map_activation

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        skips = [self.stem(image)]
        for down in self.down:
            skips.append(down(skips[-1]))
        x = self.bottom(skips.pop())
        for up in self.up:
            x = up(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skips.pop()], dim=1))
        maps = self._bounded(self.maps(x))
        return maps, output_layer(self.classifier, maps)

    def _bounded(self, maps: Tensor) -> Tensor:
        if self.map_activation == "sigmoid":
            return maps.sigmoid()
        return maps.softmax(dim=1) if self.map_activation == "softmax" else maps
