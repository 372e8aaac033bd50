"""A model's tensors to and from the bytes of a .safetensors file, held to the networks that a card describes.

safetensors is a table of names, shapes and raw numbers: unlike a pickle, reading it runs nothing.
"""

from collections.abc import Mapping
from functools import lru_cache

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from SASANLib.errors import SASANError
from SASANLib.networks import NetworkConfig, TranslationNetworks

DTYPES = {torch.float16: "float16", torch.float32: "float32"}
_AGAIN = "Get the complete model again from where it came from."
_DISTRUST = "Do not use this file; get the model again from a source that you trust."


def encode_weights(state: Mapping[str, Tensor], network: NetworkConfig, dtype: torch.dtype, where: str) -> bytes:
    """The bytes of a .safetensors file with the tensors in `dtype` (float16 or float32).

    Raises:
        SASANError: the tensors are not those of `TranslationNetworks(network)`, are not finite, or do not
            fit into `dtype`. `where` is how the message calls the file.
    """
    check_state(state, network, where)
    stored = {}
    for name, tensor in state.items():
        # clone: safetensors refuses tensors that share memory or are views
        stored[name] = tensor.detach().to("cpu", dtype).contiguous().clone()
        if not torch.isfinite(stored[name]).all():
            raise SASANError(
                f"The tensor {name} holds values too large for {DTYPES[dtype]}.", "Save the model in float32."
            )
    return safetensors.torch.save(stored)


def decode_weights(data: bytes, network: NetworkConfig, where: str) -> dict[str, Tensor]:
    """The tensors in the bytes of a .safetensors file, as float32 on the CPU, complete and finite.

    Raises:
        SASANError: not a safetensors file, or its tensors are not those of `TranslationNetworks(network)`, or
            are not finite. `where` is how the message calls the file.
    """
    try:
        state = safetensors.torch.load(data)
    except (SafetensorError, KeyError) as error:  # KeyError: a number type that torch does not have
        raise SASANError(f"{where} is damaged or incomplete.", _AGAIN) from error
    state = {name: tensor.float() for name, tensor in state.items()}
    check_state(state, network, where)
    return state


def check_format(data: bytes, where: str) -> None:
    """Refuse what cannot be a .safetensors file by its first bytes: above all a renamed pickle.

    Raises:
        SASANError: naming the file, and saying so when it is a pickle.
    """
    # 8 bytes of header length, then the header, a JSON object. A pickle starts with its protocol opcode,
    # torch.save writes a zip around one, and a protocol 0 pickle is text that ends in a full stop.
    if data[8:9] == b"{":
        return
    if data[:1] == b"\x80" or data[:4] == b"PK\x03\x04" or data.rstrip()[-1:] == b".":
        raise SASANError(
            f"{where} is not a safetensors file but a pickle, which can run code; it was not opened.",
            _DISTRUST,
        )
    raise SASANError(f"{where} is not a safetensors file.", _AGAIN)


def check_state(state: Mapping[str, Tensor], network: NetworkConfig, where: str) -> None:
    """Refuse tensors that are not exactly those of `TranslationNetworks(network)`, or not finite.

    Raises:
        SASANError: naming the file and the first tensor that is missing, unexpected, misshapen or not finite.
    """
    expected = _expected_shapes(network)
    fit = "The card and the weights belong to different models. Get the complete model again."
    if missing := sorted(expected.keys() - state.keys()):
        raise SASANError(f"{where} lacks {len(missing)} of {len(expected)} tensors, such as {missing[0]}.", fit)
    if unexpected := sorted(state.keys() - expected.keys()):
        raise SASANError(
            f"{where} holds {len(unexpected)} tensors that its networks lack, such as {unexpected[0]!r}.",
            fit,
        )
    for name, shape in expected.items():
        if tuple(state[name].shape) != shape:
            raise SASANError(f"{where} holds {name} of shape {tuple(state[name].shape)} instead of {shape}.", fit)
        if not torch.isfinite(state[name]).all():
            raise SASANError(f"{where} holds NaN or infinite values in {name}.", _AGAIN)


@lru_cache(maxsize=8)
def _expected_shapes(network: NetworkConfig) -> dict[str, tuple[int, ...]]:
    # On the meta device the networks have shapes and no memory.
    with torch.device("meta"):
        networks = TranslationNetworks(network)
    return {name: tuple(tensor.shape) for name, tensor in networks.state_dict().items()}
