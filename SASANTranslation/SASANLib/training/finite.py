"""Where numbers stop being numbers: which loss, and which tensor of a state that is about to be saved."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


def loss_not_finite(terms: dict[str, float]) -> str | None:
    """The name of the first loss that is infinite or NaN."""
    return next((name for name, value in terms.items() if not math.isfinite(value)), None)


def tensor_not_finite(state: Any) -> str | None:
    """The path ("networks/generator.b.head.1.bias") of the first tensor with an infinite or NaN element.

    A loss can be finite and its gradient not: then the weights are lost a step before any loss says so.
    """
    tensors = dict(_floating(state, ""))
    if not tensors:
        return None
    finite = torch.stack([tensor.isfinite().all().cpu() for tensor in tensors.values()])
    return None if finite.all() else list(tensors)[int(finite.int().argmin())]


def _floating(state: Any, path: str) -> Iterator[tuple[str, Tensor]]:
    if isinstance(state, Tensor) and state.is_floating_point():
        yield path, state
    elif isinstance(state, dict):
        for key, value in state.items():
            yield from _floating(value, f"{path}/{key}" if path else str(key))
