"""Intensities to the networks' range [-1, 1] and back: a fixed window (CT) or body percentiles (MR).

The paper (section 5.1) clips each volume to percentiles and takes z-scores; this implementation then scales
the training set's range of z to [-1, 1], the range of the generator's tanh.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from SASANLib.errors import SASANError


class _Mapping(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def background(self) -> float:
        """What air becomes: the lowest value of the range."""
        return -1.0


class WindowMapping(_Mapping):
    """A fixed window in the volume's own units (HU), the same for every volume."""

    kind: Literal["window"] = "window"
    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self):
        if not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        return self

    def forward(self, array: np.ndarray, body: np.ndarray) -> np.ndarray:
        """HU (any shape) → float32 in [-1, 1]. `body` is not needed here; it keeps both mappings alike."""
        return _to_unit_range(array, self.low, self.high)

    def inverse(self, array: np.ndarray) -> np.ndarray:
        """[-1, 1] → HU, float32."""
        return _from_unit_range(array, self.low, self.high)


class PercentileMapping(_Mapping):
    """Clip to the body's percentiles, z-score with the body's mean and sd, [z_min, z_max] → [-1, 1].

    The mean and sd are the volume's own on the way in. A synthetic volume has none, so the way out uses
    `reference_mean` and `reference_sd`, the training set's averages.
    """

    kind: Literal["percentile"] = "percentile"
    lower: float = Field(ge=0, le=100)
    upper: float = Field(ge=0, le=100)
    z_min: float
    z_max: float
    reference_mean: float
    reference_sd: float = Field(gt=0)

    @model_validator(mode="after")
    def _ordered(self):
        if not (self.lower < self.upper and self.z_min < self.z_max):
            raise ValueError("lower must be below upper, and z_min below z_max")
        return self

    def forward(self, array: np.ndarray, body: np.ndarray) -> np.ndarray:
        """Any units → float32 in [-1, 1], with `body` (bool, same shape) deciding percentiles, mean and sd.

        Voxels outside the body go through the same map.

        Raises:
            SASANError: when `body` is empty or constant.
        """
        low, high, mean, sd = body_statistics(array, body, self.lower, self.upper)
        z = (np.clip(array, low, high).astype(np.float32) - np.float32(mean)) / np.float32(sd)
        return _to_unit_range(z, self.z_min, self.z_max)

    def inverse(self, array: np.ndarray) -> np.ndarray:
        """[-1, 1] → arbitrary units on the training set's average scale, float32, never negative."""
        z = _from_unit_range(array, self.z_min, self.z_max)
        return np.maximum(z * np.float32(self.reference_sd) + np.float32(self.reference_mean), np.float32(0))


IntensityMapping = Annotated[WindowMapping | PercentileMapping, Field(discriminator="kind")]


def body_statistics(
    array: np.ndarray, body: np.ndarray, lower: float, upper: float
) -> tuple[float, float, float, float]:
    """The body's percentiles `lower` and `upper`, and its mean and sd after clipping to them."""
    values = np.asarray(array[body], dtype=np.float64)
    if values.size == 0:
        raise SASANError("No body was found in the volume.", "Check that it shows the anatomy the model is for.")
    low, high = np.percentile(values, (lower, upper))
    clipped = np.clip(values, low, high)
    sd = float(clipped.std())
    if sd == 0:
        raise SASANError(
            "The body has the same intensity everywhere.", "Check that the volume is an image and not a mask."
        )
    return float(low), float(high), float(clipped.mean()), sd


def fit_percentile(
    volumes_and_bodies: Iterable[tuple[np.ndarray, np.ndarray]], lower: float, upper: float
) -> PercentileMapping:
    """The mapping of a training set, given as pairs (array, body mask) of any shapes, read one at a time.

    `z_min` and `z_max` are the smallest and largest z-score in any body; `reference_mean` and `reference_sd`
    are the averages of the bodies' means and standard deviations.
    """
    rows = [body_statistics(array, body, lower, upper) for array, body in volumes_and_bodies]
    return mapping_of_statistics(rows, lower, upper)


def mapping_of_statistics(
    statistics: Sequence[tuple[float, float, float, float]], lower: float, upper: float
) -> PercentileMapping:
    """`fit_percentile` from what `body_statistics` said of each training volume."""
    rows = np.array(statistics)
    if rows.size == 0:
        raise SASANError("There are no volumes to fit the intensity mapping to.", "Check the training data's folder.")
    low, high, mean, sd = rows.T
    return PercentileMapping(
        lower=lower,
        upper=upper,
        z_min=float(((low - mean) / sd).min()),
        z_max=float(((high - mean) / sd).max()),
        reference_mean=float(mean.mean()),
        reference_sd=float(sd.mean()),
    )


def _to_unit_range(array: np.ndarray, low: float, high: float) -> np.ndarray:
    scaled = (np.asarray(array, dtype=np.float32) - np.float32(low)) * np.float32(2 / (high - low)) - np.float32(1)
    return np.clip(scaled, -1, 1)


def _from_unit_range(array: np.ndarray, low: float, high: float) -> np.ndarray:
    return (np.asarray(array, dtype=np.float32) + np.float32(1)) * np.float32((high - low) / 2) + np.float32(low)
