"""`slicer.qMRMLNodeComboBox` as a native Qt widget."""

import itertools

import slicer
from PySide6.QtCore import Property, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QWidget

from .mrml_widget import check_scene
from .node_rows import NodeRows
from .scene_model import NodeFilter, SceneWatch

_ACTIONS = {"rename": "Rename current", "edit": "Edit current", "add": "Create new", "remove": "Delete current"}


def _flag(name):
    """A bool property, kept in `_flags`, that decides about the rows that are no nodes."""

    def write(self, value):
        self._flags[name] = value
        self._rebuild_extras()

    return Property(bool, lambda self: self._flags[name], write)


def _filtered(kind, name):
    """A property of the filter that decides which nodes are offered."""

    def write(self, value):
        setattr(self._filter, name, [text for text in value if text] if kind == "QStringList" else value)
        if self._watch is not None:
            self._watch.observe_all()
        self.sync()
        self._rebuild_extras()

    return Property(kind, lambda self: getattr(self._filter, name), write)


def _text(name):
    def write(self, value):
        setattr(self, name, value)
        self._rebuild_extras()

    return Property(str, lambda self: getattr(self, name), write)


class qMRMLNodeComboBox(QWidget):
    """A combo box with the scene's nodes; "None" first and actions last, where they are enabled.

    What becomes current when nodes come and go is decided by Qt's combo box, as in Slicer: when the current node is
    removed, the one that takes its place, or else the last; when a first node comes and there are neither None nor
    actions, that node. At the end of a scene's import all nodes are taken away and come again, so that none is
    current. A node that code makes current is activated too, as if the user had chosen it. A change is also told
    when the current node is renamed or gets another place.
    """

    currentNodeChanged = Signal(object)
    _validity = Signal(bool)  # Slicer's second currentNodeChanged
    currentNodeIDChanged = Signal(str)
    nodeActivated = Signal(object)
    nodeAdded = Signal(object)
    nodeAboutToBeRemoved = Signal(object)
    currentNodeRenamed = Signal(str)
    SIGNATURES = {  # noqa: RUF012
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged",
        "currentNodeChanged(bool)": "_validity",
        "nodeActivated(vtkMRMLNode*)": "nodeActivated",
        "nodeAdded(vtkMRMLNode*)": "nodeAdded",
        "nodeAboutToBeRemoved(vtkMRMLNode*)": "nodeAboutToBeRemoved",
    }

    noneEnabled, addEnabled, removeEnabled = _flag("none"), _flag("add"), _flag("remove")
    editEnabled, renameEnabled, selectNodeUponCreation = _flag("edit"), _flag("rename"), _flag("select")
    nodeTypes, hideChildNodeTypes = _filtered("QStringList", "types"), _filtered("QStringList", "hidden_types")
    showHidden, showChildNodeTypes = _filtered(bool, "show_hidden"), _filtered(bool, "show_children")
    noneDisplay, baseName = _text("_none"), _text("_base_name")

    def __init__(self, parent=None):
        super().__init__(parent)
        self._filter = NodeFilter()
        self._scene = self._watch = None
        self._requested_id, self._quiet = "", False
        self._flags = {"none": False, "add": True, "remove": True, "edit": False, "rename": False, "select": True}
        self._none, self._base_name = "None", ""
        self._box = QComboBox(self)
        self._rows = NodeRows(self._box)
        # What Qt 5 tells by one signal, currentTextChanged; Qt 6 leaves it out where the text stays the same.
        self._box.currentIndexChanged.connect(self._on_current_changed)
        self._rows.model.dataChanged.connect(self._on_text_changed)
        self._box.activated.connect(self._on_activated)
        self._box.view().clicked.connect(self._on_clicked)
        self._rows.model.rowsAboutToBeRemoved.connect(self._on_rows_leaving)
        self._rows.model.rowsRemoved.connect(self._on_rows_removed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._box)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self._box)
        self._rebuild_extras()
        self.setEnabled(False)

    @Slot(result=object)
    def mrmlScene(self):
        return self._scene

    @Slot(object)
    def setMRMLScene(self, scene):
        """Offer the nodes of a scene; without one, the widget is disabled. The current node stays if it can.

        What is current then is told, be it none, and so is a node that was asked for before there was a scene.
        """
        check_scene(scene)
        if scene is self._scene:
            return
        had_nodes, current_id = self.nodeCount() > 0, self._current_id()
        if self._watch is not None:
            self._watch.close()
        self._scene, self._quiet = scene, True
        self._watch = None if scene is None else SceneWatch(scene, self, self._filter)
        self.sync()
        self._rebuild_extras()
        self._rows.reset()
        self._quiet = False
        if had_nodes:
            self._rows.choose(current_id)
        else:
            first = self._rows.ids[:1] if not self._flags["none"] else []
            self._rows.choose(self._requested_id or "".join(first))
        if not self._flags["none"] and not self._current_id():
            self._emit_current()
        self._requested_id = ""
        self.setEnabled(scene is not None)

    @Slot(result=object)
    def currentNode(self):
        node_id = self._rows.current_id
        return self._scene.GetNodeByID(node_id) if self._scene is not None and node_id else None

    @Slot(object)
    def setCurrentNode(self, node):
        """Make a node, or None, current; None also for a node that is not offered."""
        if node is not None and not isinstance(node, slicer.vtkMRMLNode):
            raise TypeError(f"setCurrentNode takes a node or None, not {type(node).__name__}")
        self.setCurrentNodeID("" if node is None else node.GetID())

    def _current_id(self):
        node = self.currentNode()
        return "" if node is None else node.GetID()

    @Slot(str)
    def setCurrentNodeID(self, node_id):
        if self._scene is None:
            self._requested_id = node_id
        self._rows.choose(node_id)

    currentNodeID = Property(str, _current_id, setCurrentNodeID, notify=currentNodeIDChanged)

    @Slot(int)
    def setCurrentNodeIndex(self, index):
        self._rows.choose_place(index)

    @Slot(result=int)
    def nodeCount(self):
        return len(self._rows.ids)

    @Slot(int, result=object)
    def nodeFromIndex(self, index):
        ids = self._rows.ids if self._scene is not None else []
        return self._scene.GetNodeByID(ids[index]) if 0 <= index < len(ids) else None

    @Slot(str, str, object)
    def addAttribute(self, node_type, name, value=None):
        """Offer only nodes of a type that have an attribute, with a value if one is given."""
        self._filter.attributes.append((node_type, name, value))
        self.sync()

    @Slot(result=object)
    def addNode(self):
        """Add a node of the first type to the scene and, unless told otherwise, make it current."""
        node = self._scene.CreateNodeByClass(self._filter.types[0])
        node.UnRegister(None)
        node.SetName(self._scene.GenerateUniqueName(self._base_name or node.GetNodeTagName()))
        for type_name, attribute, value in self._filter.attributes:
            if node.IsA(type_name):
                node.SetAttribute(attribute, value or "")
        node = self._scene.AddNode(node)
        if self._flags["select"]:
            self.setCurrentNode(node)
        return node

    @Slot()
    def removeCurrentNode(self):
        self._scene.RemoveNode(self.currentNode())

    @Slot()
    def renameCurrentNode(self):
        import qt

        node = self.currentNode()
        if node is None:
            return
        name = qt.QInputDialog.getText(None, "Rename", "New name:", qt.QLineEdit.Normal, node.GetName())
        if name:
            node.SetName(name)
            self.currentNodeRenamed.emit(name)

    def sync(self):
        """Make the rows those of the nodes that are to be offered.

        A change may have others as its consequence, which call this again: what is there is looked up each time.
        """
        nodes = self._nodes()
        wanted = {node.GetID() for node in nodes if self._filter.accepts(node)}
        for node_id in self._rows.ids:
            if node_id not in wanted:
                self._rows.remove(node_id)
        for node in nodes:
            self.update_node(node)

    def update_node(self, node):
        """Offer a node, or not, under the name that it has now."""
        if not self._filter.accepts(node):
            self.drop_node(node)
            return
        before = itertools.takewhile(lambda other: other is not node, self._nodes())
        place = len(set(self._rows.ids).intersection(other.GetID() for other in before))
        if self._rows.put(place, node.GetID(), node.GetName() or ""):
            self.nodeAdded.emit(node)

    def drop_node(self, node):
        self._rows.remove(node.GetID())

    def _nodes(self):
        count = 0 if self._scene is None else self._scene.GetNumberOfNodes()
        return [self._scene.GetNthNode(index) for index in range(count)]

    def reload(self):
        """Take all nodes away, then offer them again: what Slicer does when a scene was closed or imported."""
        self._rows.remove_all()
        self.sync()

    def _rebuild_extras(self):
        quiet, self._quiet = self._quiet, True
        label = self._label()
        texts = {name: f"{text} {label}" for name, text in _ACTIONS.items() if self._flags[name]}
        none = self._none if self._flags["none"] else None
        self._rows.set_extras(none, {} if self._scene is None else texts)
        self._quiet = quiet
        self._box.setPlaceholderText(f"Select a {label}")

    def _label(self):
        """What the nodes are called, as in "Create new Volume"."""
        node = self._scene.CreateNodeByClass(self._filter.types[0]) if self._scene and self._filter.types else None
        if node is None:
            return "Node"
        node.UnRegister(None)
        return node.GetTypeDisplayName()

    def _on_current_changed(self):
        if self._quiet:
            return
        if self._rows.current_id or self._rows.is_at_none:
            self._emit_current()
        elif self._rows.ids:  # an action is never current, nor is nothing where there is None
            self._rows.choose(self._rows.ids[-1])

    def _on_text_changed(self, first, last):
        if first.row() <= self._box.currentIndex() <= last.row():
            self._on_current_changed()

    def _on_rows_leaving(self, _parent, first, last):
        node = self.nodeFromIndex(first - self._rows.has_none)
        for _ in range(last - first + 1 if node is not None else 0):
            self.nodeAboutToBeRemoved.emit(node)  # always the first: Slicer mistakes one index for another

    def _on_rows_removed(self):
        if not self._quiet and self.currentNode() is None:
            self._rows.choose("")

    def _on_activated(self, row):
        """A node was chosen, by the user or by code."""
        if self._rows.action(row) is None:
            self.nodeActivated.emit(self.currentNode())

    def _on_clicked(self, index):
        """The user chose something to do with a node."""
        action = self._rows.action(index.row())
        if action in ("add", "remove", "rename"):
            {"add": self.addNode, "remove": self.removeCurrentNode, "rename": self.renameCurrentNode}[action]()

    def _emit_current(self):
        node = self.currentNode()
        self.currentNodeChanged.emit(node)
        self._validity.emit(node is not None)
        self.currentNodeIDChanged.emit(self._current_id())
