"""The Python packages of the worker: which are missing, and their installation after one question.

Nothing of this runs before the first translation, and nothing is imported into Slicer itself.
"""

import importlib.metadata
import logging
import subprocess
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from SASANTranslationLib.errors import TranslationError

REQUIREMENTS = Path(__file__).resolve().parents[1] / "Resources" / "requirements.txt"

#: Measuring against a reference volume needs it too; asked for when that is first done.
COMPARISON_REQUIREMENTS = ("monai",)

_REQUESTER = "SASAN"

#: Picks the build of torch for the GPU at hand; what the PyTorch extension uses.
_LIGHT_THE_TORCH = "light-the-torch>=0.5"


def requirements():
    """The packages a translation needs, as pip names them with their versions."""
    lines = [line.strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def missing(wanted=None):
    """Those of the `wanted` requirements (by default a translation's) that Slicer's Python does not satisfy."""
    return [requirement for requirement in (requirements() if wanted is None else wanted) if not _is_there(requirement)]


def question(packages):
    """What to ask before the installation."""
    if any(map(_is_torch, packages)) and _has_pytorch_extension():
        packages = [*packages, _LIGHT_THE_TORCH]
    listed = "".join(f"\n  • {package}" for package in packages)
    return _(
        "To translate, these Python packages must be installed in Slicer's Python:{listed}\n\nThey come from"
        " the Python Package Index (PyPI). torch is large: this may take several minutes. Install them now?"
    ).format(listed=listed)


def ask_and_install(packages):
    """Install `packages` after one question that lists them.

    Raises:
        TranslationError: the user declined (kind "cancelled"), or it failed.
    """
    if not slicer.util.confirmOkCancelDisplay(question(packages), windowTitle=_("SASAN Translation")):
        raise TranslationError(
            _("Nothing was installed, so nothing was done."),
            _("The question comes again with the next click."),
            kind="cancelled",
        )
    slicer.app.processEvents()
    install(packages)


def install(packages):
    """Install `packages`; torch in the build that fits the GPU, if the PyTorch extension is there.

    Raises:
        TranslationError: of kind "dependencies", when that did not work.
    """
    logging.info("SASAN installs %s", ", ".join(packages))
    hint = _(
        "Check the network connection and try again. On a computer without one, install these packages with"
        " PythonSlicer -m pip install."
    )
    try:
        others = [package for package in packages if not (_is_torch(package) and _install_torch(package))]
        if others:
            _pip_install(others)
    except Exception as error:  # pip, the network, and whoever else may be at it: all the same to the panel
        raise TranslationError(
            _("The Python packages could not be installed ({error}).").format(error=error), hint, kind="dependencies"
        ) from error
    left = missing(packages)
    if left:
        raise TranslationError(
            _("These Python packages are still missing after the installation: {packages}.").format(
                packages=", ".join(left)
            ),
            hint,
            kind="dependencies",
        )


def _is_torch(requirement):
    from packaging.requirements import Requirement

    return Requirement(requirement).name.lower() == "torch"


def _is_there(requirement):
    packaging = _slicer_packaging()
    if packaging is not None:
        return packaging.pip_check(requirement)
    from packaging.requirements import Requirement

    parsed = Requirement(requirement)
    try:
        return parsed.specifier.contains(importlib.metadata.version(parsed.name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False


def _has_pytorch_extension():
    return hasattr(slicer.modules, "pytorchutils")


def _install_torch(requirement):
    """Install torch as the PyTorch extension does, but for the last step: it imports torch into Slicer.

    Returns:
        Whether that worked; pip's own choice is better than none.
    """
    if not _has_pytorch_extension():
        return False
    _pip_install([_LIGHT_THE_TORCH])
    # Its name before Slicer 5.11 had an underscore.
    run = getattr(slicer.util, "executePythonModule", None) or slicer.util._executePythonModule
    try:
        run("light_the_torch", ["install", requirement])
    except subprocess.CalledProcessError as error:
        logging.warning("light-the-torch could not install torch (%s): pip will", error)
        return False
    return True


def _pip_install(packages):
    packaging = _slicer_packaging()
    if packaging is not None:
        packaging.pip_install(list(packages), requester=_REQUESTER)  # with a progress window
    else:
        slicer.util.pip_install(" ".join(packages))


def _slicer_packaging():
    """Slicer's own module for this; None before Slicer 5.11."""
    try:
        import slicer.packaging
    except ImportError:
        return None
    return slicer.packaging
