"""Every data node has an item in the Subject Hierarchy, as long as it is in the scene: Slicer's plugins see to that."""

import slicer
import vtk

_KINDS = (
    "vtkMRMLVolumeNode",
    "vtkMRMLSegmentationNode",
    "vtkMRMLModelNode",
    "vtkMRMLMarkupsNode",
    "vtkMRMLTransformNode",
    "vtkMRMLTableNode",
    "vtkMRMLTextNode",
    "vtkMRMLPlotChartNode",
)


class SubjectHierarchyUpkeep:
    """Adds items for the scene's nodes and removes them with the nodes."""

    def __init__(self, scene):
        self._scene = scene
        events = slicer.vtkMRMLScene
        self._tags = [
            scene.AddObserver(events.NodeAddedEvent, self._on_added),
            scene.AddObserver(events.NodeAboutToBeRemovedEvent, self._on_leaving),
            scene.AddObserver(events.EndImportEvent, self._on_all_changed, 10.0),
            scene.AddObserver(events.EndBatchProcessEvent, self._on_all_changed, 10.0),
            scene.AddObserver(events.EndCloseEvent, self._on_all_changed),
        ]
        slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(scene)

    def close(self):
        for tag in self._tags:
            self._scene.RemoveObserver(tag)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_added(self, scene, event, node):
        if node.IsA("vtkMRMLSubjectHierarchyNode"):
            slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(scene)
        elif not scene.IsImporting():
            self._add(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_leaving(self, scene, event, node):
        if not scene.IsClosing() and not node.IsA("vtkMRMLSubjectHierarchyNode"):
            hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
            item = hierarchy.GetItemByDataNode(node)
            if item:
                hierarchy.RemoveItem(item, False, False)

    def _on_all_changed(self, *_):
        if self._scene.IsBatchProcessing():
            return  # a loaded hierarchy is merged afterwards, and has items of its own
        slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(self._scene)
        for index in range(self._scene.GetNumberOfNodes()):
            self._add(self._scene.GetNthNode(index))

    def _add(self, node):
        if node.GetHideFromEditors() or not any(node.IsA(kind) for kind in _KINDS):
            return
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self._scene)
        if not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
