"""The rows of a node selector: "None", the nodes, and what the user may do with them."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

_ID = Qt.ItemDataRole.UserRole + 1
_ACTION = Qt.ItemDataRole.UserRole + 2


class NodeRows:
    """The items of a combo box, each change for itself, so that Qt decides what is current afterwards."""

    def __init__(self, box):
        self._box, self._model = box, QStandardItemModel(box)
        box.setModel(self._model)
        self._none = False

    @property
    def ids(self):
        """The IDs of the nodes, in order."""
        rows = (self._model.item(row) for row in range(self._model.rowCount()))
        return [item.data(_ID) for item in rows if item.data(_ID)]

    @property
    def current_id(self):
        """The ID of the current node, or ""."""
        return self._box.currentData(_ID) or ""

    @current_id.setter
    def current_id(self, node_id):
        row = self._row(node_id) if node_id else -1
        self._box.setCurrentIndex(row if row >= 0 else (0 if self._none else -1))

    def action(self, row):
        """The action that a row stands for, or None."""
        item = self._model.item(row)
        return None if item is None else item.data(_ACTION)

    def remove(self, node_id):
        self._model.removeRow(self._row(node_id))

    def put(self, place, node_id, name):
        """Show a node as the `place`-th, or only its name if it is there already. Returns whether it is new."""
        row = self._row(node_id)
        if row >= 0:
            if self._model.item(row).text() != name:
                self._model.item(row).setText(name)
            return False
        item = QStandardItem(name)
        item.setData(node_id, _ID)
        self._model.insertRow(place + self._none, item)
        self._choose_first()
        return True

    def set_extras(self, none, actions):
        """Put "None" (its text, or None for no such row) first and {action: text} last; the current node stays."""
        current = self.current_id
        for row in reversed(range(self._model.rowCount())):
            if not self._model.item(row).data(_ID):
                self._model.removeRow(row)
        self._none = none is not None
        if self._none:
            self._model.insertRow(0, QStandardItem(none))
        for action, text in actions.items():
            item = QStandardItem(text)
            item.setData(action, _ACTION)
            self._model.appendRow(item)
        self.current_id = current
        self._choose_first()

    def _choose_first(self):
        """What Qt itself does with a first row, unless the box has a text for when nothing is chosen."""
        if self._box.currentIndex() < 0 and len(self.ids) == self._model.rowCount() > 0:
            self._box.setCurrentIndex(0)

    def _row(self, node_id):
        return self._box.findData(node_id, _ID)
