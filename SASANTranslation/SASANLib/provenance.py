"""What a translation was made with, so that whoever finds it can tell, and make it again."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch

import SASANLib
from SASANLib.card import ModelCard
from SASANLib.volumes import Volume


def provenance(
    card: ModelCard,
    direction: str,
    name: str,
    volume: Volume,
    *,
    planes: Sequence[str],
    parameters: Mapping[str, object],
    device: str,
) -> dict:
    """A JSON-ready dict: model, version, weights' hash, direction, planes, parameters, input and library.

    name: what the input is called (a path or a node's name). Without a time stamp on purpose: the same
    translation has the same provenance.
    """
    return {
        "model": card.name,
        "model_version": card.version,
        "weights_sha256": card.weights.sha256,
        "direction": direction,
        "planes": list(planes),
        "parameters": dict(parameters),
        "input": {
            "name": name,
            "sha256": volume_digest(volume),
            "shape_kji": list(volume.shape),
            "ijk_to_ras": volume.affine.tolist(),
        },
        "library": f"SASANLib {SASANLib.__version__}",
        "torch": torch.__version__,
        "device": device,
    }


def volume_digest(volume: Volume) -> str:
    """SHA-256 of voxels and affine: the same for the same image, whichever file or node it came from."""
    digest = hashlib.sha256(np.ascontiguousarray(volume.array, "<f4").data)
    digest.update(np.ascontiguousarray(volume.affine, "<f8").data)
    return digest.hexdigest()


def same_translation(first: Mapping, second: Mapping) -> bool:
    """Whether two provenances tell of the same result: same model, request, input voxels and library."""
    return _identity(first) == _identity(second)


def _identity(origin: Mapping) -> dict:
    # The name may change with the folder, and the device changes the last decimals only.
    kept = {key: value for key, value in origin.items() if key not in ("device", "torch", "input")}
    return {**kept, "input": origin.get("input", {}).get("sha256")}
