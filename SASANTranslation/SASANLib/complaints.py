"""What pydantic says about settings and cards that do not fit, in plain words."""

from pydantic import ValidationError


def first_complaint(error: ValidationError) -> str:
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
