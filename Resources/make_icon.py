"""Draw the icons: Resources/SASAN.png (128×128) for the extension, and the same for the module.

Run from the repository root: .venv/bin/python Resources/make_icon.py
"""

import shutil
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

SIZE = 128
OVERSAMPLING = 6
ROOT = Path(__file__).resolve().parent.parent
ICON = ROOT / "Resources" / "SASAN.png"
MODULE_ICON = ROOT / "SASANTranslation" / "Resources" / "Icons" / "SASANTranslation.png"


def head_profile(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Signed distance, roughly, to an axial head outline in [-1, 1]²: an egg with a nose and two ears."""
    width = 0.66 - 0.07 * y
    skull = (np.hypot(x / width, (y + 0.02) / 0.84) - 1) * 0.7
    nose = (np.hypot(x / 0.12, (y - 0.82) / 0.14) - 1) * 0.12
    ears = (np.hypot((np.abs(x) - 0.69) / 0.07, (y + 0.05) / 0.18) - 1) * 0.07
    return np.minimum(np.minimum(skull, nose), ears)


def draw() -> np.ndarray:
    """The icon as (SIZE, SIZE, 4) in [0, 1]."""
    n = SIZE * OVERSAMPLING
    x, y = np.meshgrid(np.linspace(-1, 1, n), np.linspace(1, -1, n))
    head = head_profile(x, y)
    skull = (np.hypot(x / (0.60 - 0.07 * y), (y + 0.02) / 0.78) - 1) * 0.65

    # Left half: MR. Dark skull, grey brain with folds and a ventricle.
    angle, depth = np.arctan2(x, y), -skull
    folds = np.abs(depth - 0.17 - 0.035 * np.sin(9 * angle) - 0.02 * np.sin(17 * angle + 1)) < 0.016
    sulci = (np.abs(np.sin(11 * angle + 0.6 * np.sin(5 * angle))) < 0.12) & (depth > 0.075) & (depth < 0.19)
    mr = np.full_like(x, 0.74)
    mr[depth < 0.20 + 0.03 * np.sin(9 * angle)] = 0.56
    mr[folds | sulci] = 0.26
    mr[np.hypot((np.abs(x) - 0.10) / 0.055, (y - 0.08) / 0.20) < 1] = 0.12
    mr[skull > -0.075] = 0.14
    mr[skull > 0.0] = 0.78

    # Right half: CT. Bright skull, even grey within.
    ct = np.full_like(x, 0.36)
    ct[np.hypot((np.abs(x) - 0.10) / 0.055, (y - 0.08) / 0.20) < 1] = 0.27
    ct[skull > -0.085] = 1.0
    ct[skull > 0.0] = 0.30

    grey = np.where(x < 0, mr, ct)
    rgba = np.dstack([grey * 0.96, grey * 0.99, grey * 1.0, (head < 0).astype(float)])

    # Attention: a warm blob across both halves, and the seam it looks through.
    blob = np.exp(-(((x - 0.06) / 0.34) ** 2 + ((y - 0.10) / 0.30) ** 2) * 1.5)
    glow = np.clip(blob * 1.5 - 0.15, 0, 0.95)[..., None] * rgba[..., 3:]
    warm = plt.get_cmap("inferno")(0.35 + 0.6 * blob)[..., :3]
    rgba[..., :3] = rgba[..., :3] * (1 - glow * 0.85) + warm * glow * 0.85
    rgba[np.abs(x) < 0.008, :3] = 1.0

    # A dark plate behind it keeps the head visible on light and dark themes.
    corner = np.hypot(np.maximum(np.abs(x) - 0.78, 0), np.maximum(np.abs(y) - 0.78, 0))
    plate = np.zeros_like(rgba)
    plate[..., :3], plate[..., 3] = (0.07, 0.10, 0.16), corner < 0.22
    alpha = rgba[..., 3:]
    icon = np.dstack([rgba[..., :3] * alpha + plate[..., :3] * (1 - alpha), plate[..., 3]])
    icon[..., :3] *= icon[..., 3:]
    small = icon.reshape(SIZE, OVERSAMPLING, SIZE, OVERSAMPLING, 4).mean(axis=(1, 3))
    small[..., :3] /= np.maximum(small[..., 3:], 1e-6)
    return np.clip(small, 0, 1)


def main() -> None:
    """Write both icons."""
    plt.imsave(ICON, draw())
    MODULE_ICON.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ICON, MODULE_ICON)


if __name__ == "__main__":
    main()
