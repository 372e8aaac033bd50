"""What the tests of the panel Inspect share: a worker that a test answers for, and a user's hands and eyes."""

import fake_result
import slicer
from inspection_examples import center

from SASANTranslationLib import views
from SASANTranslationLib.inspection import layouts

FOUR_UP = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
MARKED = center(fake_result.MARKS[0])

EVENT = {
    "metrics": {"mae": 61.5, "psnr": 28.25, "ssim": 0.875, "voxels": 6336},
    "classes": [{"value": 2, "name": "tissue <2>", "voxels": 6216, "mae": 40.0, "bias": -12.5}],
}


class Worker:
    """Keeps what it is asked to compare; a test answers."""

    def __init__(self):
        self.asked = []

    def __call__(self, nodes, reference, done, failed):
        self.asked.append((nodes, reference))
        self.done, self.failed = done, failed


def arrangement():
    return layouts.layout_node().GetViewArrangement()


def layers(view):
    _node, composite = views.slice_view(layouts.VIEWS.get(view, view))
    volumes = [composite.GetNthLayerVolume(n) for n in range(3 + composite.GetNumberOfAdditionalLayers())]
    return [node for node in volumes if node is not None]


def choose(combo, data):
    """As a user does."""
    index = combo.findData(data)
    assert index >= 0
    combo.setCurrentIndex(index)


def hover(host, point):
    """Move the slice of the red view to a world point, and the mouse there."""
    views.slice_view("Red")[0].JumpSliceByOffsetting(*point)
    host.hover("Red", point)
