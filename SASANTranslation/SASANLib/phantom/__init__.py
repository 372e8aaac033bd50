"""A procedural head: T1-like MR, its known CT and its labels, on any grid. For demonstrations and tests."""

from dataclasses import dataclass

import numpy as np

from SASANLib.errors import SASANError
from SASANLib.phantom.brain import paint_brain
from SASANLib.phantom.canvas import Canvas
from SASANLib.phantom.head import Fields, paint_head
from SASANLib.phantom.solids import RandomField
from SASANLib.volumes import Volume

WHITE_MATTER_SIGNAL = 600.0
CENTRE_MM = np.array([0.0, 2.0, -30.0])
"""Where the grid's centre lies in the head: RAS, mm from the middle of the thalami."""


@dataclass(frozen=True, eq=False)
class Phantom:
    """One head three times, on one grid: `mr` (a.u.), `ct` (HU), `labels` (uint8, as in phantom.tissues)."""

    mr: Volume
    ct: Volume
    labels: Volume


def head_phantom(
    shape: tuple[int, int, int] = (128, 160, 160),
    spacing_mm: float = 1.5,
    seed: int = 0,
    oblique: bool = True,
) -> Phantom:
    """Make a head as a sagittal scanner protocol would show it: i to the back, j downwards, k to the left.

    Built from analytic shapes in patient space, so the anatomy depends on `seed` alone and not on the grid;
    the noise depends on both. Labels: 0 background, 1 air cavity, 2 soft tissue, 3 bone.

    Args:
        shape: voxels along (k, j, i). 128 × 160 × 160 at 1.5 mm holds a head down to the upper neck.
        spacing_mm: edge of the cubic voxels.
        seed: same seed, same voxels; another seed, other gyri, skull, sinuses and noise.
        oblique: turn the grid by a few degrees about all three axes, as scans of real patients are.

    Raises:
        SASANError: for a shape with an axis below 2 voxels or a spacing that is not positive.
    """
    if min(shape) < 2 or not spacing_mm > 0:
        raise SASANError(
            f"A head phantom of shape {tuple(shape)} at {spacing_mm} mm cannot be made.",
            "Ask for at least 2 voxels along each axis and a positive spacing.",
        )
    anatomy, mr_noise, ct_noise = np.random.default_rng(seed).spawn(3)
    canvas = Canvas(_affine(shape, spacing_mm, oblique), shape)
    fields = Fields.from_rng(anatomy)
    paint_head(canvas, fields)
    paint_brain(canvas, fields)
    mr = _measured_mr(canvas, RandomField(anatomy, 220, 6), mr_noise)
    ct = np.maximum(canvas.ct + ct_noise.normal(0, 12, shape), -1024).astype(np.float32)
    return Phantom(*(Volume(array, canvas.affine) for array in (mr, ct, canvas.labels)))


def _measured_mr(canvas: Canvas, bias: RandomField, rng: np.random.Generator) -> np.ndarray:
    """Signal in a.u. under a smooth bias field of about ±10 % and Rician noise (SNR 50 in white matter)."""
    everywhere = tuple(slice(0, n) for n in canvas.shape)
    field = np.exp(np.float32(0.1) * bias(canvas.points(everywhere)))
    signal = canvas.mr * field
    sigma = np.float32(0.02)
    real = signal + sigma * rng.standard_normal(canvas.shape, dtype=np.float32)
    imaginary = sigma * rng.standard_normal(canvas.shape, dtype=np.float32)
    return np.float32(WHITE_MATTER_SIGNAL) * np.hypot(real, imaginary)


def _affine(shape: tuple[int, int, int], spacing_mm: float, oblique: bool) -> np.ndarray:
    """IJK→RAS of the sagittal grid around CENTRE_MM."""
    columns = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    if oblique:
        for axis, degrees in enumerate((7.0, -3.0, 4.0)):
            columns = _turn(axis, degrees) @ columns
    affine = np.eye(4)
    affine[:3, :3] = columns * spacing_mm
    middle = (np.array(shape[::-1]) - 1) / 2
    affine[:3, 3] = CENTRE_MM - affine[:3, :3] @ middle
    return affine


def _turn(axis: int, degrees: float) -> np.ndarray:
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix = np.eye(3)
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix[[a, a, b, b], [a, b, a, b]] = c, -s, s, c
    return matrix
