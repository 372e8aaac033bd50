"""A model card to and from the bytes of `model.json`, with errors in plain words."""

import json
import re

from pydantic import ValidationError

from SASANLib.card import SCHEMA_VERSION, ModelCard
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
        raise SASANError(f"The model card {where} is not valid: {_describe(error)}.", hint) from error


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


def _describe(error: ValidationError) -> str:
    """The first of pydantic's complaints in plain words, and how many more there are."""
    first, *others = error.errors(include_url=False, include_input=False)
    field = _field(first["loc"])
    if first["type"] == "missing":
        words = f"the field {field} is missing"
    elif first["type"] == "extra_forbidden":
        words = f"the field {field} is unknown"
    else:
        message = first["msg"].removeprefix("Value error, ")
        words = f"{field}: {message[:1].lower()}{message[1:]}" if field else message
    return f"{words} (and {len(others)} more)" if others else words


def _field(location: tuple[str | int, ...]) -> str:
    """("labels", 0, "name") → "labels[0].name"."""
    parts = [f"[{p}]" if isinstance(p, int) else f".{p[:60]}" for p in location]
    return "".join(parts).removeprefix(".")


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
