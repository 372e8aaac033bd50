"""Where a network computes in its weights' own precision although autocast is on around it."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn


def autocast_off(device: torch.device) -> AbstractContextManager:
    """A context without autocast; older torch knows none for some devices, and so nothing to switch off."""
    known = getattr(torch.amp, "is_autocast_available", lambda kind: kind in ("cpu", "cuda"))
    return torch.autocast(device.type, enabled=False) if known(device.type) else nullcontext()


def output_layer(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """`layer(x)` in the precision of the layer's weights: float32, unless the networks were converted as a whole.

    What an output layer rounds to bfloat16 nothing behind it makes good again: its steps at 1 are 1/256, of a CT in
    a window of 3000 HU six units.
    """
    with autocast_off(x.device):
        return layer(x.to(layer.weight.dtype))
