"""What the head phantom is built of: solids as signed distances in patient space, and random fields."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Points = tuple[np.ndarray, np.ndarray, np.ndarray]
"""R, A and S coordinates in mm; three float32 arrays of one shape."""


@dataclass(frozen=True)
class Solid:
    """`distance(points)`: about the signed distance in mm, negative inside; low and high: a box around it."""

    distance: Callable[[Points], np.ndarray]
    low: np.ndarray
    high: np.ndarray

    def grown(self, mm: float) -> "Solid":
        """The solid with its surface moved outwards by mm (inwards when negative)."""
        return Solid(lambda p: self.distance(p) - np.float32(mm), self.low - mm, self.high + mm)

    def mirrored(self) -> "Solid":
        """The solid together with its mirror image across the mid-sagittal plane."""
        reach = np.maximum(np.abs(self.low[0]), np.abs(self.high[0]))
        low, high = self.low.copy(), self.high.copy()
        low[0], high[0] = -reach, reach
        sign = np.float32(1 if self.low[0] + self.high[0] >= 0 else -1)
        return Solid(lambda p: self.distance((sign * np.abs(p[0]), p[1], p[2])), low, high)


def ellipsoid(centre, radii, pitch: float = 0, yaw: float = 0) -> Solid:
    """An ellipsoid; pitch (degrees) turns it about R, front up; yaw about S, front to the left."""
    centre, radii = np.float32(centre), np.float32(radii)
    rotation = _rotation(pitch, yaw)
    half = np.sqrt((rotation**2) @ (radii**2))

    def distance(p: Points) -> np.ndarray:
        offset = [p[a] - centre[a] for a in range(3)]
        local = [sum(rotation[b, a] * offset[b] for b in range(3)) for a in range(3)] if pitch or yaw else offset
        scaled = [local[a] / radii[a] for a in range(3)]
        k0 = np.sqrt(sum(s * s for s in scaled))
        k1 = np.sqrt(sum((s / r) ** 2 for s, r in zip(scaled, radii, strict=True)))
        # First-order distance: right near the surface, where (k0 - 1) * min(radii) is far off.
        return k0 * (k0 - 1) / np.maximum(k1, np.float32(1e-4))

    return Solid(distance, centre - half, centre + half)


def capsule(start, end, start_radius: float, end_radius: float | None = None) -> Solid:
    """A rod with round ends between two points, its radius changing linearly."""
    start, end = np.float32(start), np.float32(end)
    end_radius = start_radius if end_radius is None else end_radius
    axis = end - start
    length2 = float(axis @ axis)

    def distance(p: Points) -> np.ndarray:
        offset = [p[a] - start[a] for a in range(3)]
        t = np.clip(sum(o * a for o, a in zip(offset, axis, strict=True)) / np.float32(length2), 0, 1)
        off_axis = np.sqrt(sum((o - t * a) ** 2 for o, a in zip(offset, axis, strict=True)))
        return off_axis - (np.float32(start_radius) + t * np.float32(end_radius - start_radius))

    reach = max(start_radius, end_radius)
    return Solid(distance, np.minimum(start, end) - reach, np.maximum(start, end) + reach)


def union(*solids: Solid, blend: float = 0) -> Solid:
    """All of the solids; creases between them are rounded over `blend` mm, which only ever adds."""

    def distance(p: Points) -> np.ndarray:
        total = solids[0].distance(p)
        for solid in solids[1:]:
            other = solid.distance(p)
            overlap = np.maximum(np.float32(blend) - np.abs(total - other), 0) / np.float32(blend or 1)
            total = np.minimum(total, other) - overlap * overlap * np.float32(blend / 4)
        return total

    low = np.min([s.low for s in solids], axis=0) - blend / 4
    return Solid(distance, low, np.max([s.high for s in solids], axis=0) + blend / 4)


def cut(solid: Solid, outside: Callable[[Points], np.ndarray], blend: float = 0) -> Solid:
    """The part of the solid where the distance `outside(points)` is negative; edges rounded over blend mm."""

    def distance(p: Points) -> np.ndarray:
        first, second = solid.distance(p), outside(p)
        overlap = np.maximum(np.float32(blend) - np.abs(first - second), 0) / np.float32(blend or 1)
        return np.maximum(first, second) + overlap * overlap * np.float32(blend / 4)

    return Solid(distance, solid.low, solid.high)


class RandomField:
    """A smooth random function of patient space: zero mean, unit variance, features of about `wavelength` mm.

    A sum of plane waves, so that it is the same function on every grid.
    """

    def __init__(self, rng: np.random.Generator, wavelength: float, waves: int):
        direction = rng.normal(size=(waves, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        length = wavelength * rng.uniform(0.8, 1.25, size=(waves, 1))
        self.vectors = (2 * np.pi * direction / length).astype(np.float32)
        self.phases = rng.uniform(0, 2 * np.pi, size=waves).astype(np.float32)

    def __call__(self, p: Points) -> np.ndarray:
        total = np.zeros(np.shape(p[0]), np.float32)
        for vector, phase in zip(self.vectors, self.phases, strict=True):
            total += np.cos(vector[0] * p[0] + vector[1] * p[1] + vector[2] * p[2] + phase)
        return total * np.float32(np.sqrt(2 / len(self.phases)))


def _rotation(pitch: float, yaw: float) -> np.ndarray:
    p, y = np.deg2rad([pitch, yaw])
    about_r = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_s = np.array([[np.cos(y), -np.sin(y), 0], [np.sin(y), np.cos(y), 0], [0, 0, 1]])
    return (about_s @ about_r).astype(np.float32)
