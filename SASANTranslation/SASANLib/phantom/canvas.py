"""A voxel grid in patient space on which solids are painted, with MR signal, HU and label."""

from collections.abc import Callable
from itertools import product

import numpy as np

from SASANLib.phantom.solids import Points, Solid
from SASANLib.phantom.tissues import AIR, Tissue

Variation = Callable[[Points], np.ndarray]


class Canvas:
    """Images `mr` and `ct` (k, j, i) float32 and `labels` uint8 of one grid, full of air to begin with.

    A solid's edge is one voxel wide (partial volume), so thin sheets fade on coarse grids and never alias.
    """

    def __init__(self, affine: np.ndarray, shape: tuple[int, int, int]):
        self.affine, self.shape = affine, shape
        self.voxel = np.float32(np.cbrt(abs(np.linalg.det(affine[:3, :3]))))
        self.mr = np.full(shape, AIR.mr, np.float32)
        self.ct = np.full(shape, AIR.ct, np.float32)
        self.labels = np.zeros(shape, np.uint8)

    def region(self, solid: Solid) -> tuple[slice, slice, slice]:
        """The part of the grid (k, j, i slices, perhaps empty) that the solid's box can touch."""
        margin = 2 * float(self.voxel)
        corners = np.array(list(product(*zip(solid.low - margin, solid.high + margin, strict=True))))
        ijk = (corners - self.affine[:3, 3]) @ np.linalg.inv(self.affine[:3, :3]).T
        low = np.floor(ijk.min(axis=0))[::-1].astype(int)
        high = np.ceil(ijk.max(axis=0))[::-1].astype(int) + 1
        return tuple(
            slice(int(np.clip(a, 0, n)), int(np.clip(b, 0, n))) for a, b, n in zip(low, high, self.shape, strict=True)
        )

    def points(self, region: tuple[slice, slice, slice]) -> Points:
        """Patient coordinates (RAS, mm) of a region's voxel centres."""
        k, j, i = np.ogrid[region]
        matrix, origin = self.affine[:3, :3], self.affine[:3, 3]
        return tuple(
            (matrix[a, 0] * i + matrix[a, 1] * j + matrix[a, 2] * k + origin[a]).astype(np.float32) for a in range(3)
        )

    def paint(self, solid: Solid, tissue: Tissue, vary: Variation | None = None) -> None:
        """Paint a solid over what is there; vary(points), about 1, varies its MR signal and its HU."""
        region = self.region(solid)
        if any(s.start >= s.stop for s in region):
            return
        points = self.points(region)
        coverage = self.coverage(solid.distance(points))
        factor = None
        if vary:
            touched = coverage > 0
            factor = np.ones_like(coverage)
            factor[touched] = vary(tuple(p[touched] for p in points))
        self.blend(region, coverage, tissue, factor)

    def coverage(self, distance: np.ndarray) -> np.ndarray:
        """How much of each voxel (0 to 1) lies inside a surface at that signed distance."""
        return np.clip(np.float32(0.5) - distance / self.voxel, 0, 1)

    def blend(self, region, coverage: np.ndarray, tissue: Tissue, factor: np.ndarray | None = None) -> None:
        """Mix a tissue into a region by coverage; the label changes where it covers most of the voxel."""
        mr = np.float32(tissue.mr) if factor is None else np.float32(tissue.mr) * factor
        ct = np.float32(tissue.ct) if factor is None else tissue.ct + tissue.ct_spread * (factor - 1)
        self.mr[region] += coverage * (mr - self.mr[region])
        self.ct[region] += coverage * (ct - self.ct[region])
        self.labels[region][coverage > 0.5] = tissue.label
