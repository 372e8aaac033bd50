"""What goes wrong in a slot or an overridden method: printed and remembered, never propagated, as PythonQt does."""

import sys

#: Exceptions raised in slots and overridden virtual methods, oldest first. A test asserts that there are none.
slot_errors = []


def remember(error):
    """Print an exception as PythonQt would and add it to `slot_errors`."""
    slot_errors.append(error)
    sys.excepthook(type(error), error, error.__traceback__)


def complain(message):
    """One line on the error stream, where PythonQt prints its own complaints."""
    print(message, file=sys.stderr)
