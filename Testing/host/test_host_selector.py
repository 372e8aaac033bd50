"""The node selector of the host."""

import numpy as np
import pytest
import slicer


def add(name, kind="vtkMRMLScalarVolumeNode"):
    return slicer.mrmlScene.AddNewNodeByClass(kind, name)


def shown(selector):
    nodes = [selector.nodeFromIndex(index) for index in range(selector.nodeCount())]
    return [node.GetName() for node in nodes]


@pytest.fixture
def selector(host):
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.noneEnabled, selector.addEnabled, selector.removeEnabled = True, False, False
    selector.setMRMLScene(slicer.mrmlScene)
    return selector


def test_it_is_a_slicer_widget_of_pythonqt(selector):
    assert selector.className() == "qMRMLNodeComboBox" and selector.inherits("QWidget")
    assert selector.nodeTypes == ("vtkMRMLScalarVolumeNode",) and selector.noneDisplay == "None"
    assert selector.mrmlScene() is slicer.mrmlScene
    with pytest.raises(AttributeError):
        selector.nodeType = "vtkMRMLScalarVolumeNode"
    with pytest.raises(TypeError):
        selector.nodeCount + 1
    with pytest.raises(AttributeError):
        selector.sync_rows  # noqa: B018
    with pytest.raises(TypeError):
        selector.setCurrentNode("vtkMRMLScalarVolumeNode1")
    with pytest.raises(TypeError):
        selector.setMRMLScene(selector)


def test_it_offers_the_nodes_of_its_types(selector):
    add("a"), add("b", "vtkMRMLTableNode"), add("c", "vtkMRMLLabelMapVolumeNode")
    hidden = add("d")
    assert shown(selector) == ["a", "c", "d"]
    hidden.SetHideFromEditors(True)
    hidden.Modified()
    assert shown(selector) == ["a", "c"]
    selector.showChildNodeTypes = False
    assert shown(selector) == ["a"]
    selector.showHidden = True
    assert shown(selector) == ["a", "d"]
    selector.nodeTypes = ["vtkMRMLTableNode"]
    assert shown(selector) == ["b"]


def test_it_follows_names_and_removals(selector):
    first, second = add("a"), add("b")
    first.SetName("z")
    assert shown(selector) == ["z", "b"]
    slicer.mrmlScene.RemoveNode(first)
    assert shown(selector) == ["b"]
    second.SetAttribute("kind", "x")
    selector.addAttribute("vtkMRMLScalarVolumeNode", "kind", "y")
    assert shown(selector) == []


def test_a_change_is_told_by_all_signals_and_no_change_by_none(selector):
    told = []
    assert selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: told.append(node and node.GetName()))
    assert selector.connect("currentNodeChanged(bool)", told.append)
    assert selector.connect("currentNodeIDChanged(QString)", told.append)
    selector.currentNodeChanged.connect(lambda: told.append("changed"))
    node = add("a")
    assert told == [] and selector.currentNode() is None
    selector.setCurrentNode(node)
    assert sorted(map(str, told)) == sorted(["a", "True", node.GetID(), "changed"])
    told.clear()
    selector.setCurrentNode(node)
    selector.currentNodeID = node.GetID()
    assert told == []
    selector.setCurrentNode(None)
    assert sorted(map(str, told)) == sorted(["None", "False", "", "changed"])
    assert not selector.connect("currentNodeChanged(QString)", told.append), "no such signal"


def test_a_node_that_is_not_offered_cannot_be_current(selector):
    selector.setCurrentNode(add("a"))
    selector.setCurrentNode(add("t", "vtkMRMLTableNode"))
    assert selector.currentNode() is None


def test_without_none_the_first_node_is_chosen(host):
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.addEnabled = selector.removeEnabled = False
    assert not selector.enabled, "there is no scene yet"
    selector.setMRMLScene(slicer.mrmlScene)
    assert selector.enabled and selector.currentNode() is None
    first = add("a")
    add("b")
    assert selector.currentNode() is first
    selector.noneEnabled = True
    assert selector.currentNode() is first


def test_a_node_set_before_the_scene_is_current_after(host):
    add("a")
    node = add("b")
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.noneEnabled = True
    selector.setCurrentNode(node)
    assert selector.currentNode() is None
    selector.setMRMLScene(slicer.mrmlScene)
    assert selector.currentNode() is node


def test_it_empties_when_the_scene_is_closed_and_fills_when_one_is_loaded(host, selector, tmp_path):
    selector.setCurrentNode(slicer.util.addVolumeFromArray(np.zeros((2, 2, 2), np.int16), np.eye(4), "kept"))
    host.save_scene(tmp_path / "scene.mrb")
    scene, unfinished = slicer.mrmlScene, []
    for signal in ("nodeAdded(vtkMRMLNode*)", "currentNodeChanged(vtkMRMLNode*)"):
        selector.connect(signal, lambda: unfinished.append(scene.IsImporting() or scene.IsClosing()))
    host.close_scene()
    assert shown(selector) == [] and selector.currentNode() is None
    host.load_scene(tmp_path / "scene.mrb")
    assert shown(selector) == ["kept"] and selector.currentNode() is None
    assert unfinished == [False, False], "nothing is told before the scene is whole"


@pytest.mark.parametrize(("none", "actions"), [(True, False), (True, True), (False, True)])
def test_an_import_takes_all_nodes_away_and_none_stays_current(host, none, actions, tmp_path):
    """qMRMLSceneModel::updateScene removes the rows of all nodes; Qt's combo box then falls to none, and stays."""
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.noneEnabled, selector.addEnabled, selector.removeEnabled = none, actions, False
    selector.setMRMLScene(slicer.mrmlScene)
    first, current = add("first"), add("current")
    host.save_scene(tmp_path / "scene.mrb")
    selector.setCurrentNode(current)
    order = []
    slicer.mrmlScene.AddObserver(slicer.vtkMRMLScene.EndImportEvent, lambda *_: order.append("later observer"))
    selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: order.append(node))
    selector.connect("nodeAboutToBeRemoved(vtkMRMLNode*)", lambda node: order.append(f"-{node.GetName()}"))
    selector.connect("nodeAdded(vtkMRMLNode*)", lambda node: order.append(f"+{node.GetName()}"))
    host.load_scene(tmp_path / "scene.mrb", clear=False)
    names = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]
    whole = [f"+{name}" for name in names]
    assert order == ["-first", "-first", None, *whole, "later observer"]
    assert selector.currentNode() is None and len(names) == 4
    assert first.GetScene() and current.GetScene(), "neither left the scene"


def test_an_import_makes_the_first_node_current_where_one_must_be(host, tmp_path):
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.addEnabled = selector.removeEnabled = False
    selector.setMRMLScene(slicer.mrmlScene)
    first, second = add("a"), add("b")
    selector.setCurrentNode(second)
    host.save_scene(tmp_path / "scene.mrb")
    told = []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", told.append)
    host.load_scene(tmp_path / "scene.mrb", clear=False)
    assert told == [None, first] and selector.currentNode() is first


def test_of_a_node_that_comes_it_hears_first_and_of_one_that_leaves_last(host):
    heard, scene = [], slicer.mrmlScene
    scene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, lambda *_: heard.append("scene +"))
    selector = slicer.qMRMLNodeComboBox()
    selector.setMRMLScene(scene)
    selector.connect("nodeAdded(vtkMRMLNode*)", lambda: heard.append("selector +"))
    scene.AddObserver(slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, lambda *_: heard.append("scene -"))
    selector.connect("nodeAboutToBeRemoved(vtkMRMLNode*)", lambda: heard.append("selector -"))
    scene.RemoveNode(add("a"))
    assert heard == ["selector +", "scene +", "scene -", "selector -"]


def test_a_node_set_by_code_is_activated_too(selector):
    """qMRMLNodeComboBoxPrivate::setCurrentNodeIDInternal sends the key Enter to the box's list."""
    told = []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: told.append(("changed", node)))
    selector.connect("nodeActivated(vtkMRMLNode*)", lambda node: told.append(("activated", node)))
    node = add("a")
    selector.setCurrentNode(node)
    selector.setCurrentNode(node)
    assert told == [("changed", node), ("activated", node)]
    selector.setCurrentNode(None)
    assert told[2:] == [("changed", None)], "none is not activated"
    selector.currentNodeID = node.GetID()
    assert told[3:] == [("changed", node), ("activated", node)]


def test_a_renamed_or_moved_current_node_is_told_again(selector):
    """Slicer listens to QComboBox::currentTextChanged, which Qt emits for both."""
    first, current = add("a"), add("b")
    selector.setCurrentNode(current)
    told = []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", told.append)
    current.SetName("c")
    assert told == [current]
    slicer.mrmlScene.RemoveNode(first)
    assert told == [current, current]


def test_when_the_current_node_goes_its_neighbour_is_current(selector):
    selector.addEnabled = True
    first, second, third = add("a"), add("b"), add("c")
    selector.setCurrentNode(second)
    slicer.mrmlScene.RemoveNode(second)
    assert selector.currentNode() is third
    slicer.mrmlScene.RemoveNode(third)
    assert selector.currentNode() is first, "not an action"
    slicer.mrmlScene.RemoveNode(first)
    assert selector.currentNode() is None


def test_the_scene_is_told_even_if_no_node_is_current(host):
    selector, told = slicer.qMRMLNodeComboBox(), []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", told.append)
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    node = add("a")
    selector.noneEnabled = True
    selector.setMRMLScene(slicer.mrmlScene)
    assert told == [None] and selector.currentNode() is None
    other = slicer.qMRMLNodeComboBox()
    other.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    other.setMRMLScene(slicer.mrmlScene)
    assert other.currentNode() is node, "where none is not offered, whatever the actions"


def test_adding_renaming_and_removing(host, selector):
    selector.baseName = "mine"
    node = selector.addNode()
    assert selector.currentNode() is node and node.GetName() == "mine"
    host.answers.expect("getText", "yours")
    selector.renameCurrentNode()
    assert shown(selector) == ["yours"]
    selector.removeCurrentNode()
    assert shown(selector) == [] and slicer.mrmlScene.GetNodeByID("vtkMRMLScalarVolumeNode1") is None


def test_a_selector_that_is_gone_does_not_listen(host, selector):
    import qt

    top = qt.QWidget()
    child = slicer.qMRMLNodeComboBox(top)
    child.setMRMLScene(slicer.mrmlScene)
    top.delete()
    node = add("a")
    node.SetName("b")
    slicer.mrmlScene.RemoveNode(node)
    assert host.slot_errors == []
