"""The installed models, as far as their cards say; read without the library, which may not be installed yet.

The worker checks a model strictly before it uses it.
"""

import functools
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from SASANTranslationLib import card_text
from SASANTranslationLib.errors import TranslationError

CARD = "model.json"
_BUNDLED = Path(__file__).resolve().parents[1] / "Resources" / "Models"


@dataclass(frozen=True)
class Model:
    """A model's folder and card. `problem` says why it cannot be used, if so; `card` may then be empty."""

    folder: Path
    bundled: bool
    card: dict = field(default_factory=dict)
    problem: str = ""

    @property
    def name(self):
        return self.card.get("name") or self.folder.name

    @property
    def title(self):
        return self.card.get("title") or self.folder.name

    @property
    def planes(self):
        return tuple(self.card["grid"]["planes"])

    @property
    def maps(self):
        """How many attention maps it has."""
        return int(self.card["network"].get("maps", 8))

    @property
    def directions(self):
        """{"mr-to-ct": ("MR", "CT"), "ct-to-mr": ("CT", "MR")}: the names of source and target."""
        a, b = (self.card["domains"][key]["name"] for key in "ab")
        return {f"{a}-to-{b}".lower(): (a, b), f"{b}-to-{a}".lower(): (b, a)}

    @property
    def direction_choice(self):
        """The directions for a message: as scripts name them, and as the panel does."""
        return ", ".join(f"{name} ({' → '.join(domains)})" for name, domains in self.directions.items())

    def direction_from(self, modality):
        """The direction whose source has this modality ("MR", "CT"); None if none or both have it."""
        fitting = []
        for direction, key in zip(self.directions, "ab", strict=True):
            if self.card["domains"][key]["modality"] == modality:
                fitting.append(direction)
        return fitting[0] if len(fitting) == 1 else None


def user_root():
    """Where a user's own models lie: beside Slicer's settings, so that updating the extension keeps them."""
    return Path(slicer.app.slicerUserSettingsFilePath).parent / "SASAN" / "Models"


def installed_models():
    """All models, the user's first; a user's own model hides a bundled one of the same name."""
    found = {}
    for root, bundled in ((user_root(), False), (_BUNDLED, True)):
        if root.is_dir():
            for folder in sorted(root.iterdir()):
                # a leading dot: a folder that is still being written
                if (folder / CARD).is_file() and not folder.name.startswith("."):
                    model = read_model(folder, bundled)
                    found.setdefault(model.name, model)
    return list(found.values())


def find_model(name):
    """The installed model of that name, or the bundle in that folder.

    Raises:
        TranslationError: no such model, or one whose card cannot be read.
    """
    models = installed_models()
    model = next((model for model in models if model.name == str(name)), None)
    if model is None and (Path(name) / CARD).is_file():
        model = read_model(Path(name), bundled=False)
    if model is None:
        known = ", ".join(model.name for model in models)
        raise TranslationError(
            _("There is no model {name}.").format(name=name),
            _("Choose one of: {known}.").format(known=known) if known else _("Import a model."),
            kind="model",
        )
    if model.problem:
        raise TranslationError(model.problem, _("Get the model again from where it came from."), kind="model")
    return model


def read_model(folder, bundled):
    """The model in a folder; one whose card cannot be shown has a `problem`."""
    path = folder / CARD
    try:
        status = path.stat()
        return _read_model(folder, bundled, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError) as error:
        problem = _("The model card {path} cannot be read: {error}.").format(path=path, error=error)
        return Model(folder, bundled, problem=problem)


@functools.lru_cache
def _read_model(folder, bundled, _mtime, _size):
    """The panel asks at every change of its parameters, and a card hardly ever changes."""
    path = folder / CARD
    card = json.loads(path.read_text(encoding="utf-8"))
    model = Model(folder, bundled, card if isinstance(card, dict) else {})
    if _can_be_shown(model):
        return model
    return Model(folder, bundled, problem=_("The model card {path} is not valid.").format(path=path))


def _can_be_shown(model):
    """Whether a card, which may come from anyone, has all that the panel shows of it."""
    try:
        card_text.tooltip(model)
        card_text.details(model)
        names = [name for pair in model.directions.values() for name in pair]
        texts = [model.name, model.title, *names, *model.planes]
        return len(model.directions) == 2 and model.maps > 0 and all(isinstance(text, str) and text for text in texts)
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def remove_model(model):
    """Delete a model of the user's.

    Raises:
        TranslationError: it came with the extension, or cannot be deleted.
    """
    if model.bundled or model.folder.parent != user_root():
        raise TranslationError(
            _("The model {name} came with the extension and stays.").format(name=model.name), kind="model"
        )
    try:
        # It disappears at once, or not at all: a half-deleted model must not be found.
        doomed = model.folder.with_name(f".removed-{model.folder.name}")
        shutil.rmtree(doomed, ignore_errors=True)
        model.folder.rename(doomed)
    except OSError as error:
        raise TranslationError(
            _("The model's folder {folder} cannot be removed: {error}.").format(
                folder=model.folder, error=error.strerror or error
            ),
            _("Close programs that use it, and try again."),
            kind="model",
        ) from error
    shutil.rmtree(doomed, ignore_errors=True)
