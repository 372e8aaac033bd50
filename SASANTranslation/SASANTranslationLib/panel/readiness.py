"""Whether a click on Translate could work, and if not, why not: the tool tip of the grey button."""

from slicer.i18n import tr as _

from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.models import find_model
from SASANTranslationLib.options import OUTPUTS, TranslationOptions
from SASANTranslationLib.transfer import check_input


def resolve_options(parameters, logic):
    """The `TranslationOptions` that the parameter node stands for, everything automatic resolved.

    Raises:
        TranslationError: what is missing or unusable.
    """
    check_input(parameters.inputVolume)
    if not parameters.model:
        raise TranslationError(_("No model is chosen."), _("Choose one, or import one with Manage."), kind="model")
    model = find_model(parameters.model)
    direction = parameters.direction or logic.guessDirection(parameters.inputVolume, parameters.model)
    if direction not in model.directions:
        raise TranslationError(
            _("The model {name} does not translate {direction}.").format(name=model.name, direction=direction),
            _("Choose one of: {directions}.").format(directions=model.direction_choice),
        )
    wanted = {
        "attention": parameters.attention,
        "segmentation": parameters.segmentation or parameters.segmentationNode,
        "uncertainty": parameters.uncertainty,
    }
    return TranslationOptions(
        model=parameters.model,
        direction=direction,
        outputs=tuple(name for name in OUTPUTS if wanted[name]),
        fuse_planes=parameters.fusePlanes,
        segmentation_node=parameters.segmentationNode,
        device=parameters.device,
        all_frames=parameters.allFrames,
    )
