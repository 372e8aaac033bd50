"""A small result as the worker describes it, with contents that a test can tell apart by place."""

import english  # noqa: F401
import numpy as np
from slicer.util import addVolumeFromArray

SHAPE = (20, 28, 24)  # k, j, i
MAPS = 4
COLORS = {1: (90, 170, 250), 2: (220, 130, 100), 3: (240, 215, 145)}
DOMAINS = {
    "mr": {"name": "MR", "modality": "MR", "units": "a.u."},
    "ct": {"name": "CT", "modality": "CT", "units": "HU"},
}
#: Label 1 has no codes.
SNOMED = {
    2: {
        "category": {"scheme": "SCT", "value": "85756007", "meaning": "Tissue"},
        "type": {"scheme": "SCT", "value": "87784001", "meaning": "Soft tissue"},
    },
    3: {
        "category": {"scheme": "SCT", "value": "85756007", "meaning": "Tissue"},
        "type": {"scheme": "SCT", "value": "3138006", "meaning": "Bone"},
    },
}

#: The marked box of each map, in (k, j, i): all in one octant of the body, none in its mirror images.
MARKS = (
    (slice(12, 16), slice(16, 22), slice(5, 10)),
    (slice(3, 6), slice(6, 10), slice(13, 18)),
    (slice(12, 16), slice(16, 22), slice(5, 10)),
    (slice(0, 0), slice(0, 0), slice(0, 0)),
)
BODY = (slice(2, 18), slice(3, 25), slice(3, 21))


def oblique_affine():
    """An oblique, left-handed, anisotropic IJK→RAS matrix (mm): the image's axes are i→R, j→A, k→I, turned."""
    a, b, c = 0.31, -0.22, 0.17
    about_x = [[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]
    about_y = [[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]]
    about_z = [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(about_x) @ about_y @ about_z @ np.diag([1, 1, -1]) @ np.diag([2.1, 1.7, 3.3])
    matrix[:3, 3] = (-31.4, 12.6, 55.9)
    return matrix


def arrays():
    """The volumes by file name without extension, (k, j, i)."""
    source = np.zeros(SHAPE, np.float32)
    source[BODY] = 100
    synthetic = np.full(SHAPE, -1000, np.float32)
    synthetic[BODY] = np.linspace(-100, 1200, source[BODY].size).reshape(source[BODY].shape)
    segmentation = np.zeros(SHAPE, np.uint8)
    segmentation[BODY] = 2
    segmentation[MARKS[0]] = 3
    uncertainty = np.zeros(SHAPE, np.float32)
    uncertainty[MARKS[1]] = 80
    volumes = {"source": source, "synthetic": synthetic, "segmentation": segmentation, "uncertainty": uncertainty}
    for number, mark in enumerate(MARKS, start=1):
        volumes[f"attention_{number}"] = np.zeros(SHAPE, np.float32)
        volumes[f"attention_{number}"][mark] = 1
    return volumes


def result(*roles):
    """The arrays of a result by key, with the outputs `roles` ("synthetic", "attention", …); by default all."""
    made = {key: array for key, array in arrays().items() if key != "source"}
    return {key: array for key, array in made.items() if not roles or key.partition("_")[0] in roles}


def description(direction="mr-to-ct"):
    """What the worker says about a result, in the direction "mr-to-ct" or "ct-to-mr"."""
    source, target = (DOMAINS[name] for name in direction.split("-to-"))
    return {
        "direction": direction,
        "source": dict(source),
        "target": dict(target),
        "labels": [
            {"value": v, "name": f"label {v}", "color": list(c), "snomed": SNOMED.get(v)} for v, c in COLORS.items()
        ],
        "maps": MAPS,
        "notices": ["The field of view is small."],
        "provenance": {
            "model": "brain-mr-ct",
            "model_version": "1.2.0",
            "weights_sha256": "ab" * 32,
            "direction": direction,
            "planes": ["axial"],
            "parameters": {"flips": True},
            "input": {"name": "patient_7", "sha256": "cd" * 32},
        },
    }


def add_source(name="patient_7", affine=None, parent=None):
    """Add the volume that was translated to the scene, by default on the grid of `oblique_affine`.

    `parent` is a transform node to put it under.
    """
    affine = oblique_affine() if affine is None else affine
    node = addVolumeFromArray(arrays()["source"], affine, name)
    node.SetAndObserveTransformNodeID(parent.GetID() if parent is not None else None)
    return node
