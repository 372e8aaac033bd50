"""A small result folder as `sasan translate` writes it, with contents that a test can tell apart by place."""

import json

import numpy as np
import SimpleITK as sitk

SHAPE = (20, 28, 24)  # k, j, i
MAPS = 4
COLORS = {1: (90, 170, 250), 2: (220, 130, 100), 3: (240, 215, 145)}

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


def write(folder, input_name="patient_7.nii.gz", affine=None):
    """Write the result folder of one case, by default on the grid of `oblique_affine`; returns its path."""
    folder.mkdir(parents=True)
    for name, array in arrays().items():
        sitk.WriteImage(
            _image(array, oblique_affine() if affine is None else affine),
            str(folder / f"{name}.nrrd"),
            useCompression=True,
        )
    description = {
        "input": f"some/where/{input_name}",
        "direction": "mr-to-ct",
        "source": {"name": "MR", "modality": "MR", "units": "a.u."},
        "target": {"name": "CT", "modality": "CT", "units": "HU"},
        "labels": [{"value": v, "name": f"label {v}", "color": list(c)} for v, c in COLORS.items()],
        "maps": MAPS,
        "notices": ["The field of view is small."],
        "provenance": {
            "model": "brain-mr-ct",
            "model_version": "1.2.0",
            "weights_sha256": "ab" * 32,
            "direction": "mr-to-ct",
            "planes": ["axial"],
            "parameters": {"flips": True},
            "input": {"name": input_name, "sha256": "cd" * 32},
        },
        "files": {},
    }
    (folder / "translation.json").write_text(json.dumps(description), encoding="utf-8")
    return folder


def _image(array, affine):
    to_lps = np.diag([-1, -1, 1, 1]) @ affine
    spacing = np.linalg.norm(to_lps[:3, :3], axis=0)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((to_lps[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(to_lps[:3, 3].tolist())
    return image
