"""The colours of Slicer's styles: its light one somewhat softened, its dark one as in qSlicerStyle.cxx."""

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

_LIGHT = {
    "Window": "#efefef",
    "WindowText": "#1a1a1a",
    "Base": "#ffffff",
    "AlternateBase": "#f5f7fa",
    "Text": "#1a1a1a",
    "Button": "#e8e8e8",
    "ButtonText": "#1a1a1a",
    "Highlight": "#3a7bd5",
    "HighlightedText": "#ffffff",
    "ToolTipBase": "#ffffe1",
    "ToolTipText": "#1a1a1a",
    "Link": "#1f5fa8",
}
_LIGHT_DISABLED = dict.fromkeys(("WindowText", "Text", "ButtonText"), "#9a9a9a")

_DARK = {
    "Window": "#323232",
    "WindowText": "#ffffff",
    "Base": "#1e1e1e",
    "AlternateBase": "#323232",
    "ToolTipBase": "#ffffff",
    "ToolTipText": "#323232",
    "Text": "#ffffff",
    "PlaceholderText": "#c0c0c0",
    "Button": "#323232",
    "ButtonText": "#ffffff",
    "BrightText": "#ff4444",
    "Light": "#828284",
    "Midlight": "#5a5a5b",
    "Dark": "#232323",
    "Mid": "#2b2b2b",
    "Shadow": "#141414",
    "Highlight": "#3ca4ff",
    "HighlightedText": "#ffffff",
    "Link": "#3ca4ff",
}
_DARK_DISABLED = {
    "WindowText": "#6d6d6d",
    "Base": "#1e1e1e",
    "Text": "#6d6d6d",
    "ButtonText": "#b4b4b4",
    "Highlight": "#505050",
    "HighlightedText": "#6d6d6d",
}


def palette(dark):
    """The QPalette of the style "Dark Slicer" or "Light Slicer"."""
    colors, disabled = (_DARK, _DARK_DISABLED) if dark else (_LIGHT, _LIGHT_DISABLED)
    result = QApplication.style().standardPalette()
    for role, color in colors.items():
        result.setColor(getattr(QPalette.ColorRole, role), QColor(color))
    for role, color in disabled.items():
        result.setColor(QPalette.ColorGroup.Disabled, getattr(QPalette.ColorRole, role), QColor(color))
    return result
