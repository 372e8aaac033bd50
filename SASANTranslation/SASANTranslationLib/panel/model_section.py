"""The model, its card, the direction and the device; importing and removing models."""

import qt
import slicer
from slicer.i18n import tr as _

from SASANTranslationLib import card_text, models
from SASANTranslationLib.direction import guess_modality
from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.panel.combo import fill

AUTOMATIC = "auto"


class ModelSection:
    """The widgets about the model; `parameters` is the parameter node, or None while there is none.

    import_model(path): asked to import a folder or .zip.
    """

    def __init__(self, ui, import_model):
        self._ui = ui
        self._import_model = import_model
        self._devices = []
        self._shown = None
        self.parameters = None
        self.models = []
        self._make_menu()
        ui.modelComboBox.connect("currentIndexChanged(int)", self._on_model)
        ui.directionComboBox.connect("currentIndexChanged(int)", self._on_direction)
        ui.deviceComboBox.connect("currentIndexChanged(int)", self._on_device)
        self.reload()

    def reload(self):
        """Look anew at what models there are."""
        self.models = models.installed_models()
        self._shown = None
        self.refresh()

    def set_devices(self, devices):
        """The worker's list of {"name", "description"}."""
        self._devices = devices
        self.refresh()

    def refresh(self):
        """Show the parameter node's model, direction and device."""
        parameters = self.parameters
        model = self._current()
        entries = [(self._label(each), each.name, card_text.tooltip(each)) for each in self.models]
        fill(self._ui.modelComboBox, entries, parameters.model if parameters is not None else None)
        self._ui.modelComboBox.toolTip = (
            card_text.tooltip(model) if model is not None else _("Import a model with Manage.")
        )
        if model is not self._shown:  # a browser that is filled anew forgets where it was scrolled to
            self._ui.modelDetailsBrowser.setHtml(card_text.details(model) if model is not None else "")
            self._shown = model
        self._remove_action.enabled = model is not None and not model.bundled
        self._folder_action.enabled = model is not None
        fill(self._ui.directionComboBox, self._directions(model), parameters.direction if parameters else None)
        fill(self._ui.deviceComboBox, self._device_entries(), parameters.device if parameters else AUTOMATIC)

    def _current(self):
        if self.parameters is None:
            return None
        return next((model for model in self.models if model.name == self.parameters.model), None)

    def _label(self, model):
        return f"{model.title} ({_('damaged')})" if model.problem else model.title

    def _directions(self, model):
        if model is None or model.problem:
            return []
        volume = self.parameters.inputVolume
        modality = guess_modality(volume) if volume is not None else None
        guessed = model.direction_from(modality) if modality else None
        if guessed is not None:
            automatic = _("Automatic: {direction}").format(direction=" → ".join(model.directions[guessed]))
        elif volume is None:
            automatic = _("Automatic")
        else:
            automatic = _("Automatic: not clear, choose one")
        named = [(" → ".join(names), direction, "") for direction, names in model.directions.items()]
        return [(automatic, "", ""), *named]

    def _device_entries(self):
        entries = [(_("Automatic"), AUTOMATIC, _("The fastest device, with a retreat to the CPU if memory runs out."))]
        entries += [(device["description"], device["name"], "") for device in self._devices]
        chosen = self.parameters.device if self.parameters is not None else AUTOMATIC
        if all(chosen != name for _text, name, _tip in entries):
            entries.append((chosen, chosen, ""))  # from a saved scene; the worker will tell whether it is there
        return entries

    def _on_model(self, _index):
        if self.parameters is not None and self._ui.modelComboBox.currentIndex >= 0:
            self.parameters.model = self._ui.modelComboBox.currentData

    def _on_direction(self, _index):
        if self.parameters is not None and self._ui.directionComboBox.currentIndex >= 0:
            self.parameters.direction = self._ui.directionComboBox.currentData

    def _on_device(self, _index):
        if self.parameters is not None and self._ui.deviceComboBox.currentIndex >= 0:
            self.parameters.device = self._ui.deviceComboBox.currentData

    # The menu

    def _make_menu(self):
        self._menu = qt.QMenu(self._ui.manageModelsButton)
        self._menu.addAction(_("Import a model's folder…")).connect("triggered()", self._choose_folder)
        self._menu.addAction(_("Import a model's .zip file…")).connect("triggered()", self._choose_file)
        self._menu.addSeparator()
        self._remove_action = self._menu.addAction(_("Remove this model…"))
        self._remove_action.connect("triggered()", self.remove)
        self._folder_action = self._menu.addAction(_("Open this model's folder"))
        self._folder_action.connect("triggered()", self._open_folder)
        self._ui.manageModelsButton.setMenu(self._menu)

    def _choose_folder(self):
        path = qt.QFileDialog.getExistingDirectory(self._ui.manageModelsButton, _("Folder of the model"))
        if path:
            self._import_model(path)

    def _choose_file(self):
        path = qt.QFileDialog.getOpenFileName(
            self._ui.manageModelsButton, _("File of the model"), "", _("Models (*.zip)")
        )
        if path:
            self._import_model(path)

    def remove(self):
        """Delete the chosen model after a question, if it is the user's own."""
        model = self._current()
        question = _("Delete the model {name} and its folder {folder}?").format(name=model.name, folder=model.folder)
        if not slicer.util.confirmOkCancelDisplay(question, windowTitle=_("Remove model")):
            return
        try:
            models.remove_model(model)
        except TranslationError as error:
            slicer.util.errorDisplay(str(error))
        self.reload()
        if self._current() is None:
            self.parameters.model = self.models[0].name if self.models else ""

    def _open_folder(self):
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self._current().folder)))
