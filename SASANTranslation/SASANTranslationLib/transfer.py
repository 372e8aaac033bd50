"""A volume node's way to the worker, and the results' way back: arrays as .npy files in a private folder."""

import contextlib
import shutil
import tempfile
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.geometry import has_voxels, ijk_to_world, spans_a_volume

#: Volumes that the worker writes at most for one input, as float32: synthetic, uncertainty, and the maps.
_OUTPUT_VOLUMES = 2


def check_input(volume):
    """Refuse what cannot be translated, before any work.

    Raises:
        TranslationError: no volume, one without voxels, a labelmap, one with several components, or one
            under a transform that is not linear (kind "transform": a hardened copy can be translated).
    """
    if volume is None:
        raise TranslationError(_("No input volume is chosen."), _("Choose one, or load the sample."))
    name = volume.GetName() or _("The volume")
    if volume.IsA("vtkMRMLLabelMapVolumeNode"):
        raise TranslationError(
            _("{name} is a labelmap, not an image.").format(name=name), _("Choose the image it was drawn on.")
        )
    if not has_voxels(volume):
        raise TranslationError(
            _("{name} has no image data.").format(name=name), _("Load the image, or choose another volume.")
        )
    components = volume.GetImageData().GetNumberOfScalarComponents()
    if components != 1:
        raise TranslationError(
            _("{name} has {count} values in each voxel.").format(name=name, count=components),
            _("Choose a scalar volume, such as one made by the module Vector to Scalar Volume."),
        )
    parent = volume.GetParentTransformNode()
    if parent is not None and not parent.IsTransformToWorldLinear():
        raise TranslationError(
            _("{name} is under a transform that is not linear.").format(name=name),
            _("Translate a hardened copy of it."),
            kind="transform",
        )
    if not spans_a_volume(volume):
        raise TranslationError(
            _("The geometry of {name} is degenerate: its axes span no volume.").format(name=name),
            _("Check its spacing, its directions and its parent transform."),
        )


class ExchangeFolder:
    """A new private folder in Slicer's temporary folder, gone when `remove` is called."""

    def __init__(self):
        base = slicer.app.temporaryPath
        try:
            self.path = Path(tempfile.mkdtemp(prefix="sasan-", dir=base))
        except OSError as error:
            raise _disk_error(base, error) from error

    def write_input(self, volume, placed_as=None, maps=0, name="input"):
        """Write the volume's voxels; returns the request's "input".

        placed_as: the volume in the scene that says where it lies, and its name, when `volume` is a frame of it.
        maps: how many attention maps the results will have, to find a disk that is too full before the work.

        Raises:
            TranslationError: of kind "disk".
        """
        import numpy as np
        from slicer.util import arrayFromVolume, arrayFromVTKMatrix

        placed_as = placed_as or volume
        array = arrayFromVolume(volume)
        self._check_space(array.nbytes + 4 * array.size * (maps + _OUTPUT_VOLUMES) + array.size)
        path = self.path / f"{name}.npy"
        try:
            np.save(path, array)
        except OSError as error:
            raise _disk_error(self.path, error) from error
        return {
            "file": str(path),
            "ijk_to_ras": arrayFromVTKMatrix(ijk_to_world(volume, placed_as)).tolist(),
            "name": (placed_as.GetName() or "volume")[:200],
        }

    def read(self, file):
        """Memory-map an array that the worker wrote into this folder.

        Raises:
            TranslationError: it is not there or not an array.
        """
        import numpy as np

        try:
            return np.load(self.path / Path(file).name, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise TranslationError(
                _("The result {file} cannot be read: {error}.").format(file=self.path / file, error=error),
                _("Translate again; if it happens again, see that nothing cleans up the temporary folder."),
                kind="disk",
            ) from error

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def _check_space(self, needed):
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(self.path).free
            if free < needed:
                raise TranslationError(
                    _(
                        "The temporary folder {folder} has {free} MB free, and the translation needs {needed} MB."
                    ).format(folder=slicer.app.temporaryPath, free=free // 2**20, needed=-(-needed // 2**20)),
                    _(
                        "Free some space, or choose another temporary folder in the application settings (Modules)"
                        " and restart."
                    ),
                    kind="disk",
                )


def _disk_error(folder, error):
    return TranslationError(
        _("The temporary folder {folder} cannot be written: {error}.").format(
            folder=folder, error=error.strerror or error
        ),
        _("Free some space, or choose another temporary folder in the application settings (Modules) and restart."),
        kind="disk",
    )
