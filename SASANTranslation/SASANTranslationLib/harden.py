"""A volume under a transform that is not linear cannot be translated on its own grid; a copy without it can."""

import slicer
from slicer.i18n import tr as _

from SASANTranslationLib import hierarchy
from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.provenance_attributes import leave_run
from SASANTranslationLib.scene import remove_node


def hardened_clone(volume):
    """Copy a volume node with its parent transforms applied: resampled, linearly, where they are not linear.

    The copy is called "<name> hardened" and lies beside the volume in the Subject Hierarchy, under no
    transform. Raises `TranslationError` when there is nothing to copy.
    """
    if volume.GetImageData() is None:
        raise TranslationError(
            _("{name} has no image data.").format(name=volume.GetName()), _("Load the image, or choose another volume.")
        )
    name = _("{name} hardened").format(name=volume.GetName())
    clone = slicer.vtkSlicerVolumesLogic.CloneVolumeGeneric(slicer.mrmlScene, volume, name)
    try:
        leave_run(clone)
        clone.HardenTransform()
        hierarchy.put_beside(volume, clone)
    except BaseException:
        remove_node(clone)
        raise
    return clone
