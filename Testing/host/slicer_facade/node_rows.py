"""The rows of a node selector: "None", the nodes, and what the user may do with them."""

from PySide6.QtCore import QEvent, QModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication

_ID = Qt.ItemDataRole.UserRole + 1
_ACTION = Qt.ItemDataRole.UserRole + 2


class NodeRows:
    """The items of a combo box, each change for itself, so that Qt decides what is current afterwards."""

    def __init__(self, box):
        self._box, self.model = box, QStandardItemModel(box)
        box.setModel(self.model)
        self.has_none = False

    @property
    def ids(self):
        """The IDs of the nodes, in order."""
        rows = (self.model.item(row) for row in range(self.model.rowCount()))
        return [item.data(_ID) for item in rows if item.data(_ID)]

    @property
    def current_id(self):
        """The ID of the current node, or ""."""
        return self._box.currentData(_ID) or ""

    @property
    def is_at_none(self):
        """Whether what is current stands for no node, and not for something to do."""
        return self._box.currentIndex() == self._none_row

    @property
    def _none_row(self):
        return 0 if self.has_none else -1

    def choose(self, node_id):
        """Make a node current, or none, by the way that Slicer takes: a node is entered in the list of the box.

        So the box says that it was activated, as if a user had done it, unless that list is at the node already.
        """
        row = self._row(node_id)
        if row < 0:
            self._box.view().setCurrentIndex(self._index(self._none_row))
            self._box.setCurrentIndex(self._none_row)
        elif self._box.view().currentIndex() != self._index(row):
            self._box.view().setCurrentIndex(self._index(row))
            enter = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Enter, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(self._box.view(), enter)

    def choose_place(self, place):
        """Make the `place`-th node current, or none."""
        self._box.setCurrentIndex(place + self.has_none if 0 <= place < len(self.ids) else self._none_row)

    def reset(self):
        """Let nothing be current, not even none."""
        self._box.view().setCurrentIndex(QModelIndex())
        self._box.setCurrentIndex(-1)

    def action(self, row):
        """The action that a row stands for, or None."""
        item = self.model.item(row)
        return None if item is None else item.data(_ACTION)

    def remove(self, node_id):
        row = self._row(node_id)
        if row >= 0:
            self.model.removeRow(row)

    def remove_all(self):
        """Take all nodes away at once."""
        self.model.removeRows(int(self.has_none), len(self.ids))

    def put(self, place, node_id, name):
        """Show a node as the `place`-th, or only its name if it is there already. Returns whether it is new."""
        row = self._row(node_id)
        if row >= 0:
            if self.model.item(row).text() != name:
                self.model.item(row).setText(name)
            return False
        item = QStandardItem(name)
        item.setData(node_id, _ID)
        self.model.insertRow(place + self.has_none, item)
        if self.model.rowCount() == 1 and self._box.currentIndex() < 0:
            self._box.setCurrentIndex(0)  # Qt itself does so, unless the box has a text for when nothing is chosen
        return True

    def set_extras(self, none, actions):
        """Put "None" (its text, or None for no such row) first and {action: text} last; the current node stays."""
        current = self.current_id
        for row in reversed(range(self.model.rowCount())):
            if not self.model.item(row).data(_ID):
                self.model.removeRow(row)
        self.has_none = none is not None
        if self.has_none:
            self.model.insertRow(0, QStandardItem(none))
        for action, text in actions.items():
            item = QStandardItem(text)
            item.setData(action, _ACTION)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.model.appendRow(item)
        row = self._row(current)
        row = row if row >= 0 else self._none_row
        self._box.setCurrentIndex(row)
        self._box.view().setCurrentIndex(self._index(row))

    def _row(self, node_id):
        return self._box.findData(node_id, _ID) if node_id else -1

    def _index(self, row):
        return self.model.index(row, 0)
