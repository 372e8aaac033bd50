"""A training job's configuration from what the command line was given."""

import json
from pathlib import Path

from pydantic import ValidationError

from SASANLib.complaints import first_complaint
from SASANLib.errors import SASANError
from SASANLib.training.config import PRESETS, TrainingConfig, from_preset
from SASANLib.training.dataset import PreparedDataset
from SASANLib.training.engine import check_against_data


def configuration(data: Path | None, settings_file: Path | None, preset: str) -> TrainingConfig:
    """The preset with the settings file's changes, for `data`.

    Where the settings do not say how many classes the network has, it has the data's.

    Raises:
        SASANError: an unknown preset, a settings file that is no such thing, missing or unfit data.
    """
    if preset not in PRESETS:
        raise SASANError(f"Unknown preset {preset!r}.", f"Choose one of {', '.join(PRESETS)}.")
    settings = _read(settings_file) if settings_file else {}
    if data is not None:
        settings["data"] = str(data)
    if "data" not in settings:
        raise SASANError("No prepared data was given.", "Name its folder with --data.")
    try:
        config = from_preset(preset, **settings)
    except ValidationError as error:
        where = settings_file or "the command line"
        raise SASANError(f"{where}: {first_complaint(error)}.", "Correct that setting.") from error
    dataset = PreparedDataset(config.data)
    if "classes" not in config.network.model_fields_set:
        network = config.network.model_copy(update={"classes": dataset.classes})
        config = config.model_copy(update={"network": network})
    check_against_data(config, dataset)
    # Absolute, for a job is resumed from anywhere.
    return config.model_copy(update={"data": config.data.resolve()})


def _read(path: Path) -> dict:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SASANError(f"Cannot read {path}: {error.strerror or error}.", "Check the path.") from error
    except ValueError as error:
        raise SASANError(f"{path} is not a JSON file of settings ({error}).", "Correct it.") from error
    if not isinstance(settings, dict):
        raise SASANError(f"{path} is not a JSON file of settings.", "Give an object with fields of a job's settings.")
    return settings
