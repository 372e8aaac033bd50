"""What is asked of a translation."""

from dataclasses import dataclass

#: Outputs beside the synthetic volume, which is always made.
OUTPUTS = ("attention", "segmentation", "uncertainty")


@dataclass(frozen=True)
class TranslationOptions:
    """One translation's parameters.

    model: an installed model's name, or the path of a bundle. direction: one of the model's, like "mr-to-ct".
    outputs: of `OUTPUTS`. fuse_planes: average the slices of all the model's planes instead of its first one's.
    segmentation_node: a segmentation with terminology too. device: as the worker lists them, or "auto".
    all_frames: of the sequence that the input is a frame of.
    """

    model: str
    direction: str
    outputs: tuple = ("attention", "segmentation")
    fuse_planes: bool = False
    segmentation_node: bool = False
    device: str = "auto"
    all_frames: bool = False

    def __post_init__(self):
        unknown = set(self.outputs) - set(OUTPUTS)
        if unknown:
            raise ValueError(f"unknown outputs: {', '.join(sorted(unknown))}")
        if self.segmentation_node and "segmentation" not in self.outputs:
            raise ValueError("a segmentation node needs the output segmentation")

    @property
    def flips(self):
        """For the worker: mirror images double the time, and only tell the uncertainty; None is its default."""
        return None if "uncertainty" in self.outputs else False
