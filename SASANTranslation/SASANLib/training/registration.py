"""A pair's second image onto its first, rigidly, by mutual information (the paper's section 5.1).

Nothing is resampled: the result is a new affine for the moving image, which is then interpolated once, onto the
model's grid, as any other. Single slices of one plane are registered within that plane.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from SASANLib.body import with_margin
from SASANLib.errors import SASANError
from SASANLib.grid import resample
from SASANLib.image_files import quiet_itk
from SASANLib.volumes import Volume

_BINS = 32
_MARGIN_MM = 10.0  # of air around the body: the skin is an edge that both modalities show
_LEVELS_MM = {3: (8.0, 4.0, 2.0), 2: (4.0, 2.0, 1.0)}  # a slice has too few pixels of 8 mm for a histogram
_KEPT = (3, 2, 1)  # starts that are followed at each level
_SAMPLES = 100_000
_FEWEST_VOXELS = 8  # along an axis of a coarse image: thick slices stay as they are
_APART_MM = 5.0  # bodies whose centres are farther apart are also tried centre on centre
_TURNS = (-20.0, 0.0, 20.0)  # degrees about each axis: how a head may lie otherwise than in the other scanner
_SAME_PLANE = np.cos(np.radians(2.0))
_GAIN = 1.1  # of the 360 registered pairs of heads this was tried on, 2 gained more, drawn to where scans end
_ITERATIONS = 200
_SHIFT_MM = 6.0


@dataclass(frozen=True, eq=False)
class Shown:
    """An image (k, j, i) and its body (bool), with what lies far from the body, such as a couch, taken away."""

    volume: Volume
    body: np.ndarray

    @classmethod
    def of(cls, volume: Volume, body: np.ndarray) -> "Shown":
        """Clipped to the body's 99.5th percentile, so that metal and vessels do not use the histogram up."""
        low, high = np.percentile(volume.array, 0.5), np.percentile(volume.array[body], 99.5)
        near = with_margin(body, _MARGIN_MM, volume.spacing)
        array = np.where(near, np.clip(volume.array, low, high), low)
        return cls(volume.like(array.astype(np.float32)), body)

    @property
    def centre(self) -> np.ndarray:
        """(3,) RAS mm: the mean of the body's voxels."""
        index = np.array([axis.mean() for axis in np.nonzero(self.body)])[::-1]
        return (self.volume.affine @ [*index, 1])[:3]

    def coarse(self, step_mm: float) -> "Shown":
        """Along each axis with steps of `step_mm`, or its own where these are larger or its voxels few."""
        affine, shape = self.volume.affine.copy(), list(self.volume.shape)
        for axis, spacing in enumerate(self.volume.spacing):
            count = shape[2 - axis]
            fewer = int(count * spacing / step_mm)
            if spacing >= step_mm or fewer < _FEWEST_VOXELS:
                continue
            factor = step_mm / spacing
            affine[:3, 3] += affine[:3, axis] * ((count - fewer * factor) / 2 + (factor - 1) / 2)
            affine[:3, axis] *= factor
            shape[2 - axis] = fewer
        if tuple(shape) == self.volume.shape:
            return self
        onto = (self.volume.affine, affine, tuple(shape))
        array = resample(self.volume.array, *onto, interpolation="linear", fill=float(self.volume.array.min()))
        body = resample(self.body, *onto, interpolation="nearest", fill=0)
        return Shown(Volume(array, affine), body > 0)


@dataclass(frozen=True, eq=False)
class Registration:
    """`matrix` (4, 4) takes RAS points of the moving image to the fixed image's; mutual information in nats.

    `gained` says whether it is worth moving the image: a matrix that barely changes the mutual information is as
    likely to be worse as better.
    """

    matrix: np.ndarray
    before: float
    after: float
    centre: np.ndarray
    """(3,) RAS mm: the middle of the moving image's body"""

    @property
    def gained(self) -> bool:
        return self.after > _GAIN * self.before

    @property
    def rotation_degrees(self) -> float:
        return float(np.degrees(np.arccos(np.clip((np.trace(self.matrix[:3, :3]) - 1) / 2, -1, 1))))

    @property
    def shift_mm(self) -> float:
        """How far the middle of the moving image's body goes."""
        return float(np.linalg.norm((self.matrix @ [*self.centre, 1])[:3] - self.centre))


def register(fixed: Shown, moving: Shown) -> Registration:
    """The rigid transform of `moving` that maximises Mattes' mutual information with `fixed`.

    At 8, 4 and 2 mm (slices: half of that; Mattes et al., IEEE TMI 22:120, 2003), from where the files place the
    images and, where the bodies lie apart, from their centres upon each other, each as it is and turned.

    Raises:
        SASANError: a single slice with a volume or with a slice of another plane.
    """
    frame = _Frame.of(fixed, moving)
    found = _starts(fixed, moving, frame)
    for step, kept in zip(_LEVELS_MM[frame.dimension], _KEPT, strict=True):
        pair = fixed.coarse(step), moving.coarse(step)
        starts = _best(found, *pair)[:kept]
        found = _best([_refined(*pair, start, frame, step) for start in starts] + starts, *pair)
    return Registration(found[0], mutual_information(*pair), mutual_information(*pair, found[0]), moving.centre)


def fit_when_shifted(fixed: Shown, moving: Shown, matrix: np.ndarray) -> float:
    """The best mutual information with `moving` 6 mm or a voxel off, over that where `matrix` puts it.

    Below 1 for images in their places, and more clearly so the better they are registered. Slices of two planes,
    or a slice and a volume, cannot be judged: 0.
    """
    try:
        frame = _Frame.of(fixed, moving)
    except SASANError:
        return 0.0
    step = _LEVELS_MM[frame.dimension][1]
    pair = fixed.coarse(step), moving.coarse(step)
    still = np.eye(frame.dimension)
    # By whole voxels at least: what lies between two of them is an average, and its histogram another.
    far = np.maximum(_SHIFT_MM, np.abs(frame.axes.T @ pair[0].volume.affine[:3, :3]).max(axis=1))
    shifts = [sign * mm * unit for unit, mm in zip(still, far, strict=True) for sign in (-1, 1)]
    best = max(mutual_information(*pair, frame.to_patient(still, shift) @ matrix) for shift in shifts)
    return best / max(mutual_information(*pair, matrix), 1e-9)


def mutual_information(fixed: Shown, moving: Shown, matrix: np.ndarray | None = None) -> float:
    """Of both images around the fixed one's body, in nats, with `moving` taken through `matrix` (RAS → RAS) first.

    From the joint histogram of 32 by 32 bins. Where the moving image ends there is air, so that an image that
    leaves the field loses.
    """
    images = fixed.volume.array, moved_onto(fixed.volume, moving.volume, matrix)
    region = with_margin(fixed.body, _MARGIN_MM, fixed.volume.spacing)
    limits = [(float(shown.volume.array.min()), float(shown.volume.array.max())) for shown in (fixed, moving)]
    joint, *_ = np.histogram2d(*(image[region] for image in images), bins=_BINS, range=limits)
    joint /= joint.sum()
    apart = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / apart[seen])).sum())


def moved_onto(fixed: Volume, moving: Volume, matrix: np.ndarray | None = None) -> np.ndarray:
    """`moving`, taken through `matrix` first, on the grid of `fixed`: float32, its lowest value outside."""
    affine = moving.affine if matrix is None else matrix @ moving.affine
    fill = float(moving.array.min())
    return resample(moving.array, affine, fixed.affine, fixed.shape, interpolation="linear", fill=fill)


@dataclass(frozen=True, eq=False)
class _Frame:
    """The coordinates that a pair is registered in: mm from the fixed body's centre along `axes`.

    `axes` (3, D) are orthonormal RAS vectors: the patient's own for volumes, a slice's two for slices.
    """

    origin: np.ndarray
    axes: np.ndarray

    @classmethod
    def of(cls, fixed: Shown, moving: Shown) -> "_Frame":
        single = [1 in shown.volume.shape for shown in (fixed, moving)]
        if not any(single):
            return cls(fixed.centre, np.eye(3))
        hint = "Register the whole volumes before slices are cut from them, or remove the pair."
        if not all(single):
            raise SASANError("A single slice cannot be registered with a volume.", hint)
        bases = [np.linalg.qr(_in_plane(shown.volume))[0] for shown in (fixed, moving)]
        normals = [np.cross(*basis.T) for basis in bases]
        if abs(normals[0] @ normals[1]) < _SAME_PLANE:
            raise SASANError("Single slices of two planes cannot be registered.", hint)
        return cls(fixed.centre, bases[0])

    @property
    def dimension(self) -> int:
        return self.axes.shape[1]

    def to_patient(self, rotation: np.ndarray, translation: np.ndarray) -> np.ndarray:
        """(D, D) and (D,) mm → (4, 4), RAS → RAS."""
        matrix = np.eye(4)
        matrix[:3, :3] += self.axes @ (rotation - np.eye(self.dimension)) @ self.axes.T
        matrix[:3, 3] = self.origin - matrix[:3, :3] @ self.origin + self.axes @ translation
        return matrix

    def from_patient(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The inverse of `to_patient`."""
        moved = (matrix @ [*self.origin, 1])[:3] - self.origin
        return self.axes.T @ matrix[:3, :3] @ self.axes, self.axes.T @ moved

    def image(self, array: np.ndarray, volume: Volume) -> sitk.Image:
        """An array on the volume's grid as an image of D dimensions in this frame."""
        columns = volume.affine[:3, :3] if self.dimension == 3 else _in_plane(volume)
        if self.dimension == 2:
            array = array.squeeze(array.shape.index(1))
        image = sitk.GetImageFromArray(np.ascontiguousarray(array))
        linear = self.axes.T @ columns
        steps = np.linalg.norm(linear, axis=0)
        image.SetSpacing(steps.tolist())
        image.SetDirection((linear / steps).ravel().tolist())
        image.SetOrigin((self.axes.T @ (volume.affine[:3, 3] - self.origin)).tolist())
        return image


def information_in_place(fixed: Shown, moving: Shown) -> float:
    """`mutual_information` as `Registration` reports it: at the finest level, whatever the images' resolution."""
    step = _LEVELS_MM[2 if 1 in fixed.volume.shape else 3][-1]
    return mutual_information(fixed.coarse(step), moving.coarse(step))


def _in_plane(volume: Volume) -> np.ndarray:
    """(3, 2): a single slice's own two columns of its affine."""
    return np.delete(volume.affine[:3, :3], volume.shape[::-1].index(1), axis=1)


def _starts(fixed: Shown, moving: Shown, frame: _Frame) -> list[np.ndarray]:
    """As the files have it; and the centres upon each other, if these lie apart; each also turned."""
    shift = frame.axes.T @ (fixed.centre - moving.centre)
    shifts = [np.zeros_like(shift)] + [shift] * bool(np.linalg.norm(shift) > _APART_MM)
    planes = list(itertools.combinations(range(frame.dimension), 2))
    starts = []
    for move, angles in itertools.product(shifts, itertools.product(_TURNS, repeat=len(planes))):
        rotation = np.eye(frame.dimension)
        for (first, second), angle in zip(planes, np.radians(angles), strict=True):
            turn, cos, sin = np.eye(frame.dimension), np.cos(angle), np.sin(angle)
            turn[[first, first, second, second], [first, second, first, second]] = cos, -sin, sin, cos
            rotation = turn @ rotation
        # about the fixed body's centre, the frame's origin
        starts.append(frame.to_patient(rotation, rotation @ move))
    return starts


def _best(matrices: list[np.ndarray], fixed: Shown, moving: Shown) -> list[np.ndarray]:
    return sorted(matrices, key=lambda matrix: -mutual_information(fixed, moving, matrix))


def _refined(fixed: Shown, moving: Shown, start: np.ndarray, frame: _Frame, step: float) -> np.ndarray:
    """One level of the optimisation."""
    images = [frame.image(shown.volume.array, shown.volume) for shown in (fixed, moving)]
    region = with_margin(fixed.body, _MARGIN_MM, fixed.volume.spacing).astype(np.uint8)
    # ITK's transform takes points of the fixed image to the moving one.
    rotation, translation = frame.from_patient(np.linalg.inv(start))
    transform = sitk.Euler3DTransform() if frame.dimension == 3 else sitk.Euler2DTransform()
    transform.SetMatrix(rotation.ravel().tolist(), 1e-4)
    transform.SetTranslation(translation.tolist())
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(_BINS)
    method.SetMetricFixedMask(frame.image(region, fixed.volume))
    if fixed.body.size > _SAMPLES:
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(_SAMPLES / fixed.body.size, seed=1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=step / 2, minStep=step / 500, numberOfIterations=_ITERATIONS, relaxationFactor=0.6
    )
    method.SetInitialTransform(transform, inPlace=True)
    with quiet_itk():
        try:
            method.Execute(*images)
        except RuntimeError:  # the images came apart: from this start there is nothing to find
            return start
    matrix = np.reshape(transform.GetMatrix(), (frame.dimension, frame.dimension))
    return np.linalg.inv(frame.to_patient(matrix, np.array(transform.GetTranslation())))
