"""The same image under two names, saved with other axes, another header or another scale: found by thumbnails.

The threshold is near 1, so that a resampled copy may pass: two heads in one scanner are alike, too. (Of the real
head and heart images it was tried on, no two patients' came above 0.96.)
"""

from collections.abc import Iterator

import numpy as np

from SASANLib.grid import resample
from SASANLib.training.case_report import CaseReport
from SASANLib.training.checks import copy_problem
from SASANLib.training.loading import Case
from SASANLib.training.preparation import PreparationConfig
from SASANLib.training.problems import Problem

_SIDE = 16
_ALIKE = 0.99999


def thumbnail(case: Case) -> np.ndarray:
    """(16³,) of unit length and zero mean: the body's bounding box along the patient's axes."""
    volume = case.volume
    k, j, i = np.nonzero(case.body)
    points = volume.affine[:3] @ np.stack([i, j, k, np.ones(len(i))])
    half = np.abs(volume.affine[:3, :3]).sum(axis=1) / 2
    low, high = points.min(1) - half, points.max(1) + half
    affine = np.diag([*((high - low) / _SIDE), 1.0])
    affine[:3, 3] = low + np.diag(affine)[:3] / 2
    low_value, high_value = np.percentile(volume.array[case.body], (1, 99))
    array = np.clip(volume.array, low_value, high_value)
    small = resample(array, volume.affine, affine, (_SIDE,) * 3, interpolation="linear", fill=float(low_value)).ravel()
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-12)


def disguised_copies(
    cases: list[CaseReport], thumbnails: list[np.ndarray], config: PreparationConfig
) -> Iterator[Problem]:
    """Images of different subjects that are the same but for axes, header or scale. `thumbnails` of `cases`."""
    if not cases:
        return
    stack = np.stack(thumbnails)
    for n, case in enumerate(cases):
        alike = [
            cases[m]
            for m in np.flatnonzero(stack @ stack[n] > _ALIKE)
            if cases[m].subject != case.subject and cases[m].measures.digest != case.measures.digest
        ]
        if alike:
            yield copy_problem(case, alike, "the same image, saved otherwise, as", config)
