"""The two PatchGAN discriminators (sections 3.2.1 and 8.1)."""

from itertools import pairwise

from torch import Tensor, nn

from SASANLib.networks.blocks import LEAK
from SASANLib.networks.normalization import InstanceNorm


class PatchDiscriminator(nn.Module):
    """Real or fake, judged patch by patch: (n, channels, h, w) → (n, 1, h / 8 − 1, w / 8 − 1) unbounded scores.

    4×4 convolutions of stride 2 (`widths` lists their output channels), instance norm from the second on, then
    a one-channel 4×4 head. With three of them the output stride is 8 pixels and the receptive field 46; the
    paper's "field of view 8×8" is that stride.
    """

    def __init__(self, channels: int, widths: tuple[int, ...] = (32, 64, 128)):
        super().__init__()
        layers: list[nn.Module] = []
        for index, (i, o) in enumerate(pairwise((channels, *widths))):
            layers.append(nn.Conv2d(i, o, 4, stride=2, padding=1))
            if index:
                layers.append(InstanceNorm())
            layers.append(nn.LeakyReLU(LEAK, inplace=True))
        layers.append(nn.Conv2d(widths[-1], 1, 4, padding=1))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def image_discriminator(context_slices: int, width: int = 32, depth: int = 3) -> PatchDiscriminator:
    """Of images; `width` doubles with each of the `depth` strided layers."""
    return PatchDiscriminator(context_slices, tuple(width * 2**i for i in range(depth)))


def segmentation_discriminator(classes: int) -> PatchDiscriminator:
    """Of segmentations, one channel a class (one-hot or softmax): all layers 32 wide."""
    return PatchDiscriminator(classes, (32, 32, 32))
