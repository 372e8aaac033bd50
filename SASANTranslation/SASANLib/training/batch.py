"""What one training step sees."""

from dataclasses import dataclass, fields

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
        moved = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, dict):
                moved[field.name] = {d: t.to(device, non_blocking=True) for d, t in value.items()}
            else:
                moved[field.name] = None if value is None else value.to(device, non_blocking=True)
        return Batch(**moved)
