"""The model card: everything a model says about itself in `model.json`, and the schema that it is held to.

A card comes from whoever made the model, so nothing in it is taken on trust: unknown fields, wrong types, NaN
and terminal control characters are refused, each with one sentence that names the file and the field.
"""

import math
from typing import Annotated, Literal

from pydantic import Field, JsonValue, Strict, model_validator

from SASANLib.card_types import (
    CardPart,
    Channel,
    DomainName,
    Line,
    ModelName,
    Plane,
    Sequence,
    Sha256,
    SnomedNumber,
    Text,
    Version,
    WeightsName,
)
from SASANLib.errors import SASANError
from SASANLib.intensity import IntensityMapping
from SASANLib.networks.config import NetworkConfig

SCHEMA_VERSION = "1.0"
HISTOGRAM_BINS = 64
DomainKey = Literal["a", "b"]


class Interval(CardPart):
    """A closed range of numbers; its unit is that of the field that holds it."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> "Interval":
        if self.low > self.high:
            raise ValueError("low must not be above high")
        return self


class BodyExtent(CardPart):
    """Size of the body's bounding box along the patient's axes in mm, smallest and largest over the cases.

    Single slices have no extent along their normal; an axis along which no case has one is None.
    """

    right_left: Interval | None
    anterior_posterior: Interval | None
    inferior_superior: Interval | None


class DomainStatistics(CardPart):
    """What one domain's training set looked like, for telling a user when an input is unlike it.

    Every field is one measure with its own sentence ("the body is 410 mm wide; the training cases were 140 to
    175 mm"). `SASANLib.statistics.domain_statistics` fills it, `case_statistics` measures an input the same
    way. Intensities are those of voxels inside the body, in the model's range [−1, 1], unless said otherwise.
    Every case weighs the same, however many voxels it has.
    """

    cases: int = Field(ge=1)
    histogram: Annotated[tuple[float, ...], Strict(False), Field(min_length=HISTOGRAM_BINS, max_length=HISTOGRAM_BINS)]
    """fraction of body voxels in each of 64 equal bins from −1 to 1; sums to 1"""
    histogram_distance: float = Field(ge=0)
    """99th percentile over the cases of the earth mover's distance of a case's histogram to `histogram`"""
    mean: float
    sd: float = Field(ge=0)
    body_mean: Interval
    """1st and 99th percentile over the cases of a case's mean"""
    body_sd: Interval
    """1st and 99th percentile over the cases of a case's standard deviation"""
    body_extent_mm: BodyExtent
    in_plane_spacing_mm: Interval
    """the middle one of a case's voxel spacings, smallest and largest over the cases; see `case_statistics`"""
    through_plane_spacing_mm: Interval
    """the coarsest one of a case's voxel spacings, smallest and largest over the cases"""
    value_range: Interval
    """lowest 0.1st and highest 99.9th percentile of a case's body, in the domain's units (HU for CT)"""

    @model_validator(mode="after")
    def _histogram_is_a_distribution(self) -> "DomainStatistics":
        if min(self.histogram) < 0 or abs(sum(self.histogram) - 1) > 1e-3:
            raise ValueError("histogram must be fractions that sum to 1")
        return self


class DomainCard(CardPart):
    """One of the model's two domains."""

    name: DomainName
    modality: Literal["MR", "CT"]
    units: Literal["a.u.", "HU"]
    mapping: IntensityMapping
    statistics: DomainStatistics

    @model_validator(mode="after")
    def _mapping_is_finite(self) -> "DomainCard":
        if not all(math.isfinite(v) for v in self.mapping.model_dump(exclude={"kind"}).values()):
            raise ValueError("mapping must hold finite numbers only")
        return self


class Domains(CardPart):
    """The two domains; `domains["a"]` is `domains.a`."""

    a: DomainCard
    b: DomainCard

    def __getitem__(self, key: DomainKey) -> DomainCard:
        return {"a": self.a, "b": self.b}[key]

    @model_validator(mode="after")
    def _named_apart(self) -> "Domains":
        if self.a.name.lower() == self.b.name.lower():
            raise ValueError("a and b must have different names")
        return self


class GridCard(CardPart):
    """The grid of slices that the networks were trained on: `size` × `size` pixels of `spacing_mm`."""

    planes: Annotated[tuple[Plane, ...], Strict(False), Field(min_length=1)]
    spacing_mm: float = Field(gt=0, le=20)
    size: int = Field(ge=16, le=2048, multiple_of=16)

    @model_validator(mode="after")
    def _each_plane_once(self) -> "GridCard":
        if len(set(self.planes)) < len(self.planes):
            raise ValueError("planes must not repeat")
        return self


class Code(CardPart):
    """A code of a terminology, with its meaning in words."""

    scheme: Literal["SCT"] = "SCT"
    value: SnomedNumber
    meaning: Line


class Terminology(CardPart):
    """What a segment is, as Slicer's terminologies say it: a category and a type within it."""

    category: Code
    type: Code


class LabelCard(CardPart):
    """One value of the segmentation; 0 is the background and has no card."""

    value: int = Field(ge=1, le=255)
    name: Line
    color: Annotated[tuple[Channel, Channel, Channel], Strict(False)]
    """red, green, blue, 0 to 255"""
    snomed: Terminology | None = None


class TrainingCard(CardPart):
    """How the model came about."""

    data: Text
    subjects: int = Field(ge=1)
    steps: int = Field(ge=0)
    hours: float = Field(ge=0)
    device: Line
    objective: dict[str, JsonValue]
    config_sha256: Sha256
    """of the job's resolved configuration"""


class WeightsCard(CardPart):
    """The weights file beside the card. On disk half precision may be enough; in memory they are float32."""

    file: WeightsName = "model.safetensors"
    sha256: Sha256
    dtype: Literal["float16", "float32"]


class ModelCard(CardPart):
    """The contents of `model.json`. `weights` is None only until `save_bundle` has written them."""

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    name: ModelName
    version: Version
    title: Line
    description: Text
    anatomy: Line
    domains: Domains
    grid: GridCard
    labels: Sequence[LabelCard]
    network: NetworkConfig
    training: TrainingCard
    metrics: Sequence[dict[Line, Line | int | float | None]]
    """one dict per row of a table, like {"metric": "MAE", "value": 81.2, "unit": "HU"}"""
    licence: Line
    attribution: Text
    citation: Text
    intended_use: Text
    limitations: Text
    weights: WeightsCard | None = None

    @model_validator(mode="after")
    def _labels_are_the_classes(self) -> "ModelCard":
        expected = list(range(1, self.network.classes))
        # No labels at all is a model that was trained without any: its segmentation output means nothing.
        if self.labels and sorted(label.value for label in self.labels) != expected:
            raise ValueError(f"labels must have the values 1 to {self.network.classes - 1}, each once")
        return self

    @property
    def directions(self) -> tuple[str, str]:
        """("mr-to-ct", "ct-to-mr"): a to b first."""
        a, b = self.domains.a.name.lower(), self.domains.b.name.lower()
        return f"{a}-to-{b}", f"{b}-to-{a}"

    def direction(self, name: str) -> tuple[DomainKey, DomainKey]:
        """ "mr-to-ct" → ("a", "b"): source and target.

        Raises:
            SASANError: naming the model's directions, when it has no such one.
        """
        forth, back = self.directions
        if name.lower() == forth:
            return "a", "b"
        if name.lower() == back:
            return "b", "a"
        raise SASANError(f"The model {self.name} has no direction {name!r}.", f"Choose {forth} or {back}.")
