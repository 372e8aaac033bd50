"""`slicer.app.layoutManager()`: widgets for the view nodes of the real vtkMRMLLayoutLogic, arranged as its XML says."""

import xml.etree.ElementTree as ElementTree

import slicer
import vtk
from PySide6.QtCore import Property, QObject, Signal, Slot
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QTabWidget, QWidget

from .views import EmptyView, qMRMLSliceWidget

_DIRECTIONS = {"horizontal": QBoxLayout.Direction.LeftToRight, "vertical": QBoxLayout.Direction.TopToBottom}
_SCENE_EVENTS = ("EndCloseEvent", "EndImportEvent", "EndRestoreEvent", "EndBatchProcessEvent")


class qSlicerLayoutManager(QObject):
    """The views of a `Session` in a viewport widget; `crosshair` is a function that returns the crosshair's node."""

    layoutChanged = Signal(int)

    def __init__(self, session, viewport, crosshair):
        super().__init__(viewport)
        self._session, self._viewport, self._crosshair = session, viewport, crosshair
        self._widgets = {}  # by view node ID, for as long as the node is in the scene
        self._shown = None  # the description that the viewport shows
        self._node = session.layout.GetLayoutNode()
        events = slicer.vtkMRMLScene
        self._observations = [(self._node, self._node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._update))]
        self._observe(events.NodeAddedEvent, self._on_node_added)
        self._observe(events.NodeAboutToBeRemovedEvent, self._on_node_removed)
        for name in _SCENE_EVENTS:
            self._observe(getattr(events, name), self._update)
        self._update()

    def close(self):
        for observed, tag in self._observations:
            observed.RemoveObserver(tag)
        self.mrmlSliceLogics().RemoveAllItems()
        self._widgets.clear()

    @Slot(result=object)
    def layoutLogic(self):
        return self._session.layout

    @Slot(result=object)
    def mrmlScene(self):
        return self._session.scene

    @Slot(result=object)
    def mrmlSliceLogics(self):
        return self._session.application.GetSliceLogics()

    @Slot(result=object)
    def viewport(self):
        return self._viewport

    @Slot(result="QStringList")
    def sliceViewNames(self):
        """Of every slice view there has been in this scene, shown or not."""
        nodes = (self._session.scene.GetNodeByID(node_id) for node_id in self._widgets)
        return [node.GetLayoutName() for node in nodes if node.IsA("vtkMRMLSliceNode")]

    @Slot(str, result=object)
    def sliceWidget(self, name):
        """The widget of the slice view `name`, or None."""
        for widget in self._widgets.values():
            if isinstance(widget, qMRMLSliceWidget) and widget.mrmlSliceNode().GetLayoutName() == name:
                return widget
        return None

    @Slot()
    def resetSliceViews(self):
        for name in self.sliceViewNames():
            self.sliceWidget(name).fitSliceToBackground()

    def _layout(self):
        return self._node.GetViewArrangement()

    @Slot(int)
    def setLayout(self, layout):
        """Show a standard or custom layout; one that nobody described becomes the conventional one, as in Slicer."""
        if layout == self._layout():
            return
        if not self._node.IsLayoutDescription(layout):
            layout = slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView
        self._node.RemoveAllMaximizedViewNodes()
        self._node.SetViewArrangement(layout)

    layout = Property(int, _layout, setLayout, notify=layoutChanged)

    def _observe(self, event, function):
        scene = self._session.scene
        self._observations.append((scene, scene.AddObserver(event, function)))

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_added(self, scene, event, node):
        if not scene.IsBatchProcessing():
            self._add_view(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_removed(self, scene, event, node):
        widget = self._widgets.pop(node.GetID(), None)
        if widget is not None:
            if isinstance(widget, qMRMLSliceWidget):
                self.mrmlSliceLogics().RemoveItem(widget.sliceLogic())
            widget.deleteLater()

    def _add_view(self, node):
        if not node.IsA("vtkMRMLAbstractViewNode") or node.GetID() in self._widgets:
            return
        if node.IsA("vtkMRMLSliceNode"):
            widget = qMRMLSliceWidget(node, self._crosshair, self._viewport)
            self.mrmlSliceLogics().AddItem(widget.sliceLogic())
        else:
            widget = EmptyView(node, self._viewport)
        widget.hide()
        self._widgets[node.GetID()] = widget

    def _update(self, *_):
        """Make the views of new nodes and, if the description changed, arrange them."""
        scene = self._session.scene
        if scene.IsBatchProcessing():
            return
        for node in slicer.util.getNodesByClass("vtkMRMLAbstractViewNode"):
            self._add_view(node)
        description = self._node.GetCurrentLayoutDescription()
        for index in range(self._node.GetNumberOfMaximizedViewNodes()):
            view = self._node.GetMaximizedViewNode(index)
            description = self._session.layout.GetMaximizedViewLayoutDescription(view, description)
        if description != self._shown:
            self._shown = description
            self._arrange(description)
            self.layoutChanged.emit(self._layout())

    def _arrange(self, description):
        for node_id, widget in self._widgets.items():
            widget.setParent(self._viewport)
            widget.hide()
            self._session.scene.GetNodeByID(node_id).SetMappedInLayout(False)
        frame = self._viewport.layout()
        while frame.count():
            item = frame.takeAt(0).widget()
            item.hide()
            item.deleteLater()
        if description:
            frame.addWidget(self._build(ElementTree.fromstring(description)))

    def _build(self, element):
        """A widget for a <layout> or <view> element."""
        if element.tag == "view":
            return self._place_view(element)
        if element.get("type") == "tab":
            widget = QTabWidget()
            for item in element.findall("item"):
                widget.addTab(self._build(item[0]), item.get("name", ""))
            return widget
        widget = QWidget()
        grid = element.get("type") == "grid"
        cells = QGridLayout(widget) if grid else QBoxLayout(_DIRECTIONS[element.get("type", "horizontal")], widget)
        cells.setContentsMargins(0, 0, 0, 0)
        cells.setSpacing(1)
        for item in element.findall("item"):
            if grid:
                place = [int(item.get(key, start)) for key, start in _GRID_CELL]
                cells.addWidget(self._build(item[0]), *place)
            else:
                cells.addWidget(self._build(item[0]), int(item.get("splitSize", 1)))
        return widget

    def _place_view(self, element):
        node = self._session.scene.GetSingletonNode(element.get("singletontag"), element.get("class"))
        self._add_view(node)
        widget = self._widgets[node.GetID()]
        node.SetMappedInLayout(True)
        widget.show()
        return widget


_GRID_CELL = (("row", 0), ("column", 0), ("rowspan", 1), ("colspan", 1))
