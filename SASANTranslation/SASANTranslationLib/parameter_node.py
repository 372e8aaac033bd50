"""Everything the panel is set to, in a node, so that a saved scene brings it back."""

from typing import Annotated

from slicer import vtkMRMLScalarVolumeNode
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper


@parameterNodeWrapper
class SASANTranslationParameterNode:
    """What the panel asks for and shows.

    inputVolume: the volume to translate. allFrames: all of its sequence, where it is one of a sequence.
    model: name of an installed model. direction: like "mr-to-ct"; empty is guessed from the input.
    attention … segmentationNode: outputs beside the synthetic volume. fusePlanes: average all the model's planes.
    device: as the worker lists them, or "auto". updateInPlace: fill the nodes of the inspected run anew.
    run: the run that is inspected. shownMaps (numbers from 1), overlayOn ("source" or "synthetic"),
    overlayOpacity and inspectLayout: how. referenceVolume: what the synthetic volume is compared with.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    allFrames: bool = False
    model: str = "brain-mr-ct"
    direction: str = ""
    attention: bool = True
    segmentation: bool = True
    uncertainty: bool = False
    fusePlanes: bool = False
    segmentationNode: bool = False
    device: str = "auto"
    updateInPlace: bool = False

    run: str = ""
    shownMaps: list[int]
    overlayOn: str = "source"
    overlayOpacity: Annotated[float, WithinRange(0.0, 1.0)] = 0.6
    inspectLayout: str = ""
    referenceVolume: vtkMRMLScalarVolumeNode
