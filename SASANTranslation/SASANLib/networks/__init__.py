"""The SASAN networks (section 3.1 and appendix 8.1). They know no device, no optimiser and no file."""

from SASANLib.networks.attention import AttentionModule
from SASANLib.networks.config import NetworkConfig
from SASANLib.networks.discriminator import (
    PatchDiscriminator,
    image_discriminator,
    segmentation_discriminator,
)
from SASANLib.networks.generator import Generator, SelfAttentiveResidualBlock
from SASANLib.networks.normalization import InstanceNorm, SelfAttentiveNormalization, instance_norm
from SASANLib.networks.translation import OTHER, Domain, TranslationNetworks, TranslationOutput
from SASANLib.networks.unet import UNet

__all__ = [
    "OTHER",
    "AttentionModule",
    "Domain",
    "Generator",
    "InstanceNorm",
    "NetworkConfig",
    "PatchDiscriminator",
    "SelfAttentiveNormalization",
    "SelfAttentiveResidualBlock",
    "TranslationNetworks",
    "TranslationOutput",
    "UNet",
    "image_discriminator",
    "instance_norm",
    "segmentation_discriminator",
]
