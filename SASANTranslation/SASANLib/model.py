"""Model bundles: a folder (or a .zip of it) with a card, `model.json`, and the weights that the card names.

model.json  model.safetensors  [README.md  LICENSE.txt  validation.png …]
"""

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from SASANLib.bundle_files import CARD_NAME, DOCUMENT_SUFFIXES, WEIGHTS_SUFFIX, BundleFiles, open_files
from SASANLib.card import DomainKey, ModelCard, WeightsCard
from SASANLib.card_file import card_json, parse_card
from SASANLib.errors import AlreadyExists, SASANError
from SASANLib.files import atomic_folder, write_error
from SASANLib.networks import TranslationNetworks
from SASANLib.weights import DTYPES, check_format, decode_weights, encode_weights


@dataclass(frozen=True, eq=False)
class ModelBundle:
    """A model that passed every check: its card, and its tensors as float32 on the CPU."""

    card: ModelCard
    state: dict[str, Tensor]
    folder: Path
    """the folder or .zip that it was read from"""

    @property
    def directions(self) -> tuple[str, str]:
        """("mr-to-ct", "ct-to-mr")"""
        return self.card.directions

    def direction(self, name: str) -> tuple[DomainKey, DomainKey]:
        """ "mr-to-ct" → ("a", "b"): source and target; a SASANError for any other name."""
        return self.card.direction(name)

    def networks(self) -> TranslationNetworks:
        """New networks with these weights: float32, on the CPU, in evaluation mode."""
        # Their initial weights are drawn and dropped; no caller's random numbers should change by that.
        with torch.random.fork_rng(devices=[]):
            networks = TranslationNetworks(self.card.network)
        networks.load_state_dict(self.state)
        return networks.eval()


def save_bundle(
    card: ModelCard,
    state: Mapping[str, Tensor],
    folder: str | os.PathLike,
    dtype: torch.dtype = torch.float16,
    documents: Mapping[str, bytes] | None = None,
) -> ModelBundle:
    """Write a bundle, atomically; one that is at `folder` already is replaced, documents included.

    Args:
        card: its `weights` are filled in here.
        state: the state dict of `TranslationNetworks(card.network)`, on any device.
        folder: of the bundle; its parent must exist.
        dtype: of the weights on disk, torch.float16 or torch.float32.
        documents: contents of further files by name: .md, .txt or .png.

    Returns:
        The bundle as it reads back from disk (so with float16's rounding).

    Raises:
        SASANError: tensors that do not belong to the card, are not finite or do not fit into `dtype`; a
            folder that cannot be written or holds something other than a bundle.
    """
    folder = Path(folder)
    _refuse_to_replace_other_files(folder)
    weights_name = WeightsCard.model_fields["file"].default
    data = encode_weights(state, card.network, dtype, str(folder / weights_name))
    weights = WeightsCard(sha256=hashlib.sha256(data).hexdigest(), dtype=DTYPES[dtype])
    card = card.model_copy(update={"weights": weights})
    contents = {CARD_NAME: card_json(card), weights.file: data}
    for name, content in (documents or {}).items():
        if Path(name).name != name or Path(name).suffix not in DOCUMENT_SUFFIXES:
            raise ValueError(f"{name!r} is no document's name")
        contents[name] = content
    _write(contents, folder)
    return load_bundle(folder)


def load_bundle(path: str | os.PathLike) -> ModelBundle:
    """Read and check the bundle in a folder or .zip. Nothing is unpacked to disk and nothing is unpickled.

    Raises:
        SASANError: no bundle, an invalid card, an unsafe archive, weights that are missing, damaged, a
            pickle, not those that the card was made for (SHA-256, names, shapes), or not finite.
    """
    return _load(open_files(Path(path)))


def read_card(path: str | os.PathLike) -> ModelCard:
    """Only the card of the bundle in a folder or .zip: quick, and silent about the weights."""
    return _read_card(open_files(Path(path)))


def import_bundle(source: str | os.PathLike, destination_root: str | os.PathLike, *, replace: bool = False) -> Path:
    """Copy a checked bundle from a folder or .zip to `destination_root`/<the card's name>, atomically.

    Raises:
        AlreadyExists: a model of that name is there already, and `replace` is not asked for.
        SASANError: as `load_bundle`; anything in the source that is no part of a bundle; a destination that
            cannot be written.
    """
    files = open_files(Path(source))
    names = files.names()
    bundle = _load(files)
    foreign = [name for name in names if name.endswith(WEIGHTS_SUFFIX) and name != bundle.card.weights.file]
    if foreign:
        raise SASANError(f"{source} holds {foreign[0]!r}, which its card does not name.", "Remove that file.")
    destination = Path(destination_root) / bundle.card.name
    if destination.exists() and not replace:
        raise AlreadyExists(
            f"There already is a model {bundle.card.name} at {destination}.", "Use --replace to replace it."
        )
    _refuse_to_replace_other_files(destination)
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(destination.parent, error) from error
    _write({name: files.read(name) for name in names}, destination)
    return destination


def bundled_root() -> Path:
    """Where the models lie that come with SASAN."""
    package = Path(__file__).resolve().parent
    installed = package / "Models"  # in a wheel; in the extension they are among the module's resources
    return installed if installed.is_dir() else package.parent / "Resources" / "Models"


def user_root() -> Path:
    """Where a user's own models lie: the environment variable SASAN_MODELS, else among the user's data."""
    if chosen := os.environ.get("SASAN_MODELS"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "sasan" / "models"


def list_bundles() -> list[Path]:
    """The folders of all installed models, not yet checked: the user's, then the bundled ones, by name."""
    return [
        entry
        for root in (user_root(), bundled_root())
        if root.is_dir()
        for entry in sorted(root.iterdir())
        # a leading dot: a folder that is still being written
        if not entry.name.startswith(".") and (entry / CARD_NAME).is_file()
    ]


def find_bundle(name_or_path: str | os.PathLike) -> Path:
    """The folder of an installed model by its name, else the path itself.

    A user's own model goes before a bundled one of the same name.

    Raises:
        SASANError: neither; names the installed models.
    """
    installed = list_bundles()
    for folder in installed:
        if folder.name == os.fspath(name_or_path):
            return folder
    path = Path(name_or_path).expanduser()
    if path.exists():
        return path
    names = ", ".join(dict.fromkeys(folder.name for folder in installed))
    raise SASANError(
        f"There is no model {os.fspath(name_or_path)!r}.",
        f"Give one of {names}, or the path of a bundle." if names else "Give the path of a bundle: none is installed.",
    )


def _read_card(files: BundleFiles) -> ModelCard:
    card = parse_card(files.read(CARD_NAME), files.where(CARD_NAME))
    if card.weights is None:
        raise SASANError(f"The model card {files.where(CARD_NAME)} names no weights.", "Get the complete model again.")
    return card


def _load(files: BundleFiles) -> ModelBundle:
    card = _read_card(files)
    data = files.read(card.weights.file)
    where = files.where(card.weights.file)
    # Before the hash, because "wrong hash" would say too little about a pickle.
    check_format(data, where)
    # The very bytes that were hashed are decoded, so a file that changes in between cannot slip through.
    if hashlib.sha256(data).hexdigest() != card.weights.sha256:
        raise SASANError(
            f"{where} does not have the SHA-256 that its card states: it is damaged or not the model's.",
            "Get the complete model again.",
        )
    return ModelBundle(card, decode_weights(data, card.network, where), files.path)


def _refuse_to_replace_other_files(folder: Path) -> None:
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    try:
        is_bundle = CARD_NAME in open_files(folder).names()
    except SASANError:
        is_bundle = False
    if not is_bundle:
        raise SASANError(f"{folder} holds other files than a model's.", "Choose another folder.")


def _write(contents: Mapping[str, bytes], folder: Path) -> None:
    with atomic_folder(folder) as temporary:
        for name, content in contents.items():
            (temporary / name).write_bytes(content)
