"""A training job's configuration, and the two presets of it. Everything that decides a run's outcome is here."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat

from SASANLib.card_types import Line, ModelName, Text, Version
from SASANLib.networks import NetworkConfig


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ObjectiveConfig(_Section):
    """Weights and switches of eq. 7. A term of weight 0 is not computed."""

    adversarial: float = Field(1.0, ge=0, description="weight of the generators' image LSGAN term")
    segmentation_adversarial: float = Field(1.0, ge=0, description="weight of the attention's D_seg term")
    discriminator: float = Field(1.0, ge=0, description="weight of the discriminators' own losses")
    cycle: float = Field(10.0, ge=0, description="λ_c of eq. 2")
    identity: float = Field(2.5, ge=0, description="λ_id of eq. 3")
    identity_ssim: bool = Field(False, description="add 1 − SSIM to the identity term")
    regularisation: float = Field(1.0, ge=0, description="λ_reg of eq. 4")
    regularisation_squared: bool = Field(False, description="square of the norm, over the pairs of maps")
    regularise_fakes: bool = Field(True, description="eq. 4's second term: the maps of translated images")
    auxiliary: float = Field(0.1, ge=0, description="λ_aux of eq. 5")
    dice: Literal["macro", "micro"] = Field("macro", description="average of eq. 5's Dice over classes")
    dice_weight: float = Field(1.0, ge=0, description="weight of eq. 5's Dice beside its cross-entropy")
    auxiliary_fakes: bool = Field(True, description="eq. 5's second term: the maps of translated images")
    pseudo_logits: float = Field(0.0, ge=0, description="weight of an L1 towards the pseudo-labels' logits")
    voxel: float = Field(0.0, ge=0, description="λ_voxel of eq. 6; needs paired data")
    segmentation_real: Literal["labels", "predicted"] = Field(
        "labels", description="what D_seg takes for real: the labels, or the labelled attention's softmax"
    )
    segmentation_fakes: Literal["all", "unlabelled"] = Field(
        "all", description="what D_seg takes for fake: all four predictions, or those of unlabelled anatomy"
    )
    freeze_labelled_attention: bool = Field(False, description="labelled attention fixed after its warm-up")


class DiscriminatorConfig(_Section):
    """Shapes of the discriminators (section 8.1)."""

    width: int = Field(32, ge=4, description="channels of the image discriminator's first layer")
    depth: int = Field(3, ge=2, le=5, description="strided layers of the image discriminator")
    per_class: bool = Field(False, description="one segmentation discriminator a class instead of one")


class AugmentationConfig(_Section):
    """Random geometry, drawn anew at every step, on the training device (section 4.1, data augmentation)."""

    rotation_degrees: float = Field(15.0, ge=0, le=180, description="rotation, uniform in ±")
    scale: tuple[PositiveFloat, PositiveFloat] = Field(
        (0.75, 1.0), description="of width and height, each drawn by itself"
    )
    flip_horizontal: bool = True
    flip_vertical: bool = True
    patch: int | None = Field(None, ge=32, multiple_of=16, description="random square crop; none: full size")


class OptimiserConfig(_Section):
    """Adam and its schedule (sections 4.2 and 8.2), in iterations."""

    learning_rate: float = Field(1e-4, gt=0)
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = Field(0.0, ge=0)
    batch_size: int = Field(2, ge=1)
    constant_epochs: float = Field(50, ge=0, description="epochs at the full rate")
    decay_epochs: float = Field(50, ge=0, description="epochs of linear decay to 0 after them")
    warmup_steps: int = Field(0, ge=0, description="first steps with the labelled attention's loss alone")
    ema: float = Field(0.999, ge=0, lt=1, description="decay of the exported running mean; 0: none")
    ema_warmup: int = Field(10, ge=1, description="the decay rises as (1 + steps) / (this + steps); 1: constant")


class AboutConfig(_Section):
    """What the exported model's card says in words."""

    version: Version = "0.1.0"
    title: Line = "A model without a title"
    description: Text = "Not described."
    anatomy: Line = "not stated"
    training_data: Text = "Not stated."
    licence: Line = "not stated: ask its makers before using it"
    licence_text: Text | None = Field(None, description="becomes the bundle's LICENSE.txt")
    attribution: Text = "Not stated."
    citation: Text = (
        "Tomar et al., Self-Attentive Spatial Adaptive Normalization for Cross-Modality Domain Adaptation, "
        "IEEE Transactions on Medical Imaging 40(10), 2021, doi:10.1109/TMI.2021.3059265"
    )
    intended_use: Text = "Research only. Synthetic images are not for diagnosis or treatment."
    limitations: Text = "Not stated."


class TrainingConfig(_Section):
    """One training job. `data` is a folder that `sasan prepare` wrote."""

    name: ModelName = "model"
    about: AboutConfig = AboutConfig()
    data: Path
    seed: int = Field(0, ge=0, lt=2**31)
    network: NetworkConfig = NetworkConfig()
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    optimiser: OptimiserConfig = OptimiserConfig()
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="of the convolutions; losses, output layers and statistics of norms are float32"
    )
    fused_adam: bool = Field(True, description="Adam in one kernel, on a GPU; elsewhere it is the plain one")
    compile: bool = Field(False, description="networks through torch.compile, for the one shape of the batches")
    max_steps: int | None = Field(None, ge=1, description="instead of the epochs: the run's length")
    validate_every: int = Field(500, ge=1, description="steps between validations")
    checkpoint_every: int = Field(200, ge=1, description="steps between checkpoints")
    preview_cases: int = Field(4, ge=0, description="validation slices drawn at every validation")


PRESETS: dict[str, dict] = {
    "paper": {},
    "released": {
        "objective": {
            "adversarial": 2.0,
            "segmentation_adversarial": 2.0,
            "discriminator": 0.5,
            "identity_ssim": True,
            "regularisation_squared": True,
            "regularise_fakes": False,
            "dice": "micro",
            "dice_weight": 0.2,
            "pseudo_logits": 1.0,
            "segmentation_real": "predicted",
            "segmentation_fakes": "unlabelled",
            "freeze_labelled_attention": True,
        },
        "discriminator": {"width": 64, "depth": 4, "per_class": True},
        "augmentation": {"rotation_degrees": 0.0, "scale": (1.0, 1.0)},
        "optimiser": {"weight_decay": 2e-4, "constant_epochs": 25, "decay_epochs": 25, "warmup_steps": 2000},
    },
}
"""`paper`: the paper's text, which the defaults are. `released`: how its authors' own training ran."""


def from_preset(preset: str, /, **changes) -> TrainingConfig:
    """The preset of that name with top-level fields, or fields of its sections (dicts), changed."""
    values = {section: dict(fields) for section, fields in PRESETS[preset].items()}
    for key, value in changes.items():
        values[key] = {**values.get(key, {}), **value} if isinstance(value, dict) else value
    return TrainingConfig.model_validate(values)
