"""Combo boxes whose entries come and go."""

import qt


def fill(combo, entries, current):
    """Give `combo` the `entries`, (text, data, tool tip) each, and select the one whose data is `current`.

    No signal is sent. With no such entry nothing is selected.
    """
    was_blocked = combo.blockSignals(True)
    combo.clear()
    for index, (text, data, tool_tip) in enumerate(entries):
        combo.addItem(text, data)
        if tool_tip:
            combo.setItemData(index, tool_tip, qt.Qt.ToolTipRole)
    combo.setCurrentIndex(next((n for n, (_text, data, _tip) in enumerate(entries) if data == current), -1))
    combo.blockSignals(was_blocked)
