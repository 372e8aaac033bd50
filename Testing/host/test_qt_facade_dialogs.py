"""Dialogs: nobody is there, so a test answers in advance or the dialog raises."""

import pytest
import qt_facade
from facade_session import ctk, fresh_facade, qt, take_slot_errors  # noqa: F401
from qt_facade import UnansweredDialog


def expect(kind, answer):
    qt_facade.answers.expect(kind, answer)


def test_file_dialogs_return_text():
    expect("getOpenFileName", "/data/head.nii")
    expect("getOpenFileNames", ["/a", "/b"])
    expect("getSaveFileName", "")
    expect("getExistingDirectory", "/models")
    assert qt.QFileDialog.getOpenFileName(None, "Open", "/data", "Volumes (*.nii)") == "/data/head.nii"
    assert qt.QFileDialog.getOpenFileNames(None, "Open") == ("/a", "/b")
    assert qt.QFileDialog.getSaveFileName() == ""
    assert qt.QFileDialog.getExistingDirectory(None, "Import", "/") == "/models"
    assert qt_facade.answers.asked[0] == (
        "getOpenFileName",
        {"parent": None, "caption": "Open", "dir": "/data", "filter": "Volumes (*.nii)"},
    )


def test_input_dialogs_return_one_value():
    expect("getText", "name")
    expect("getInt", 4)
    assert qt.QInputDialog.getText(None, "Rename", "Name:") == "name"
    assert qt.QInputDialog.getInt(None, "Count", "How many?", 1) == 4


def test_the_arguments_of_dialogs_are_checked():
    with pytest.raises(ValueError, match="matching overload"):
        qt.QFileDialog.getOpenFileName("Open", "/data")  # the parent is missing
    with pytest.raises(ValueError, match="matching overload"):
        qt.QInputDialog.getText()
    with pytest.raises(ValueError, match="matching overload"):
        qt.QMessageBox.question("Really?")


def test_a_dialog_without_an_answer_raises():
    for ask in (
        lambda: qt.QFileDialog.getOpenFileName(),
        lambda: qt.QMessageBox.question(None, "Title", "Really?"),
        lambda: qt.QDialog().exec_(),
        lambda: qt.QMenu().exec_(),
        lambda: ctk.ctkMessageBox().exec(),
    ):
        with pytest.raises(UnansweredDialog):
            ask()


def test_in_a_slot_it_is_collected():
    button = qt.QPushButton()
    button.clicked.connect(lambda: qt.QMessageBox.warning(None, "Title", "Text"))
    button.click()
    assert [type(error) for error in take_slot_errors()] == [UnansweredDialog]


def test_message_boxes():
    expect("question", qt.QMessageBox.Yes)
    answer = qt.QMessageBox.question(None, "Title", "Really?", qt.QMessageBox.Yes | qt.QMessageBox.No)
    assert answer == qt.QMessageBox.Yes and isinstance(answer, qt.QMessageBox.StandardButton)
    expect("about", None)
    assert qt.QMessageBox.about(None, "SASAN", "Text") is None


def test_a_dialog_is_executed():
    dialog, got = qt.QDialog(), []
    dialog.accepted.connect(lambda: got.append("accepted"))
    dialog.rejected.connect(lambda: got.append("rejected"))
    for result in (0, qt.QDialog.Accepted, 1, 0):
        expect("exec", result)
    assert dialog.exec_() == 0
    assert dialog.exec_() == 1 and dialog.result() == 1
    assert dialog.exec() == 1
    assert dialog.exec() == 0
    assert got == ["rejected", "accepted", "accepted", "rejected"]


def test_an_answer_may_act_on_the_dialog():
    dialog = qt.QDialog()
    edit = qt.QLineEdit(dialog)

    def fill(details):
        assert details["dialog"] is dialog
        edit.text = "filled"
        return qt.QDialog.Accepted

    expect("exec", fill)
    assert dialog.exec_() == 1 and edit.text == "filled"
    expect("exec", lambda details: dialog.accept())
    assert dialog.exec_() == 1
    expect("exec", lambda details: None)
    with pytest.raises(UnansweredDialog, match="left open"):
        dialog.exec_()


@pytest.mark.parametrize("answer", [qt.QMessageBox.Cancel, "Cancel"])
def test_a_message_box_is_executed(answer):
    box, got = ctk.ctkMessageBox(), []
    box.windowTitle, box.text = "Title", "Really?"
    box.standardButtons = qt.QMessageBox.Ok | qt.QMessageBox.Cancel
    box.rejected.connect(lambda: got.append("rejected"))
    expect("exec", answer)
    assert box.exec_() == qt.QMessageBox.Cancel
    assert box.clickedButton().text == "Cancel" and got == ["rejected"]
    assert qt_facade.answers.asked[0][1]["buttons"] == ("OK", "Cancel")
    assert qt_facade.answers.asked[0][1]["text"] == "Really?"


def test_a_button_of_ones_own_is_pressed_by_its_text():
    box = qt.QMessageBox()
    install = box.addButton("&Install", qt.QMessageBox.AcceptRole)
    box.addButton("Later", qt.QMessageBox.RejectRole)
    expect("exec", "Install")
    box.exec_()
    assert box.clickedButton() is install
    expect("exec", "Never")
    with pytest.raises(UnansweredDialog, match="no button 'Never'"):
        box.exec_()


def test_a_menu_is_executed():
    menu, got = qt.QMenu(), []
    copy = menu.addAction("&Copy")
    copy.triggered.connect(lambda: got.append("copied"))
    expect("menu", "Copy")
    expect("menu", None)
    assert menu.exec_(qt.QCursor.pos()) is copy and got == ["copied"]
    assert menu.exec_() is None


def test_answers_may_be_replaced(monkeypatch):
    class Always(qt_facade.Answers):
        def ask(self, kind, details):
            return "/always"

    monkeypatch.setattr(qt_facade, "answers", Always())
    assert qt.QFileDialog.getExistingDirectory() == "/always"


def test_unused_answers_are_known():
    expect("getText", "x")
    assert qt_facade.answers.unused == (("getText", "x"),)
    qt.QInputDialog.getText(None, "Title", "Label:")
    assert qt_facade.answers.unused == ()
