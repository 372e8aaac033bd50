"""The nodes of a scene that a selector offers: which, in what order, and what happens to them."""

import weakref

import shiboken6
import slicer
import vtk

_RELOADING = ("EndCloseEvent", "EndImportEvent", "EndRestoreEvent", "EndBatchProcessEvent")


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
    """Calls a selector's `sync()` at every change of a scene's nodes; `leaving` is the node being removed, or None.

    As in Slicer, nothing is told while the scene is closed or loaded, but all of it afterwards. The selector is not
    kept alive; once it is gone, the watch ends.
    """

    leaving = None

    def __init__(self, scene, selector, node_filter):
        self._scene, self._selector, self._filter = scene, weakref.ref(selector), node_filter
        self._tags = [
            scene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, self._on_added),
            scene.AddObserver(slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, self._on_leaving),
            scene.AddObserver(slicer.vtkMRMLScene.NodeRemovedEvent, self._on_removed),
            *(scene.AddObserver(getattr(slicer.vtkMRMLScene, name), self._on_reloaded) for name in _RELOADING),
        ]
        self._nodes = {}  # observed: by node, its observer's tag
        self.observe_all()

    def _sync(self):
        selector = self._selector()
        if selector is None or not shiboken6.isValid(selector):
            self.close()
        else:
            selector.sync()

    def close(self):
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        for node, tag in self._nodes.items():
            node.RemoveObserver(tag)
        self._tags.clear()
        self._nodes.clear()

    def _busy(self):
        return self._scene.IsClosing() or self._scene.IsImporting()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_added(self, scene, event, node):
        if not self._busy():
            self._observe(node)
            self._sync()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_leaving(self, scene, event, node):
        if node in self._nodes:
            node.RemoveObserver(self._nodes.pop(node))
        if not self._busy():
            self.leaving = node
            self._sync()

    def _on_removed(self, *_):
        self.leaving = None

    def _on_reloaded(self, *_):
        if not self._busy():
            self.observe_all()
            self._sync()

    def _on_modified(self, node, event):
        if not self._busy():
            self._sync()

    def _observe(self, node):
        if node not in self._nodes and self._filter.is_of_type(node):
            self._nodes[node] = node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._on_modified)

    def observe_all(self):
        """Observe the nodes that are there; to be called again when the filter has changed."""
        for index in range(self._scene.GetNumberOfNodes()):
            self._observe(self._scene.GetNthNode(index))
