"""The phantom's brain: folded hemispheres, deep nuclei, ventricles, cerebellum, brainstem and cord."""

from itertools import pairwise

import numpy as np

from SASANLib.phantom import tissues as t
from SASANLib.phantom.canvas import Canvas
from SASANLib.phantom.head import GYRAL_WAVELENGTH_MM, Fields, cranial_cavity, rippled, texture
from SASANLib.phantom.solids import Points, RandomField, Solid, capsule, cut, ellipsoid, union

CORTEX_MM = np.float32(2.9)


def paint_brain(canvas: Canvas, fields: Fields) -> None:
    """Paint the brain into a cranial cavity that is already full of CSF."""
    _paint_cerebellum(canvas, fields)
    _paint_brainstem(canvas)
    _paint_hemispheres(canvas, fields)
    _paint_deep_structures(canvas, fields)


def _in_cavity(solid: Solid) -> Solid:
    """The part of the solid inside the skull, with room for dura and CSF left around it."""
    cavity = cranial_cavity()
    return cut(solid, lambda p: cavity.distance(p) + np.float32(2))


def hemispheres(ripple: RandomField) -> Solid:
    """Both hemispheres within their dura, unfolded, apart at the falx and with the Sylvian fissures open."""

    def below(p: Points) -> np.ndarray:
        # The floor of the frontal lobes and the tentorium, which falls off behind the cerebellum.
        return -9 - p[2] - np.float32(0.3) * np.maximum(-48 - p[1], 0)

    dome = cut(ellipsoid((0, -2, 16), (65, 81, 55)), below, blend=8)
    temporal = ellipsoid((38, 6, -15), (25, 35, 19)).mirrored()

    def in_fissure(p: Points) -> np.ndarray:
        # The corpus callosum and what lies under it join the hemispheres: no falx within 26 mm of there.
        from_core = np.hypot(p[1] * np.float32(0.62), p[2] - 4)
        falx = np.minimum(np.float32(1.2) - np.abs(p[0]), from_core - 26)
        height = np.abs(p[2] + 3 + np.float32(0.28) * (p[1] - 10) - 2 * ripple(p))
        sylvian = np.minimum(np.float32(1.5) - height, np.abs(p[0]) - 34)
        return np.maximum(falx, np.minimum(sylvian, p[1] + 22))

    return cut(_in_cavity(union(dome, temporal, blend=3)), in_fissure)


def _paint_hemispheres(canvas: Canvas, fields: Fields) -> None:
    solid = hemispheres(fields.medium)
    region = canvas.region(solid)
    if any(s.stop - s.start < 2 for s in region):
        return
    points = canvas.points(region)
    depth = -solid.distance(points)
    pial = folded_depth(points, depth, _gradient(depth, canvas.affine), fields.gyri, fields.sulcal_depth)
    canvas.blend(region, canvas.coverage(-pial), t.GREY_MATTER, texture(fields.fine, 0.03)(points))
    white = texture(fields.coarse, 0.03)(points)
    canvas.blend(region, canvas.coverage(CORTEX_MM - pial), t.WHITE_MATTER, white)


def folded_depth(
    points: Points, depth: np.ndarray, gradient: Points, gyri: RandomField, sulcal_depth: RandomField
) -> np.ndarray:
    """Depth in mm below the folded surface, given the depth below the smooth one and its gradient.

    Sulci are the sheets where the field `gyri`, read off close to the nearest point of the smooth surface, is
    zero: so they cut in about at right angles to it and form a labyrinth on it. They end at a varying depth.
    """
    pull = np.float32(0.7) * np.maximum(depth, 0)
    surface = tuple(p - pull * g for p, g in zip(points, gradient, strict=True))
    # A field of unit variance and wavelength w crosses zero with a slope of about 2π/w.
    to_sheet = np.abs(gyri(surface)) * np.float32(GYRAL_WAVELENGTH_MM / (2 * np.pi))
    bottom = np.clip(12 + 4 * sulcal_depth(surface), 4, 18)
    half_width = np.clip(np.float32(1.1) - np.float32(0.05) * depth, np.float32(0.3), np.float32(1.1))
    to_sulcus = np.hypot(to_sheet, np.maximum(depth - bottom, 0)) - half_width
    return np.minimum(depth, to_sulcus)


def _gradient(field: np.ndarray, affine: np.ndarray) -> Points:
    """Unit gradient of a (k, j, i) field in patient space."""
    along_axes = np.stack(np.gradient(field)[::-1])
    gradient = np.tensordot(np.linalg.inv(affine[:3, :3]).T, along_axes, axes=1)
    gradient /= np.maximum(np.linalg.norm(gradient, axis=0), 1e-6)
    return tuple(gradient.astype(np.float32))


def _paint_deep_structures(canvas: Canvas, fields: Fields) -> None:
    core = ellipsoid((0, -2, 6), (30, 36, 20))
    canvas.paint(core, t.WHITE_MATTER, texture(fields.coarse, 0.03))
    callosum = [(0, 30, 8), (0, 22, 23), (0, 0, 28), (0, -24, 25), (0, -34, 14)]
    for start, end in pairwise(callosum):
        canvas.paint(_widened(capsule(start, end, 3.2), 16), t.WHITE_MATTER)
    ventricle = union(
        capsule((7, 30, 12), (9, 10, 20), 3.5, 5),
        capsule((9, 10, 20), (12, -24, 20), 5, 5.5),
        capsule((12, -24, 20), (25, -38, 8), 6, 6),
        capsule((25, -38, 8), (22, -58, 8), 5, 2.5),
        capsule((25, -38, 8), (32, -12, -16), 4, 2),
        blend=4,
    ).mirrored()
    canvas.paint(rippled(ventricle, fields.medium, 0.7), t.CSF)
    canvas.paint(ellipsoid((10, -8, 6), (8.5, 15, 9.5), yaw=20).mirrored(), t.THALAMUS)
    canvas.paint(
        union(ellipsoid((13, 18, 10), (5.5, 9, 8)), capsule((14, 14, 17), (17, -18, 20), 3, 1.5), blend=3).mirrored(),
        t.GREY_MATTER,
    )
    canvas.paint(ellipsoid((25, 4, 2), (5.5, 15, 10), yaw=-12).mirrored(), t.GREY_MATTER)
    canvas.paint(ellipsoid((20, 1, 1), (3.5, 9, 6.5), yaw=-18).mirrored(), t.THALAMUS)
    canvas.paint(ellipsoid((0, -2, 15), (3, 24, 6)), t.CSF)
    canvas.paint(ellipsoid((0, -6, 2), (1.8, 14, 10)), t.CSF)
    canvas.paint(capsule((0, 14, 16), (0, -22, 19), 2), t.WHITE_MATTER)
    canvas.paint(ellipsoid((27, -16, -16), (5, 15, 5), pitch=15).mirrored(), t.GREY_MATTER)


def _widened(solid: Solid, x: float) -> Solid:
    """A solid about the mid-sagittal plane, drawn out sideways by ±x mm."""
    return Solid(
        lambda p: solid.distance((np.maximum(np.abs(p[0]) - np.float32(x), 0), p[1], p[2])),
        solid.low - np.float32([x, 0, 0]),
        solid.high + np.float32([x, 0, 0]),
    )


def _paint_cerebellum(canvas: Canvas, fields: Fields) -> None:
    lobes = union(ellipsoid((26, -49, -33), (29, 32, 24)).mirrored(), ellipsoid((0, -50, -31), (16, 30, 21)), blend=5)
    lobe = _in_cavity(lobes)
    canvas.paint(lobe, t.GREY_MATTER)

    def folia(p: Points) -> np.ndarray:
        # Folia are concentric about the fourth ventricle's roof: sheets of radius and of a bent coordinate.
        radius = np.sqrt((p[0] * np.float32(0.6)) ** 2 + (p[1] + 22) ** 2 + (p[2] + 30) ** 2)
        wave = np.sin((np.arctan2(p[2] + 32, -(p[1] + 18)) * 34) + fields.medium(p) * np.float32(0.9))
        return np.maximum(wave * np.float32(1.3) + np.float32(0.55), 14 - radius)

    canvas.paint(cut(lobe, lambda p: np.float32(1.5) - folia(p)), t.CSF)
    white = ellipsoid((22, -42, -34), (17, 16, 10)).mirrored()
    branches = cut(lobe.grown(-4.5), lambda p: folia(p) + np.float32(0.3))
    canvas.paint(branches, t.WHITE_MATTER)
    canvas.paint(union(white, ellipsoid((0, -40, -32), (9, 10, 7)), blend=6), t.WHITE_MATTER)


def _paint_brainstem(canvas: Canvas) -> None:
    midbrain = union(capsule((9, -6, -8), (5, -12, -22), 8.5, 9).mirrored(), capsule((0, -16, -6), (0, -18, -20), 8))
    pons = ellipsoid((0, -10, -30), (17, 13, 14.5))
    medulla = capsule((0, -16, -38), (0, -28, -66), 10, 6.5)
    cord = union(capsule((0, -28, -66), (0, -38, -150), 6, 5.2), capsule((0, -38, -150), (0, -42, -230), 5.2))
    peduncle = capsule((8, -16, -32), (22, -38, -34), 7).mirrored()
    canvas.paint(union(midbrain, pons, medulla, cord, peduncle, blend=5), t.WHITE_MATTER, lambda p: np.float32(0.9))
    canvas.paint(ellipsoid((0, -28, -34), (6, 4.5, 11), pitch=-15), t.CSF)
    canvas.paint(capsule((0, -20, -10), (0, -24, -26), 1.2), t.CSF)
