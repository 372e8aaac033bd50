"""Nodes of the scene: listing them by class, and taking them out with all that belongs to them."""

from contextlib import contextmanager

import slicer

from SASANTranslationLib import hierarchy


@contextmanager
def batch():
    """Change many nodes; views and selectors hear of it once, at the end."""
    scene = slicer.mrmlScene
    scene.StartState(scene.BatchProcessState)
    try:
        yield
    finally:
        scene.EndState(scene.BatchProcessState)


def scene_nodes(node_class="vtkMRMLNode"):
    """The nodes of the scene of a class, in its order: that of their making, which is kept in files."""
    nodes = slicer.mrmlScene.GetNodesByClass(node_class)
    nodes.UnRegister(None)
    return [nodes.GetItemAsObject(number) for number in range(nodes.GetNumberOfItems())]


def is_in_scene(node):
    """Whether `node` is a node of the current scene: not None, not removed."""
    return node is not None and node.GetScene() is not None and node.GetScene() is slicer.mrmlScene


def is_referenced(node):
    """Whether any node in the scene refers to `node`."""
    scene, node_id = slicer.mrmlScene, node.GetID()
    return any(
        scene.IsNodeReferencingNodeID(other, node_id) and not _is_outdated(other, node_id)
        for other in scene_nodes()
        if other is not node
    )


def _is_outdated(other, helper_id):
    """Whether the scene's record is wrong: it keeps the display node that a cloned volume had for a moment."""
    if not other.IsA("vtkMRMLVolumeNode"):
        return False
    displays = [other.GetNthDisplayNodeID(number) for number in range(other.GetNumberOfDisplayNodes())]
    storages = [other.GetNthStorageNodeID(number) for number in range(other.GetNumberOfStorageNodes())]
    return helper_id not in displays + storages


def remove_node(node):
    """Take a node out of the scene with its item, and with its display and storage nodes unless others use them.

    Nothing happens when it is not in the scene any more.
    """
    if not is_in_scene(node):
        return
    own = []
    if node.IsA("vtkMRMLDisplayableNode"):
        own += [node.GetNthDisplayNode(number) for number in range(node.GetNumberOfDisplayNodes())]
    if node.IsA("vtkMRMLStorableNode"):
        own += [node.GetNthStorageNode(number) for number in range(node.GetNumberOfStorageNodes())]
    hierarchy.remove_item_of(node)
    slicer.mrmlScene.RemoveNode(node)
    for helper in own:
        if is_in_scene(helper) and not is_referenced(helper):
            slicer.mrmlScene.RemoveNode(helper)
