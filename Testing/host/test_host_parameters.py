"""`parameterNodeWrapper`: Slicer's formats, its refusals, and widgets that follow."""

import enum
from typing import Annotated

import numpy as np
import pytest
import slicer


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@pytest.fixture
def node(host):
    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")


@pytest.fixture
def parameters(node):
    from slicer.parameterNodeWrapper import Choice, Default, WithinRange, parameterNodeWrapper

    @parameterNodeWrapper
    class Parameters:
        text: str = "a"
        count: Annotated[int, WithinRange(0, 10), Default(4)]
        share: Annotated[float, WithinRange(0, 1)] = 0.5
        flag: bool
        color: Color
        volume: slicer.vtkMRMLScalarVolumeNode
        numbers: list[int] = [7]  # noqa: RUF012
        texts: list[str]
        plane: Annotated[str, Choice(["axial", "coronal"])] = "axial"

    return Parameters(node)


def stored(node):
    return {name: node.GetParameter(name) for name in node.GetParameterNames()}


def volume(name="v"):
    return slicer.util.addVolumeFromArray(np.zeros((2, 2, 2), np.int16), np.eye(4), name)


def test_values_lie_in_the_node_as_slicer_writes_them(node, parameters):
    assert stored(node) == {
        "text": "a",
        "count": "4",
        "share": "0.5",
        "flag": "False",
        "color": "RED",
        "volume": "",
        "numbers.len": "1",
        "numbers.0": "7",
        "texts.len": "0",
        "plane": "axial",
    }
    source = volume()
    parameters.flag, parameters.color, parameters.volume = True, Color.BLUE, source
    parameters.numbers, parameters.texts, parameters.share = [3, 1, 2], ["x"], 1
    assert node.GetNodeReferenceID("volume") == source.GetID()
    after = stored(node)
    assert (after["flag"], after["color"], after["volume"], after["share"]) == ("True", "BLUE", "", "1")
    assert [after[f"numbers.{key}"] for key in ("len", 0, 1, 2)] == ["3", "3", "1", "2"]
    parameters.numbers = [5]
    assert "numbers.1" not in stored(node) and parameters.numbers == [5]


def test_what_the_node_says_is_read(node, parameters):
    assert type(parameters.share) is float
    node.SetParameter("count", "9")
    node.SetParameter("flag", "True")
    node.SetParameter("color", "BLUE")
    node.SetParameter("texts.0", "one")
    node.SetParameter("texts.len", "1")
    assert (parameters.count, parameters.flag, parameters.color) == (9, True, Color.BLUE)
    assert parameters.texts == ["one"]
    again = type(parameters)(node)
    assert again.count == 9, "what is there is not overwritten by the default"
    assert parameters.parameterNode is node


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("text", 3, TypeError),
        ("text", None, ValueError),
        ("count", 11, ValueError),
        ("count", 1.5, TypeError),
        ("count", "3", TypeError),
        ("share", 2.0, ValueError),
        ("flag", 1, TypeError),
        ("color", "RED", TypeError),
        ("volume", "vtkMRMLScalarVolumeNode1", TypeError),
        ("numbers", ["a"], TypeError),
        ("numbers", 3, TypeError),
        ("texts", [None], ValueError),
        ("plane", "sagittal", ValueError),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_is_changed(node, parameters, name, value, error):
    before = stored(node)
    with pytest.raises(error):
        setattr(parameters, name, value)
    assert stored(node) == before


def test_another_kind_of_node_is_refused(parameters):
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    with pytest.raises(TypeError):
        parameters.volume = table
    parameters.volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    parameters.volume = None
    assert parameters.volume is None


def test_each_change_is_told_once_and_no_change_never(parameters):
    told = []

    def note(*_):
        told.append((parameters.count, parameters.numbers[:]))

    tag = parameters.AddObserver("ModifiedEvent", note, 1.0)  # before the wrapper's own
    parameters.count = 4
    assert told == []
    parameters.count = 5
    parameters.numbers = [1, 2]
    assert told == [(5, [7]), (5, [1, 2])], "observers see the new value"
    parameters.RemoveObserver(tag)
    parameters.count = 6
    assert len(told) == 2


def test_a_list_is_written_when_it_is_changed_and_is_no_list(node, parameters):
    parameters.numbers.append(8)
    parameters.numbers += [9]
    parameters.numbers.remove(7)
    assert stored(node)["numbers.len"] == "2" and parameters.numbers == [8, 9]
    assert not isinstance(parameters.numbers, list)
    with pytest.raises(NotImplementedError):
        parameters.numbers + parameters.numbers
    with pytest.raises(NotImplementedError):
        parameters.numbers * 2
    with pytest.raises(TypeError):
        parameters.numbers.append("x")
    assert parameters.numbers == [8, 9]


def test_a_misspelt_name_passes_silently(node, parameters):
    before = stored(node)
    parameters.cuont = 7
    assert stored(node) == before and parameters.count == 4


def test_unknown_types_and_reserved_names_are_refused(host):
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    with pytest.raises(Exception, match="Unable to create serializer"):

        @parameterNodeWrapper
        class Bad:
            thing: complex

    with pytest.raises(ValueError, match="reserved name 'connectGui'"):

        @parameterNodeWrapper
        class Reserved:
            connectGui: int


def test_a_node_that_was_removed_is_no_longer_there_for_a_new_wrapper(node, parameters):
    source = volume()
    parameters.volume = source
    slicer.mrmlScene.RemoveNode(source)
    assert type(parameters)(node).volume is None


def test_widgets_follow_until_they_are_disconnected(parameters):
    import qt

    top = qt.QWidget()
    rows = qt.QVBoxLayout(top)
    spin, check = qt.QSpinBox(), qt.QCheckBox()
    for widget, name in ((spin, "count"), (check, "flag")):
        rows.addWidget(widget)
        widget.setProperty("SlicerParameterName", name)
    tag = parameters.connectGui(top)
    assert (spin.value, spin.maximum) == (4, 10)
    spin.value = 8
    check.checked = True
    assert (parameters.count, parameters.flag) == (8, True)
    parameters.disconnectGui(tag)
    spin.value = 2
    parameters.flag = False
    assert parameters.count == 8 and check.checked


def test_a_destroyed_widget_raises_at_every_later_change_unless_disconnected(parameters, host):
    import qt

    top = qt.QWidget()
    spin = qt.QSpinBox(top)
    spin.setProperty("SlicerParameterName", "count")
    tag = parameters.connectGui(top)
    top.delete()
    parameters.count = 9
    assert len(host.slot_errors) == 1
    host.slot_errors.clear()
    parameters._connections._connectors.pop(tag)
    parameters.count = 3
    assert host.slot_errors == []


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda qt, ctk: qt.QRadioButton(), "flag"),
        (lambda qt, ctk: ctk.ctkCollapsibleButton(), "flag"),
        (lambda qt, ctk: qt.QSpinBox(), "share"),
        (lambda qt, ctk: qt.QComboBox(), "text"),
        (lambda qt, ctk: qt.QLineEdit(), "numbers"),
        (lambda qt, ctk: qt.QPlainTextEdit(), "text"),
    ],
)
def test_a_widget_that_cannot_show_the_type_is_refused(parameters, make, name):
    import ctk
    import qt

    with pytest.raises(RuntimeError):
        parameters.connectParametersToGui({name: make(qt, ctk)})
    with pytest.raises(ValueError, match="Cannot find a param"):
        parameters.connectParametersToGui({"nothing": qt.QLabel()})
