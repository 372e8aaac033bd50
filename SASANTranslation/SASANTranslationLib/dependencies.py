"""The Python packages of the worker: which are missing, and their installation after one question.

Nothing of this runs before the first translation, and nothing is imported into Slicer itself.
"""

import importlib.metadata
import inspect
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


def requirements():
    """The packages a translation needs, as pip names them with their versions."""
    lines = [line.strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def missing(wanted=None):
    """Those of the `wanted` requirements (by default a translation's) that Slicer's Python does not satisfy."""
    return [requirement for requirement in (requirements() if wanted is None else wanted) if not _is_there(requirement)]


def question(packages):
    """What to ask before the installation."""
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
            _("Nothing was installed, so nothing was translated."),
            _("The question comes again with the next click."),
            kind="cancelled",
        )
    slicer.app.processEvents()
    install(packages)


def install(packages):
    """Install `packages`; torch through the PyTorch extension, which picks the build that fits the GPU, if it is there.

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
    except (subprocess.CalledProcessError, RuntimeError, OSError) as error:
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


def _install_torch(requirement):
    """Whether the PyTorch extension took it upon itself."""
    try:
        import PyTorchUtils
    except ImportError:
        return False
    from packaging.requirements import Requirement

    logic = PyTorchUtils.PyTorchUtilsLogic()
    # The names of its arguments have changed between versions.
    wanted = {"askConfirmation": False, "torchVersionRequirement": str(Requirement(requirement).specifier)}
    known = inspect.signature(logic.installTorch).parameters
    logic.installTorch(**{name: value for name, value in wanted.items() if name in known})
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
