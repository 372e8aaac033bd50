"""`slicer.i18n`: every text is its own translation."""


def translate(context, text):
    """The text in the application's language, here English."""
    if not isinstance(context, str) or not isinstance(text, str):
        raise TypeError(f"translate takes two texts, not {type(context).__name__} and {type(text).__name__}")
    return text


def tr(text):
    """The text in the application's language; Slicer takes the context from the caller's file."""
    return translate("", text)
