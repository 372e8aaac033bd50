"""Do the images of a pair show one patient in one place? And, on request, where the second belongs."""

from collections.abc import Iterator

import numpy as np
from pydantic import BaseModel, ConfigDict

from SASANLib.errors import SASANError
from SASANLib.grid import SliceGrid
from SASANLib.training.batch import PAIRED
from SASANLib.training.case_report import AXES, Measures
from SASANLib.training.loading import Case, slices_of
from SASANLib.training.problems import Problem
from SASANLib.training.region import body_overlap, comparable_region
from SASANLib.training.registration import Registration, Shown, fit_when_shifted, information_in_place, register
from SASANLib.volumes import Volume

_OVERLAP = 0.8  # Dice; 0.92 and more in the 360 registered pairs of heads this was tried on
_UNLIKE = 1.3  # ratio of the bodies' sizes; 1.17 at most there
_BETTER_SHIFTED = 1.05  # mutual information when shifted over that in place; 1.001 at most there
_SAME_SPACING = 1e-3


class RegistrationReport(BaseModel):
    """What registration found. `matrix` (4, 4), row by row, takes RAS mm of the second image to the first's.

    `applied` is False where it did not raise the mutual information enough to be trusted; then nothing is moved.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    applied: bool
    matrix: tuple[tuple[float, ...], ...]
    shift_mm: float
    """how far the middle of the body goes"""
    rotation_degrees: float
    mutual_information_before: float
    mutual_information_after: float


class PairReport(BaseModel):
    """A pair: `overlap` is the Dice coefficient of the bodies, `mutual_information` in nats, both as prepared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    subject: str
    split: str
    same_grid: bool
    overlap: float
    mutual_information: float
    registration: RegistrationReport | None = None
    picture: str | None = None
    """file in the report's folder: as the files have it, and after registration"""


class PairCheck:
    """The checks of one pair, and its registration."""

    def __init__(self, a: Case, b: Case):
        self.a, self.b = a, b
        self._shown = Shown.of(a.volume, a.body), Shown.of(b.volume, b.body)
        self.registration: Registration | None = None

    def register(self) -> Iterator[Problem]:
        """Find where the second image belongs; say so when it is moved, and why not when it cannot be."""
        try:
            found = register(*self._shown)
        except SASANError as error:
            yield self._problem("warning", "registration", f"{error.message[:-1]}; it stays in its place", error.hint)
            return
        self.registration = found
        if found.gained:
            yield self._problem(
                "note",
                "registration",
                f"registered: moved by {found.shift_mm:.1f} mm and turned by {found.rotation_degrees:.1f} degrees,"
                f" mutual information {found.before:.2f} to {found.after:.2f}",
                "Look at the picture of the pair.",
            )

    @property
    def matrix(self) -> np.ndarray:
        """(4, 4): what takes the second image to where it is prepared."""
        return self.registration.matrix if self.registration and self.registration.gained else np.eye(4)

    def problems(self, measures: tuple[Measures, Measures], overlap: float, common: bool) -> Iterator[Problem]:
        """`common`: whether anything is left to compare."""
        first, second = measures
        remedy = "Look at its picture: register the pairs (`--register`), or remove this one, if it is two patients."
        if self.registration:
            remedy = "Look at its picture: registration did not help. Correct it by hand, or remove the pair."
        if not common:
            yield Problem(
                severity="error",
                kind="overlap",
                message=f"{self.a.source.image} and {self.b.source.image} show no part of the body in the same place.",
                remedy="Register them, or remove the pair.",
                domain="b",
                case=self.b.source.name,
            )
            return
        if first.size == second.size and not np.allclose(first.spacing_mm, second.spacing_mm, rtol=_SAME_SPACING):
            yield self._problem(
                "warning",
                "geometry",
                f"as many voxels as its partner, but of {_mm(second)} mm instead of {_mm(first)}",
                "One of the two headers may be wrong: correct or export it again.",
            )
        for n, axis in enumerate(AXES):
            sizes = first.body_along_patient()[n], second.body_along_patient()[n]
            if None not in sizes and max(sizes) > _UNLIKE * min(sizes):
                yield self._problem(
                    "warning",
                    "geometry",
                    f"{sizes[1]:.0f} mm {axis}, its partner {sizes[0]:.0f} mm",
                    "Check that both files show the same patient, and the spacing in their headers.",
                )
        if overlap < _OVERLAP:
            yield self._problem("warning", "overlap", f"covers {overlap:.0%} of its partner's body", remedy)
        if (gain := fit_when_shifted(*self._shown, self.matrix)) > _BETTER_SHIFTED:
            yield self._problem(
                "warning",
                "geometry",
                f"fits its partner better when shifted: mutual information rises by {gain - 1:.0%}",
                remedy,
            )

    def report(self, overlap: float, picture: str | None) -> PairReport:
        source, found = self.a.source, self.registration
        return PairReport(
            name=source.name,
            subject=source.subject,
            split=source.split,
            same_grid=same_grid(self.a.volume, self.b.volume),
            overlap=overlap,
            mutual_information=self.mutual_information,
            picture=picture,
            registration=None
            if found is None
            else RegistrationReport(
                applied=found.gained,
                matrix=tuple(map(tuple, found.matrix.tolist())),
                shift_mm=found.shift_mm,
                rotation_degrees=found.rotation_degrees,
                mutual_information_before=found.before,
                mutual_information_after=found.after,
            ),
        )

    @property
    def mutual_information(self) -> float:
        """In nats, as the pair is prepared."""
        if self.registration:
            return self.registration.after if self.registration.gained else self.registration.before
        return information_in_place(*self._shown)

    def _problem(self, severity: str, kind: str, message: str, remedy: str) -> Problem:
        where = {"domain": "b", "case": self.b.source.name}
        return Problem(severity=severity, kind=kind, message=message, remedy=remedy, **where)


def common_ground(
    a: Case, b: Case, matrix: np.ndarray, mask: np.ndarray | None, grids: list[SliceGrid], size: int
) -> tuple[float, bool]:
    """Overlap of the bodies on the slices that are prepared, and whether any of it is to be compared."""
    bodies = slices_of(a.volume, a.body, grids, size), slices_of(moved(b.volume, matrix), b.body, grids, size)
    inside = None if mask is None else slices_of(a.volume, mask, grids, size)
    return body_overlap(*bodies, inside), bool((comparable_region(*bodies, inside) == PAIRED).any())


def moved(volume: Volume, matrix: np.ndarray) -> Volume:
    """The volume taken through `matrix` (4, 4), RAS → RAS: the same voxels in another place."""
    return Volume(volume.array, matrix @ volume.affine)


def same_grid(first: Volume, second: Volume) -> bool:
    return first.shape == second.shape and np.allclose(first.affine, second.affine, atol=1e-3)


def _mm(measures: Measures) -> str:
    return " x ".join(f"{step:.3g}" for step in measures.spacing_mm)
