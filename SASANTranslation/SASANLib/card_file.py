"""A model card to and from the bytes of `model.json`, with errors in plain words."""

import json
import re

from pydantic import ValidationError

from SASANLib.card import SCHEMA_VERSION, ModelCard
from SASANLib.complaints import first_complaint
from SASANLib.errors import SASANError


def parse_card(text: bytes, where: str) -> ModelCard:
    """The card in the bytes of a `model.json`; `where` is how messages call that file.

    Raises:
        SASANError: not JSON, an unknown schema version, or a field that is missing, unknown or wrong.
    """
    hint = "Correct that field, or get the model again from where it came from."
    try:
        content = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise SASANError(
            f"The model card {where} is not JSON ({_first_line(error)}).",
            "Get the model again from where it came from.",
        ) from error
    if not isinstance(content, dict):
        raise SASANError(f"The model card {where} is not a JSON object.", hint)
    _check_schema_version(content.get("schema_version"), where)
    try:
        return ModelCard.model_validate_json(text)
    except ValidationError as error:
        raise SASANError(f"The model card {where} is not valid: {first_complaint(error)}.", hint) from error


def card_json(card: ModelCard) -> bytes:
    """The bytes of a `model.json`, which `parse_card` reads back into an equal card."""
    return (card.model_dump_json(indent=2) + "\n").encode()


def _check_schema_version(version: object, where: str) -> None:
    if version == SCHEMA_VERSION:
        return
    if not isinstance(version, str) or re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6}){1,2}", version) is None:
        raise SASANError(
            f"The model card {where} is not valid: the field schema_version is missing or not a version.",
            f"This SASAN reads schema version {SCHEMA_VERSION}.",
        )
    raise SASANError(
        f"The model card {where} has schema version {version}, so the model was made by a newer SASAN.",
        f"Update the extension: this one reads schema version {SCHEMA_VERSION}.",
    )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
