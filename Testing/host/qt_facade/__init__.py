"""The modules `qt` and `ctk` as PythonQt presents them inside Slicer, on PySide6 and without a display.

What PythonQt refuses is refused here, so that code which runs on this facade may be expected to run in Slicer.
Dialogs are answered by `qt_facade.answers`, which a test may replace; exceptions of slots are in `slot_errors`.
"""

from .appearance import ensure_application, use_palette
from .dialogs import Answers, UnansweredDialog
from .errors import slot_errors
from .modules import make_ctk_module, make_qt_module
from .objects import opened_urls
from .processes import processes_start_at_once, set_processes_start_at_once
from .proxy import create_proxy_class, unwrap, wrap
from .settings import use_settings_folder
from .timers import cancel_all as cancel_timers
from .ui_loader import register_custom_widget

#: Replace it, or give it answers with `answers.expect(kind, answer)`.
answers = Answers()


def reset():
    """Forget errors, answers, opened addresses, timers and how processes start, for a new host."""
    global answers
    answers = Answers()
    slot_errors.clear()
    opened_urls.clear()
    cancel_timers()
    use_settings_folder(None)
    set_processes_start_at_once(False)


__all__ = [
    "Answers",
    "UnansweredDialog",
    "answers",
    "cancel_timers",
    "create_proxy_class",
    "ensure_application",
    "make_ctk_module",
    "make_qt_module",
    "opened_urls",
    "processes_start_at_once",
    "register_custom_widget",
    "reset",
    "set_processes_start_at_once",
    "slot_errors",
    "unwrap",
    "use_palette",
    "use_settings_folder",
    "wrap",
]
