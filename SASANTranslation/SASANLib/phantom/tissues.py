"""What each tissue of the phantom looks like: T1 signal (white matter = 1), Hounsfield units, label."""

from typing import NamedTuple

BACKGROUND, AIR_CAVITY, SOFT_TISSUE, BONE = range(4)


class Tissue(NamedTuple):
    """mr: T1 signal, white matter = 1; ct: HU; label; ct_spread: HU for a variation of 100 %."""

    mr: float
    ct: float
    label: int
    ct_spread: float = 0


AIR = Tissue(0.0, -1000, BACKGROUND)
CAVITY = Tissue(0.02, -990, AIR_CAVITY)
SKIN = Tissue(0.42, 30, SOFT_TISSUE)
FAT = Tissue(0.82, -95, SOFT_TISSUE, 60)
FASCIA = Tissue(0.6, -20, SOFT_TISSUE, 60)
MUSCLE = Tissue(0.42, 58, SOFT_TISSUE, 40)
MUCOSA = Tissue(0.38, 35, SOFT_TISSUE, 30)
CARTILAGE = Tissue(0.3, 90, SOFT_TISSUE)
CORTICAL_BONE = Tissue(0.07, 1250, BONE, 700)
DIPLOE = Tissue(0.3, 760, BONE, 500)
MARROW = Tissue(0.5, 400, BONE, 300)
PETROUS = Tissue(0.06, 1500, BONE, 500)
DURA = Tissue(0.2, 50, SOFT_TISSUE)
CSF = Tissue(0.16, 6, SOFT_TISSUE)
GREY_MATTER = Tissue(0.66, 39, SOFT_TISSUE, 10)
WHITE_MATTER = Tissue(1.0, 31, SOFT_TISSUE, 10)
THALAMUS = Tissue(0.82, 36, SOFT_TISSUE)
VITREOUS = Tissue(0.15, 12, SOFT_TISSUE)
LENS = Tissue(0.35, 75, SOFT_TISSUE)
