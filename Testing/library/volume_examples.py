"""Volumes with awkward geometry, for the tests."""

import numpy as np
from hypothesis import strategies as st

from SASANLib.volumes import Volume


def rotation(angles) -> np.ndarray:
    """Rotation matrix of three angles (radians) about the x, y and z axes."""
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        a, b = [n for n in range(3) if n != axis]
        turn = np.eye(3)
        turn[[a, a, b, b], [a, b, a, b]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
        matrix = turn @ matrix
    return matrix


def affine_from(directions, spacing, origin) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(directions, dtype=float) * spacing
    affine[:3, 3] = origin
    return affine


@st.composite
def affines(draw, shear: float = 0.3) -> np.ndarray:
    """Random oblique, anisotropic, flipped, left-handed and (up to `shear`) sheared IJK→RAS affines."""
    directions = rotation([round(draw(st.floats(-np.pi, np.pi)), 4) for _ in range(3)])
    directions = directions[:, draw(st.permutations(range(3)))] * [draw(st.sampled_from([-1, 1])) for _ in range(3)]
    if shear and draw(st.booleans()):
        skew = np.eye(3)
        skew[0, 1], skew[0, 2], skew[1, 2] = (draw(st.floats(-shear, shear)) for _ in range(3))
        directions = directions @ skew
        directions /= np.linalg.norm(directions, axis=0)
    spacing = [draw(st.floats(0.7, 4.0)) for _ in range(3)]
    return affine_from(directions, spacing, [draw(st.floats(-200, 200)) for _ in range(3)])


def indices(shape) -> np.ndarray:
    """(4, k, j, i): the homogeneous index (i, j, k, 1) of every voxel."""
    k, j, i = np.indices(shape, dtype=float)
    return np.stack([i, j, k, np.ones(shape)])


def points(affine, shape) -> np.ndarray:
    """(3, k, j, i): the RAS position of every voxel."""
    return np.tensordot(affine, indices(shape), 1)[:3]


def noise_volume(affine=None, shape=(5, 6, 7), seed=0) -> Volume:
    """Whole numbers that every file format and pixel type holds exactly."""
    array = np.random.default_rng(seed).integers(-1000, 2000, shape).astype(np.float32)
    return Volume(array, np.eye(4) if affine is None else affine)
