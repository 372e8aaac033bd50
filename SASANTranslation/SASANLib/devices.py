"""Where the networks run: what this machine has, what may be asked for, and how "out of memory" looks."""

import os
from dataclasses import dataclass

import torch

from SASANLib.errors import SASANError

_MEMORY_PHRASES = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "failed to allocate memory",  # SimpleITK
    "alloc_failed",  # CUDNN_STATUS_ALLOC_FAILED, CUBLAS_STATUS_ALLOC_FAILED
)


@dataclass(frozen=True)
class Device:
    """A device that torch can use here: its name as `--device` takes it, and a line for people."""

    name: str
    description: str


def list_devices() -> list[Device]:
    """Every usable device, the fastest kind first; the CPU is always there and always last."""
    found = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            gibibytes = properties.total_memory / 2**30
            found.append(Device(f"cuda:{index}", f"{properties.name}, {gibibytes:.0f} GiB"))
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU"))
    return [*found, Device("cpu", f"CPU, {torch.get_num_threads()} of {os.cpu_count()} cores")]


def resolve_device(name: str) -> torch.device:
    """ "auto" → the fastest device; "cpu", "cuda", "cuda:1", "mps" → that one.

    Raises:
        SASANError: this machine has no such device.
    """
    available = [device.name for device in list_devices()]
    if name == "auto":
        return torch.device(available[0])
    if name == "cuda" and "cuda:0" in available:
        return torch.device("cuda:0")
    if name not in available:
        raise SASANError(
            f'This machine has no device "{name}" that torch can use.',
            f"Choose one of: auto, {', '.join(available)}.",
        )
    return torch.device(name)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out, on a GPU or in RAM.

    torch has a class for it on CUDA only; the CPU's allocator, MPS and cuDNN raise RuntimeErrors, each in its
    own words.
    """
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(phrase in text for phrase in _MEMORY_PHRASES)
