"""The networks' hyper-parameters: part of every model card and of every training configuration."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class NetworkConfig(BaseModel):
    """Shapes and switches of the SASAN networks.

    The defaults are the paper's (sections 3.1 and 8.1) where it speaks, and what its authors ran where it is
    silent. Both directions of a model share one configuration.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    context_slices: int = Field(3, ge=1, le=15, description="neighbouring slices in, and as many out (odd)")
    maps: int = Field(8, ge=1, le=64, description="attention maps")
    classes: int = Field(5, ge=1, le=64, description="segmentation classes, background included")
    embedding: int = Field(64, ge=4, le=256, description="channels the maps are projected to before γ and β")
    conv_norm: Literal["instance", "none"] = Field("instance", description="norm of the plain conv blocks")
    conv_act: Literal["leaky_relu", "relu"] = Field("leaky_relu", description="activation of the conv blocks")
    map_resize: Literal["nearest", "area"] = Field("nearest", description="how maps reach 1/2 and 1/4 size")
    map_activation: Literal["none", "sigmoid", "softmax"] = Field("none", description="range of the maps")

    def model_post_init(self, _context) -> None:
        if self.context_slices % 2 == 0:
            raise ValueError("context_slices must be odd: a slice has as many neighbours above as below")
