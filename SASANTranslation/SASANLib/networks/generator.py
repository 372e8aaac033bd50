"""The synthesis module 𝒮: encoder, and a decoder steered by attention maps at three resolutions (section 3.1)."""

from torch import Tensor, nn
from torch.nn import functional as F

from SASANLib.networks.blocks import LEAK, ConvBlock
from SASANLib.networks.config import NetworkConfig
from SASANLib.networks.normalization import SelfAttentiveNormalization
from SASANLib.networks.precision import output_layer


class SelfAttentiveResidualBlock(nn.Module):
    """The paper's "SPADEResnetBlock" (figure 2 b): two convolutions, each behind a self-attentive norm.

    x (n, in_channels, h, w), maps (n, maps, h, w) → (n, out_channels, h, w). Where the widths differ, the
    shortcut has a norm and a 1×1 convolution of its own.
    """

    def __init__(self, in_channels: int, out_channels: int, maps: int, embedding: int):
        super().__init__()
        middle = min(in_channels, out_channels)
        self.norm_1 = SelfAttentiveNormalization(in_channels, maps, embedding)
        self.conv_1 = nn.Conv2d(in_channels, middle, 3, padding=1)
        self.norm_2 = SelfAttentiveNormalization(middle, maps, embedding)
        self.conv_2 = nn.Conv2d(middle, out_channels, 3, padding=1)
        self.norm_shortcut = self.conv_shortcut = None
        if in_channels != out_channels:
            self.norm_shortcut = SelfAttentiveNormalization(in_channels, maps, embedding)
            self.conv_shortcut = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor, maps: Tensor) -> Tensor:
        shortcut = x
        if self.conv_shortcut is not None:
            shortcut = self.conv_shortcut(self.norm_shortcut(x, maps))
        x = self.conv_1(F.leaky_relu(self.norm_1(x, maps), LEAK))
        x = self.conv_2(F.leaky_relu(self.norm_2(x, maps), LEAK))
        return shortcut + x


class Generator(nn.Module):
    """An image and its attention maps → the image in the other domain, in [−1, 1] (sections 3.1 and 8.1).

    image (n, context_slices, h, w), maps (n, maps, h, w) → (n, context_slices, h, w); h and w multiples of 4.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        style = {"norm": config.conv_norm, "act": config.conv_act}
        self.encoder = nn.Sequential(
            ConvBlock(config.context_slices, 32, 7, **style),
            ConvBlock(32, 64, 3, stride=2, **style),
            ConvBlock(64, 128, 3, stride=2, **style),
            ConvBlock(128, 128, 3, **style),
        )
        self.decoder = nn.ModuleList(
            SelfAttentiveResidualBlock(i, o, config.maps, config.embedding)
            for i, o in ((128, 128), (128, 64), (64, 32))
        )
        self.head = nn.Sequential(
            ConvBlock(32, 16, 3, **style),
            nn.Conv2d(16, config.context_slices, 3, padding=1, padding_mode="reflect"),
        )
        self.map_resize = config.map_resize

    def forward(self, image: Tensor, maps: Tensor) -> Tensor:
        x = self.encoder(image)
        for level, block in enumerate(self.decoder):
            if level:
                x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = block(x, self._resized(maps, x.shape[-2:]))
        block, last = self.head
        return output_layer(last, block(x)).float().tanh()

    def _resized(self, maps: Tensor, size: tuple[int, int]) -> Tensor:
        return maps if maps.shape[-2:] == size else F.interpolate(maps, size, mode=self.map_resize)
