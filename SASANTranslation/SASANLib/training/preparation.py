"""What `sasan prepare` is asked for: two domains, their files, and the grid that slices are prepared on."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from SASANLib.card import GridCard, LabelCard
from SASANLib.card_types import DomainName
from SASANLib.networks.translation import OTHER, Domain


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DomainSource(_Section):
    """Where a domain's volumes are and what they are.

    CT takes a fixed HU `window`; MR has none and is clipped to `percentiles` of its body and z-scored.
    """

    name: DomainName
    modality: Literal["MR", "CT"]
    images: Path
    labels: Path | None = None
    window: tuple[float, float] | None = None
    percentiles: tuple[float, float] = (2.0, 98.0)

    @property
    def units(self) -> Literal["HU", "a.u."]:
        return "HU" if self.modality == "CT" else "a.u."

    @model_validator(mode="after")
    def _consistent(self) -> "DomainSource":
        if self.modality == "CT" and self.window is None:
            raise ValueError("CT needs a window in HU")
        if self.window and not self.window[0] < self.window[1]:
            raise ValueError("the window's lower end must be below its upper end")
        if not 0 <= self.percentiles[0] < self.percentiles[1] <= 100:
            raise ValueError("percentiles must lie between 0 and 100, the lower one first")
        return self


class PreparationConfig(_Section):
    """Both domains and how they are sliced.

    Paired data only: `masks` say where to compare, one labelmap a pair, and `register_pairs` asks for the second
    image of each pair to be brought onto the first, rigidly (the paper's section 5.1).
    """

    domains: dict[Domain, DomainSource]
    labels: tuple[LabelCard, ...] = ()
    paired: bool = False
    masks: Path | None = None
    register_pairs: bool = False
    grid: GridCard = GridCard(planes=("axial",), spacing_mm=1.0, size=256)
    validation_subjects: int = Field(1, ge=1)
    subject_pattern: str = Field(r"^[^_]+", description="the part of a file's name that names its subject")

    @model_validator(mode="after")
    def _consistent(self) -> "PreparationConfig":
        if self.domains.keys() != OTHER.keys():
            raise ValueError("there must be a domain a and a domain b")
        if self.domains["a"].name.lower() == self.domains["b"].name.lower():
            raise ValueError("the two domains must have different names")
        if [label.value for label in self.labels] != list(range(1, len(self.labels) + 1)):
            raise ValueError("labels must have the values 1, 2, 3, … in this order")
        if self.labels and not any(source.labels for source in self.domains.values()):
            raise ValueError("labels have names, but no domain has a folder of labelmaps")
        if self.masks and not self.paired:
            raise ValueError("masks say where the images of a pair are compared: they need paired data")
        if self.register_pairs and not self.paired:
            raise ValueError("registration brings one image of a pair onto the other: it needs paired data")
        if self.grid.size < 32:
            raise ValueError("the networks need slices of 32 pixels a side at least")
        return self
