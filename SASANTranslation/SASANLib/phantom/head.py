"""Skull, scalp, face and neck of the phantom, painted from the outside in. The brain is in brain.py.

Coordinates are RAS millimetres around the middle of the thalami; sizes are those of an average adult.
"""

from dataclasses import dataclass

import numpy as np

from SASANLib.phantom import tissues as t
from SASANLib.phantom.canvas import Canvas
from SASANLib.phantom.solids import Points, RandomField, Solid, capsule, cut, ellipsoid, union

GYRAL_WAVELENGTH_MM = 22


@dataclass(frozen=True)
class Fields:
    """The random functions that make one head differ from another."""

    coarse: RandomField
    medium: RandomField
    fine: RandomField
    gyri: RandomField
    sulcal_depth: RandomField
    folia: RandomField

    @classmethod
    def from_rng(cls, rng: np.random.Generator) -> "Fields":
        # Many waves where the pattern itself is seen (the gyri), few where it only breaks up an even tone.
        pattern = ((70, 14), (26, 14), (9, 14), (GYRAL_WAVELENGTH_MM, 40), (45, 14), (9, 14))
        return cls(*(RandomField(rng, wavelength, waves) for wavelength, waves in pattern))


def cranial_cavity() -> Solid:
    """Everything inside the skull: dome, middle fossae, posterior fossa and foramen magnum."""
    dome = cut(ellipsoid((0, -2, 16), (67, 83, 57)), lambda p: -12 - p[2] - np.float32(0.12) * p[1], blend=12)
    middle_fossa = ellipsoid((41, 6, -16), (25, 38, 22)).mirrored()
    posterior_fossa = ellipsoid((0, -42, -20), (57, 43, 35))
    foramen = capsule((0, -18, -25), (0, -30, -66), 18, 11)
    petrous = _petrous_bones()
    hollow = union(dome, middle_fossa, posterior_fossa, foramen, blend=12)
    return cut(hollow, lambda p: -petrous.distance(p), blend=4)


def _petrous_bones() -> Solid:
    return capsule((58, -26, -36), (20, -4, -34), 11, 5).mirrored()


def paint_head(canvas: Canvas, fields: Fields) -> None:
    """Everything but the brain: leaves the cranial cavity full of CSF."""
    cavity = cranial_cavity()
    # Skull and scalp vary in thickness over the head, and neither follows the creases of the cavity.
    vault = cut(ellipsoid((0, -4, 6), (71, 88, 66)), lambda p: -34 - p[2] + np.float32(0.35) * p[1], blend=10)
    bone = rippled(union(cavity.grown(6), vault, blend=12), fields.coarse, 0.6)
    surface = _skin_surface(bone, fields)
    _paint_soft_tissue(canvas, surface, fields)
    _paint_facial_bones(canvas, surface, fields)
    _paint_cranium(canvas, cavity, bone, fields)
    _paint_spine(canvas, fields)
    _paint_airways(canvas, fields)
    _paint_orbits(canvas, surface)
    canvas.paint(cavity, t.DURA)
    canvas.paint(cavity.grown(-0.7), t.CSF)


def rippled(solid: Solid, field: RandomField, mm: float) -> Solid:
    """The solid with its surface moved in and out by about `mm`."""
    reach = 3 * mm
    return Solid(lambda p: solid.distance(p) - np.float32(mm) * field(p), solid.low - reach, solid.high + reach)


def texture(field: RandomField, amount: float):
    """A variation for Canvas.paint: 1 ± amount, never below 0.2."""
    return lambda p: np.maximum(1 + np.float32(amount) * field(p), np.float32(0.2))


def _beneath(solid: Solid, surface: Solid, mm: float) -> Solid:
    """The part of the solid that lies at least `mm` below the skin."""
    return cut(solid, lambda p: surface.distance(p) + np.float32(mm), blend=2)


def _neck() -> Solid:
    return union(capsule((0, -26, -70), (0, -40, -230), 52, 60), capsule((0, 5, -90), (0, -12, -230), 42, 48), blend=20)


def _skin_surface(bone: Solid, fields: Fields) -> Solid:
    scalp = rippled(bone.grown(5.5), fields.coarse, 0.5)
    face = union(ellipsoid((0, 40, -50), (60, 52, 58)), ellipsoid((0, 46, -88), (50, 44, 34)), blend=18)
    nose = union(
        capsule((0, 84, -18), (0, 106, -50), 7, 9.5),
        ellipsoid((10, 97, -52), (8, 10, 8)).mirrored(),
        blend=8,
    )
    lips = ellipsoid((0, 86, -76), (24, 12, 14))
    chin = ellipsoid((0, 78, -104), (24, 16, 14))
    eyelids = ellipsoid((32, 68, -17), (17, 15, 14)).mirrored()
    return union(union(scalp, face, _neck(), blend=22), nose, lips, chin, eyelids, blend=9)


def _paint_soft_tissue(canvas: Canvas, surface: Solid, fields: Fields) -> None:
    pinna = ellipsoid((76, -20, -26), (4.5, 16, 27), pitch=10, yaw=24).mirrored()
    concha = ellipsoid((79, -13, -30), (4, 7, 10), yaw=24).mirrored()
    canvas.paint(pinna, t.SKIN)
    canvas.paint(concha, t.AIR)
    canvas.paint(surface, t.SKIN)
    canvas.paint(surface.grown(-2.0), t.FAT, texture(fields.fine, 0.06))

    # Muscle under the fat of face and neck; thin sheets of fat part its bellies, which run up and down.
    deep = union(ellipsoid((0, 30, -55), (66, 46, 56)), ellipsoid((0, 40, -90), (52, 38, 30)), blend=14)
    flesh = _beneath(union(deep, rippled(_neck().grown(-5), fields.medium, 1.2), blend=12), surface, 7)
    canvas.paint(flesh, t.MUSCLE, texture(fields.fine, 0.08))

    def between_bellies(p: Points) -> np.ndarray:
        return (np.abs(fields.medium((p[0], p[1], p[2] * np.float32(0.3)))) - np.float32(0.1)) * 4

    canvas.paint(cut(flesh.grown(-3), between_bellies), t.FASCIA, texture(fields.fine, 0.15))
    temporalis = ellipsoid((66, 24, -4), (14, 34, 40)).mirrored()
    masseter = capsule((58, 24, -46), (52, 12, -88), 9).mirrored()
    for muscle in (temporalis, masseter):
        canvas.paint(_beneath(muscle, surface, 5), t.MUSCLE, texture(fields.fine, 0.10))


def _paint_cranium(canvas: Canvas, cavity: Solid, bone: Solid, fields: Fields) -> None:
    canvas.paint(bone, t.CORTICAL_BONE, texture(fields.medium, 0.10))
    diploe = Solid(
        lambda p: np.maximum(bone.distance(p) + np.float32(2), np.float32(2.1) - cavity.distance(p)),
        bone.low,
        bone.high,
    )
    # Marrow only where the vault is; the base of the skull is compact.
    vault = cut(diploe, lambda p: np.float32(-8) - p[2] - np.float32(0.25) * p[1], blend=4)
    canvas.paint(vault, t.DIPLOE, texture(fields.fine, 0.22))
    canvas.paint(_petrous_bones(), t.PETROUS, texture(fields.fine, 0.12))
    clivus = capsule((0, 10, -32), (0, -6, -58), 7, 6)
    canvas.paint(clivus, t.CORTICAL_BONE)
    canvas.paint(clivus.grown(-2), t.MARROW, texture(fields.fine, 0.2))
    occiput = ellipsoid((0, -86, -22), (10, 6, 12))
    canvas.paint(occiput, t.CORTICAL_BONE, texture(fields.fine, 0.1))


def _paint_facial_bones(canvas: Canvas, surface: Solid, fields: Fields) -> None:
    midface = cut(ellipsoid((0, 54, -42), (40, 30, 36)), lambda p: -ellipsoid((0, 10, -60), (26, 26, 30)).distance(p))
    canvas.paint(midface, t.CORTICAL_BONE, texture(fields.medium, 0.12))
    canvas.paint(midface.grown(-2.5), t.MARROW, texture(fields.fine, 0.25))
    brow = capsule((8, 82, -3), (46, 64, -6), 7, 6).mirrored()
    rim = capsule((44, 62, -8), (47, 56, -32), 5, 5).mirrored()
    arch = capsule((44, 62, -36), (66, 4, -32), 5, 3.5).mirrored()
    ramus = capsule((52, 4, -40), (47, 6, -86), 6.5, 7).mirrored()
    body = capsule((47, 6, -86), (12, 72, -102), 8, 9).mirrored()
    symphysis = capsule((14, 72, -102), (-14, 72, -102), 9.5)
    jaw = union(body, symphysis, blend=3)
    for part, shell in ((brow, 2.2), (rim, 2), (arch, 1.8), (ramus, 2.2), (jaw, 3)):
        part = _beneath(part, surface, 4)
        canvas.paint(part, t.CORTICAL_BONE, texture(fields.medium, 0.1))
        canvas.paint(part.grown(-shell), t.MARROW, texture(fields.fine, 0.2))
    _paint_teeth(canvas)
    tongue = ellipsoid((0, 46, -82), (22, 30, 18))
    canvas.paint(tongue, t.MUSCLE, texture(fields.fine, 0.2))


def _paint_teeth(canvas: Canvas) -> None:
    for angle in np.linspace(-80, 80, 13):
        a = np.deg2rad(angle)
        x, y = 25 * np.sin(a), 48 + 30 * np.cos(a)
        canvas.paint(capsule((x, y, -70), (x * 0.97, y - 1, -94), 3.8), t.PETROUS)


def _paint_spine(canvas: Canvas, fields: Fields) -> None:
    for level in range(9):
        z = -74 - 17.5 * level
        y = -8 - 2.2 * level + 0.12 * level**2
        body = ellipsoid((0, y, z), (15, 11.5, 8.6))
        arch = union(
            capsule((12, y - 8, z), (14, y - 20, z), 5.5),
            capsule((14, y - 20, z - 1), (0, y - 36, z - 4), 4),
            blend=3,
        ).mirrored()
        spinous = capsule((0, y - 34, z - 3), (0, y - 48, z - 9), 3.6)
        process = union(body, arch, spinous, blend=3)
        canvas.paint(process, t.CORTICAL_BONE, texture(fields.medium, 0.1))
        canvas.paint(process.grown(-1.8), t.MARROW, texture(fields.fine, 0.15))
        canvas.paint(ellipsoid((0, y - 1.1, z - 8.8), (12, 9, 2.2)), t.CARTILAGE)
    canvas.paint(capsule((0, -28, -60), (0, -38, -150), 9, 8), t.CSF)
    canvas.paint(capsule((0, -38, -150), (0, -42, -230), 8), t.CSF)


def _paint_airways(canvas: Canvas, fields: Fields) -> None:
    def cells(threshold: float):
        return lambda p: (np.float32(threshold) - fields.folia(p)) * np.float32(1.6)

    nasal = ellipsoid((0, 62, -44), (13, 33, 20))
    septum = ellipsoid((0, 62, -42), (1.4, 34, 22))
    turbinates = union(capsule((8, 82, -52), (8, 44, -52), 4.2), capsule((7, 78, -38), (7, 46, -38), 3.6)).mirrored()
    nostril = capsule((5, 90, -52), (6, 102, -58), 3.5).mirrored()
    canvas.paint(nasal.grown(1.5), t.MUCOSA)
    for part in (nasal, nostril):
        canvas.paint(part, t.CAVITY)
    canvas.paint(turbinates, t.MUCOSA, texture(fields.fine, 0.25))
    canvas.paint(septum, t.MUCOSA)

    ethmoid = ellipsoid((0, 56, -18), (13, 24, 13))
    canvas.paint(ethmoid, t.MUCOSA, texture(fields.fine, 0.3))
    canvas.paint(cut(ethmoid, cells(-0.3)), t.CAVITY)
    for sinus in (
        ellipsoid((27, 56, -47), (13, 17, 15)),  # maxillary
        ellipsoid((9, 24, -28), (9.5, 12, 9)),  # sphenoid
    ):
        canvas.paint(sinus.mirrored().grown(1.6), t.CORTICAL_BONE)
        canvas.paint(sinus.mirrored(), t.CAVITY)
    frontal = rippled(ellipsoid((11, 77, 2), (12, 4, 10), pitch=-14).mirrored(), fields.fine, 0.8)
    canvas.paint(frontal.grown(1.6), t.CORTICAL_BONE)
    canvas.paint(frontal, t.CAVITY)

    mastoid = ellipsoid((60, -32, -42), (11, 15, 20), pitch=-15).mirrored()
    canvas.paint(mastoid, t.PETROUS, texture(fields.fine, 0.1))
    canvas.paint(cut(mastoid.grown(-1.5), cells(-0.2)), t.CAVITY)
    canal = capsule((84, -12, -31), (46, -12, -31), 3.6).mirrored()
    canvas.paint(canal, t.CAVITY)

    pharynx = union(capsule((0, 30, -48), (0, 15, -66), 8, 7), capsule((0, 15, -66), (0, 6, -128), 6.5, 6), blend=4)
    trachea = capsule((0, 6, -128), (0, -4, -230), 8, 9)
    canvas.paint(trachea.grown(2.2), t.CARTILAGE)
    for part in (pharynx, trachea):
        canvas.paint(part, t.CAVITY)


def _paint_orbits(canvas: Canvas, surface: Solid) -> None:
    cone = union(ellipsoid((32, 60, -17), (20, 21, 17)), capsule((29, 54, -18), (17, 28, -20), 13, 4), blend=6)
    cone = cone.mirrored()
    canvas.paint(_beneath(cone.grown(1.5), surface, 9), t.CORTICAL_BONE)
    canvas.paint(_beneath(cone, surface, 3), t.FAT)
    canvas.paint(capsule((30, 54, -17), (18, 30, -20), 2.2).mirrored(), t.GREY_MATTER)
    for start, end in (((43, 66, -17), (20, 34, -20)), ((21, 64, -17), (17, 34, -20))):
        canvas.paint(capsule(start, end, 2.6, 2).mirrored(), t.MUSCLE)
    eye = ellipsoid((32, 67, -17), (12.3, 12.3, 12)).mirrored()
    canvas.paint(eye, t.MUSCLE)
    canvas.paint(eye.grown(-1.3), t.VITREOUS)
    canvas.paint(ellipsoid((32, 75, -17), (4.8, 2.6, 4.8)).mirrored(), t.LENS)
