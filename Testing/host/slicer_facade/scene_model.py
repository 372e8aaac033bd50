"""The nodes of a scene that a selector offers: which, in what order, and what happens to them."""

import weakref

import shiboken6
import slicer
import vtk


class NodeFilter:
    """Which nodes a selector offers."""

    def __init__(self):
        self.types, self.hidden_types, self.attributes = [], [], []
        self.show_hidden, self.show_children = False, True

    def is_of_type(self, node):
        """Whether it would be offered but for what it may change: being hidden, and attributes."""
        kind = node.GetClassName()
        wanted = [name for name in self.types if (node.IsA(name) if self.show_children else kind == name)]
        return bool(wanted or not self.types) and not any(node.IsA(name) for name in self.hidden_types)

    def accepts(self, node):
        if not self.is_of_type(node):
            return False
        if node.GetHideFromEditors() and not self.show_hidden:
            return False
        rules = [(name, value) for type_name, name, value in self.attributes if node.IsA(type_name)]
        return all(
            node.GetAttribute(name) is not None and value in (None, node.GetAttribute(name)) for name, value in rules
        )


class SceneWatch:
    """Tells a selector of every change of a scene's nodes.

    As in Slicer, nodes that come are not told while the scene is imported, nor those that go while it is closed, but
    all of them afterwards, by `reload()`. It observes with Slicer's priorities: of nodes that come it hears before
    others do, of those that leave after them, and of an import in the order in which observers were added. The
    selector is not kept alive; once it is gone, the watch ends.
    """

    def __init__(self, scene, selector, node_filter):
        self._scene, self._selector, self._filter = scene, weakref.ref(selector), node_filter
        events = slicer.vtkMRMLScene
        self._tags = [
            scene.AddObserver(events.NodeAddedEvent, self._on_added, 10.0),
            scene.AddObserver(events.NodeAboutToBeRemovedEvent, self._on_leaving, -10.0),
            scene.AddObserver(events.EndCloseEvent, self._on_reloaded),
            scene.AddObserver(events.EndImportEvent, self._on_reloaded),
        ]
        self._nodes = {}  # observed: by node, its observer's tag
        self.observe_all()

    def close(self):
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._tags.clear()
        self._forget_all()

    def _tell(self, name, *arguments):
        selector = self._selector()
        if selector is None or not shiboken6.isValid(selector):
            self.close()
        else:
            getattr(selector, name)(*arguments)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_added(self, scene, event, node):
        if not scene.IsImporting():
            self._observe(node)
            self._tell("update_node", node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_leaving(self, scene, event, node):
        if node in self._nodes:
            node.RemoveObserver(self._nodes.pop(node))
        if not scene.IsClosing():
            self._tell("drop_node", node)

    def _on_reloaded(self, *_):
        self._forget_all()
        self._tell("reload")
        if self._tags:
            self.observe_all()

    def _on_modified(self, node, event):
        if not self._scene.IsClosing() and not self._scene.IsImporting():
            self._tell("update_node", node)

    def _observe(self, node):
        if node not in self._nodes and self._filter.is_of_type(node):
            self._nodes[node] = node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._on_modified)

    def _forget_all(self):
        for node, tag in self._nodes.items():
            node.RemoveObserver(tag)
        self._nodes.clear()

    def observe_all(self):
        """Observe the nodes that are there; to be called again when the filter has changed."""
        for index in range(self._scene.GetNumberOfNodes()):
            self._observe(self._scene.GetNthNode(index))
