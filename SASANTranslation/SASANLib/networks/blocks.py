"""The convolution block that the attention module and the generator share."""

from torch import nn

from SASANLib.networks.normalization import InstanceNorm

LEAK = 0.2


def activation(name: str) -> nn.Module:
    return nn.LeakyReLU(LEAK, inplace=True) if name == "leaky_relu" else nn.ReLU(inplace=True)


class ConvBlock(nn.Sequential):
    """Reflection padding, convolution, normalisation, activation (section 8.1, "ConvBlock").

    (n, in_channels, h, w) → (n, out_channels, h / stride, w / stride). The padding is `kernel // 2`, so that
    h and w stay what they were at stride 1.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int = 1,
        norm: str = "instance",
        act: str = "leaky_relu",
    ):
        layers: list[nn.Module] = [
            nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, padding_mode="reflect")
        ]
        if norm == "instance":
            layers.append(InstanceNorm())
        layers.append(activation(act))
        super().__init__(*layers)
