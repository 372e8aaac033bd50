"""`slicer.qMRMLNodeComboBox` as a native Qt widget."""

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
    actions, that node.
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
        self._scene = self._watch = self._requested = None
        self._quiet, self._emitted_id = False, ""
        self._flags = {"none": False, "add": True, "remove": True, "edit": False, "rename": False, "select": True}
        self._none, self._base_name = "None", ""
        self._box = QComboBox(self)
        self._rows = NodeRows(self._box)
        self._box.currentIndexChanged.connect(self._on_index_changed)
        self._box.activated.connect(self._on_activated)
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
        """Offer the nodes of a scene; without one, the widget is disabled. The current node stays if it can."""
        check_scene(scene)
        if scene is self._scene:
            return
        before, wanted, self._requested = self.currentNode(), self._requested, None
        if self._watch is not None:
            self._watch.close()
        self._scene = scene
        self._quiet = True
        self._watch = None if scene is None else SceneWatch(scene, self, self._filter)
        self._rebuild_extras()
        self.sync()
        if wanted is not None:
            self.setCurrentNode(wanted)
        self._quiet = False
        self.setEnabled(scene is not None)
        if self.currentNode() is not before:
            self._emit_current()

    @Slot(result=object)
    def currentNode(self):
        node_id = self._rows.current_id
        return self._scene.GetNodeByID(node_id) if self._scene is not None and node_id else None

    @Slot(object)
    def setCurrentNode(self, node):
        """Make a node, or None, current; None also for a node that is not offered."""
        if node is not None and not isinstance(node, slicer.vtkMRMLNode):
            raise TypeError(f"setCurrentNode takes a node or None, not {type(node).__name__}")
        if self._scene is None:
            self._requested = node
        self._rows.current_id = "" if node is None else node.GetID()

    def _current_id(self):
        node = self.currentNode()
        return "" if node is None else node.GetID()

    @Slot(str)
    def setCurrentNodeID(self, node_id):
        self._rows.current_id = node_id

    currentNodeID = Property(str, _current_id, setCurrentNodeID, notify=currentNodeIDChanged)

    @Slot(int)
    def setCurrentNodeIndex(self, index):
        ids = self._rows.ids
        self._rows.current_id = ids[index] if 0 <= index < len(ids) else ""

    @Slot(result=int)
    def nodeCount(self):
        return len(self._rows.ids)

    @Slot(int, result=object)
    def nodeFromIndex(self, index):
        ids = self._rows.ids
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
        leaving = self._watch.leaving if self._watch is not None else None
        count = 0 if self._scene is None else self._scene.GetNumberOfNodes()
        nodes = [self._scene.GetNthNode(index) for index in range(count)]
        nodes = [node for node in nodes if node is not leaving and self._filter.accepts(node)]
        wanted = {node.GetID() for node in nodes}
        for node_id in self._rows.ids:
            if node_id not in wanted and node_id in self._rows.ids:
                if leaving is not None and leaving.GetID() == node_id:
                    self.nodeAboutToBeRemoved.emit(leaving)
                self._rows.remove(node_id)
        for place, node in enumerate(nodes):
            if self._rows.put(place, node.GetID(), node.GetName() or ""):
                self.nodeAdded.emit(node)

    def _rebuild_extras(self):
        current, quiet, self._quiet = self._current_id(), self._quiet, True
        label = self._label()
        texts = {name: f"{text} {label}" for name, text in _ACTIONS.items() if self._flags[name]}
        none = self._none if self._flags["none"] else None
        self._rows.set_extras(none, {} if self._scene is None else texts)
        self._quiet = quiet
        self._box.setPlaceholderText(f"Select a {label}")
        if current != self._current_id() and not quiet:
            self._emit_current()

    def _label(self):
        """What the nodes are called, as in "Create new Volume"."""
        node = self._scene.CreateNodeByClass(self._filter.types[0]) if self._scene and self._filter.types else None
        if node is None:
            return "Node"
        node.UnRegister(None)
        return node.GetTypeDisplayName()

    def _on_index_changed(self, row):
        if self._rows.action(row) is not None:
            self._rows.current_id = self._emitted_id  # an action is never current
        elif not self._quiet:
            self._emit_current()

    def _on_activated(self, row):
        """The user chose a node, or something to do with it."""
        action = self._rows.action(row)
        if action is None:
            self.nodeActivated.emit(self.currentNode())
        elif action in ("add", "remove", "rename"):
            {"add": self.addNode, "remove": self.removeCurrentNode, "rename": self.renameCurrentNode}[action]()

    def _emit_current(self):
        node = self.currentNode()
        self._emitted_id = self._current_id()
        self.currentNodeChanged.emit(node)
        self._validity.emit(node is not None)
        self.currentNodeIDChanged.emit(self._current_id())
