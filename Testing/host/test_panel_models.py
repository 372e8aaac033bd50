"""Models in the panel: which there are, their cards, importing, replacing and removing them."""

import json
import shutil

import pytest
import qt_facade
from panel_examples import BUNDLED, add_phantom, copy_model, translate, wait_until

#: Dialogs come up, and are answered.
TESTING = False


@pytest.fixture
def panel(opened):
    from SASANTranslationLib.models import user_root

    host, _widget, panel = opened
    host.close_scene()
    add_phantom(panel)
    yield panel
    shutil.rmtree(user_root(), ignore_errors=True)
    panel.model_section.reload()
    assert host.answers.unused == ()


def names(panel):
    combo = panel.ui.modelComboBox
    return [combo.itemData(index) for index in range(combo.count)]


def menu(panel, text):
    """Choose an entry of the menu Manage."""
    actions = [action for action in panel.ui.manageModelsButton.menu().actions() if action.text.startswith(text)]
    assert len(actions) == 1
    actions[0].trigger()


def import_model(host, panel, path, kind="getExistingDirectory"):
    host.answers.expect(kind, str(path))
    menu(panel, "Import a model's folder" if kind == "getExistingDirectory" else "Import a model's .zip")
    wait_until(lambda: not panel.model_import.running)
    return panel.ui.statusLabel.text


def test_the_bundled_model_is_there_and_its_card_is_shown(panel):
    assert names(panel) == ["brain-mr-ct"]
    assert "SynthRAD2023" in panel.ui.modelDetailsBrowser.plainText
    for word in ("MR", "CT", "head", "Licence", "CC BY-NC 4.0", "Citation", "MAE", "Intended use", "Limitations"):
        assert word in panel.ui.modelDetailsBrowser.plainText
    assert "Anatomy" in panel.ui.modelComboBox.toolTip


def test_a_folder_is_imported_selected_and_translates(panel, opened, tmp_path):
    from SASANTranslationLib.models import user_root

    message = import_model(opened[0], panel, copy_model(tmp_path / "elsewhere"))
    assert message == "The model my-model was imported."
    assert names(panel) == ["my-model", "brain-mr-ct"]
    assert panel.parameters.model == "my-model"
    assert (user_root() / "my-model" / "model.safetensors").is_file()
    assert translate(panel) == "done"
    assert panel.results_section.current.entry("model") == "my-model"


def test_a_zip_is_imported(panel, opened, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "model"), "zip", copy_model(tmp_path / "elsewhere"))
    import_model(opened[0], panel, archive, "getOpenFileName")
    assert panel.parameters.model == "my-model"


def test_a_damaged_model_is_refused_and_nothing_is_left(panel, opened, tmp_path):
    from SASANTranslationLib.models import user_root

    folder = copy_model(tmp_path / "elsewhere")
    (folder / "model.safetensors").write_bytes(b"\x80\x04 a pickle")
    message = import_model(opened[0], panel, folder)
    assert "model.safetensors" in message
    assert names(panel) == ["brain-mr-ct"] and panel.parameters.model == "brain-mr-ct"
    assert not user_root().is_dir() or list(user_root().iterdir()) == []


def test_a_model_is_replaced_only_after_a_question(panel, opened, tmp_path):
    from SASANTranslationLib.models import user_root

    host, folder = opened[0], copy_model(tmp_path / "elsewhere")
    import_model(host, panel, folder)
    card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    (folder / "model.json").write_text(json.dumps({**card, "title": "Newer"}), encoding="utf-8")
    host.answers.expect("exec", "Cancel")
    assert "There already is a model my-model" in import_model(host, panel, folder)
    assert json.loads((user_root() / "my-model" / "model.json").read_text(encoding="utf-8"))["title"] == "Mine"
    host.answers.expect("exec", "OK")
    assert import_model(host, panel, folder) == "The model my-model was imported."
    assert panel.ui.modelComboBox.currentText == "Newer"


def test_nothing_is_translated_while_a_model_is_imported(panel, opened, tmp_path):
    opened[0].answers.expect("getExistingDirectory", str(copy_model(tmp_path / "elsewhere")))
    menu(panel, "Import a model's folder")
    assert not panel.ui.translateButton.enabled
    assert "being imported" in panel.ui.translateButton.toolTip
    wait_until(lambda: not panel.model_import.running)
    assert panel.ui.translateButton.enabled


def test_a_users_model_is_removed_after_a_question_and_a_bundled_one_never(panel, opened, tmp_path):
    from SASANTranslationLib.models import user_root

    host = opened[0]
    assert not panel.model_section._remove_action.enabled
    import_model(host, panel, copy_model(tmp_path / "elsewhere"))
    host.answers.expect("exec", "Cancel")
    menu(panel, "Remove")
    assert names(panel) == ["my-model", "brain-mr-ct"]
    host.answers.expect("exec", "OK")
    menu(panel, "Remove")
    assert names(panel) == ["brain-mr-ct"]
    assert list(user_root().iterdir()) == []
    assert panel.parameters.model == "brain-mr-ct" and panel.ui.translateButton.enabled
    assert BUNDLED.is_dir()


def test_open_folder(panel):
    menu(panel, "Open")
    assert qt_facade.opened_urls[-1].endswith("brain-mr-ct")


def test_a_damaged_card_is_shown_as_such(panel):
    from SASANTranslationLib.models import user_root

    (user_root() / "broken").mkdir(parents=True)
    (user_root() / "broken" / "model.json").write_text("{", encoding="utf-8")
    panel.model_section.reload()
    assert names(panel) == ["broken", "brain-mr-ct"]
    panel.parameters.model = "broken"
    assert panel.ui.modelComboBox.currentText == "broken (damaged)"
    assert "cannot be read" in panel.ui.translateButton.toolTip
    assert panel.ui.directionComboBox.count == 0


def test_a_cards_text_is_no_markup(panel, opened, tmp_path):
    folder = copy_model(tmp_path / "elsewhere")
    card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    card["description"] = "<img src='x'><b>bold</b>"
    (folder / "model.json").write_text(json.dumps(card), encoding="utf-8")
    import_model(opened[0], panel, folder)
    assert "<img src='x'><b>bold</b>" in panel.ui.modelDetailsBrowser.plainText


@pytest.mark.parametrize(
    "change",
    [
        {"training": []},
        {"grid": {"planes": [1, 2]}},
        {"domains": {key: {"name": "MR", "modality": "MR", "units": "a.u."} for key in "ab"}},
        {"domains": {key: {"name": 7, "modality": "MR", "units": "a.u."} for key in "ab"}},
        {"title": ["a", "b"]},
    ],
    ids=["training", "planes", "domains alike", "domain names", "title"],
)
def test_a_card_that_is_json_but_not_valid_is_shown_as_damaged(panel, opened, change):
    from SASANTranslationLib.models import user_root

    folder = copy_model(user_root() / "odd", name="odd")
    card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    (folder / "model.json").write_text(json.dumps({**card, **change}), encoding="utf-8")
    opened[0].select_module(None)
    opened[0].select_module("SASANTranslation")
    panel.parameters.model = "odd"
    assert panel.ui.modelComboBox.currentText == "odd (damaged)"
    assert "is not valid" in panel.ui.translateButton.toolTip
