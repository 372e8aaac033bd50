"""What one training step sees."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from SASANLib.networks import Domain

IGNORED, PAIRED, AIR = 0, 1, 2
"""Values of a paired case's region: not compared; both images show the body; no body in either image."""

BACKGROUND = -1.0
"""Air, in the model's range: the lower end of every intensity mapping."""


@dataclass(frozen=True)
class Batch:
    """Slices of both domains. `images[d]` (n, context, h, w) in [−1, 1]; `labels[d]` (n, h, w) int64, of a
    labelled domain only; `region` (n, 1, h, w) uint8 of IGNORED, PAIRED, AIR, or None where images are unpaired.
    """

    images: dict[Domain, Tensor]
    labels: dict[Domain, Tensor]
    region: Tensor | None = None

    def to(self, device) -> "Batch":
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pinned(self) -> "Batch":
        """In memory from which a GPU fetches while the CPU does other things."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        images, labels = ({d: change(tensor) for d, tensor in group.items()} for group in (self.images, self.labels))
        return Batch(images, labels, None if self.region is None else change(self.region))
