"""The message box that slicer.util uses, with "don't show again"."""

from PySide6.QtCore import Property
from PySide6.QtWidgets import QCheckBox, QMessageBox


class ctkMessageBox(QMessageBox):
    def __init__(self, parent=None):
        super().__init__(parent)
        self._settings_key = ""
        self._again = QCheckBox("Don't show this message again")
        self._again_shown = False

    def setDontShowAgainVisible(self, visible: bool):
        self._again_shown = visible
        self.setCheckBox(self._again if visible else None)

    def setDontShowAgain(self, again: bool):
        self._again.setChecked(again)

    def setDontShowAgainSettingsKey(self, key: str):
        self._settings_key = key
        self.setDontShowAgainVisible(bool(key))

    dontShowAgainVisible = Property(bool, lambda self: self._again_shown, setDontShowAgainVisible)
    dontShowAgain = Property(bool, lambda self: self._again.isChecked(), setDontShowAgain)
    dontShowAgainSettingsKey = Property(str, lambda self: self._settings_key, setDontShowAgainSettingsKey)
