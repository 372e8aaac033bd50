"""Dialogs that wait for a person: tests answer in their place, in advance."""

from PySide6 import QtWidgets

from . import calls, enums
from .proxy import native_of, wrap


class UnansweredDialog(AssertionError):
    """A dialog came up for which the test has no answer."""


class Answers:
    """Answers to dialogs, by kind, in the order in which they will be asked.

    Kinds are the names of the static functions (getOpenFileName, getExistingDirectory, getText, question,
    information, …), "exec" for dialogs and message boxes that are executed, and "menu" for menus. An answer is the
    value that the caller gets (for "exec" also the text of the button to press; for "menu" the text of the action),
    or a function of the details that returns it. `asked` keeps (kind, details) of every dialog; the details of a
    static function are its arguments by Qt's names.
    """

    def __init__(self):
        self.asked = []
        self._pending = []

    def expect(self, kind, answer):
        self._pending.append((kind, answer))

    @property
    def unused(self):
        """Answers that were never asked for."""
        return tuple(self._pending)

    def ask(self, kind, details):
        """The answer to a dialog; UnansweredDialog when there is none."""
        self.asked.append((kind, details))
        for index, (expected, answer) in enumerate(self._pending):
            if expected == kind:
                del self._pending[index]
                return answer(details) if callable(answer) else answer
        shown = {key: value for key, value in details.items() if isinstance(value, (str, int))}
        raise UnansweredDialog(f"No answer to the dialog '{kind}' {shown}")


def ask(kind, details):
    import qt_facade

    return qt_facade.answers.ask(kind, details)


def execute(proxy):
    """QDialog.exec: returns the result code, or the button of a message box; emits what Qt would.

    An answer that is a function may press the dialog's own buttons; what it returns then does not count.
    """
    dialog, closed = native_of(proxy), []
    details = {"dialog": proxy, "title": dialog.windowTitle()}
    if isinstance(dialog, QtWidgets.QMessageBox):
        details |= _describe(dialog)
    dialog.finished.connect(closed.append)
    try:
        answer = ask("exec", details)
        if not closed:
            _close(dialog, answer)
    finally:
        dialog.finished.disconnect(closed.append)
    return dialog.result()


def _describe(box):
    """What a message box says; gives it the OK button that Qt would give it."""
    role = QtWidgets.QMessageBox.ButtonRole.ActionRole  # of "Show Details...", which does not count
    if all(box.buttonRole(button) == role for button in box.buttons()):
        box.addButton(QtWidgets.QMessageBox.StandardButton.Ok)
    return {"text": box.text(), "buttons": tuple(button.text().replace("&", "") for button in box.buttons())}


def _close(dialog, answer):
    """Close a dialog with a result code or, in a message box, with a button or its text."""
    if answer is None:
        raise UnansweredDialog(f"The dialog '{dialog.windowTitle()}' was left open")
    if not isinstance(dialog, QtWidgets.QMessageBox):
        dialog.done(int(answer))
        return
    button = _button(dialog, answer)
    if button is None:
        raise UnansweredDialog(f"The message box '{dialog.text()}' has no button {answer!r}")
    button.click()


def execute_menu(proxy, *_place):
    """QMenu.exec: triggers and returns the action with the text of the answer, or None."""
    menu = native_of(proxy)
    answer = ask("menu", {"menu": proxy, "actions": tuple(action.text() for action in menu.actions())})
    for action in menu.actions():
        if answer is not None and action.text().replace("&", "") == answer:
            action.trigger()
            return wrap(action)
    if answer is not None:
        raise UnansweredDialog(f"The menu has no action {answer!r}")
    return None


def _button(box, answer):
    if isinstance(answer, str):
        return next((each for each in box.buttons() if each.text().replace("&", "") == answer), None)
    button = enums.to_native(QtWidgets.QMessageBox.StandardButton, answer)
    return None if button is None else box.button(button)


def _asker(native_class, kind, result):
    """The static function `kind` of a dialog class: takes what Qt's takes, and asks."""
    described = getattr(native_class, kind)
    key = (native_class, kind)

    def function(*arguments):
        calls.native_arguments(described, key, arguments, {})
        names = [each.name for each in calls.overloads_of(described, key)[0]]
        return result(ask(kind, dict(zip(names, arguments, strict=False))))

    return function


def _button_value(answer):
    return enums.enum_type(QtWidgets.QMessageBox.StandardButton)(answer)


def _askers(native_class, results):
    return {kind: _asker(native_class, kind, result) for kind, result in results.items()}


#: The static functions, by class, and what makes the value they return of the answer.
STATICS = {
    native_class: _askers(native_class, results)
    for native_class, results in {
        QtWidgets.QFileDialog: {
            "getOpenFileName": str,
            "getOpenFileNames": tuple,
            "getSaveFileName": str,
            "getExistingDirectory": str,
        },
        QtWidgets.QInputDialog: {
            "getText": str,
            "getMultiLineText": str,
            "getItem": str,
            "getInt": int,
            "getDouble": float,
        },
        QtWidgets.QMessageBox: {
            "information": _button_value,
            "question": _button_value,
            "warning": _button_value,
            "critical": _button_value,
            "about": lambda _answer: None,
        },
        QtWidgets.QColorDialog: {"getColor": wrap},
    }.items()
}
