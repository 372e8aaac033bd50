"""The Subject Hierarchy: one folder for each run, beside its input."""

import itertools

import slicer

from SASANTranslationLib.provenance_attributes import RUN

_PLUGINS = {
    "vtkMRMLLabelMapVolumeNode": "LabelMaps",
    "vtkMRMLSegmentationNode": "Segmentations",
    "vtkMRMLTableNode": "Tables",
}


def get():
    """The scene's Subject Hierarchy node."""
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)


def item_name(item):
    """The name of an item."""
    return get().GetItemName(item)


def find_folder(run):
    """The item of the folder of a run, wherever it lies and whatever it is called; 0 if there is none."""
    hierarchy = get()
    return next((item for item in _items() if hierarchy.GetItemAttribute(item, RUN) == run), 0)


def add_folder(name, run, source):
    """Make the folder of a run beside the item of its `source`, with a name that none has; returns its item."""
    hierarchy = get()
    folder = hierarchy.CreateFolderItem(_parent_of(source), _unique(name))
    hierarchy.SetItemAttribute(folder, RUN, run)
    _own(folder, "Folder")
    return folder


def rename_folder(folder, name):
    """Give a folder a name that no other item has."""
    hierarchy = get()
    # Out of the way, or the name would be taken by the folder itself.
    hierarchy.SetItemName(folder, "")
    hierarchy.SetItemName(folder, _unique(name))


def remove_folder(folder):
    """Remove a folder; what is left in it moves to where the folder was."""
    get().RemoveItem(folder, False, False)


def put_in(folder, node):
    """Put `node` into a folder: Slicer has usually made its item already, slicer-core alone never does."""
    hierarchy = get()
    item = hierarchy.GetItemByDataNode(node)
    if item == hierarchy.GetInvalidItemID():
        item = hierarchy.CreateItem(folder, node)
    else:
        hierarchy.SetItemParent(item, folder)
    _own(item, _PLUGINS.get(node.GetClassName(), "Volumes"))


def put_beside(other, node):
    """Put `node` where `other` lies."""
    put_in(_parent_of(other), node)


def remove_item_of(node):
    """Remove the item of a node that leaves the scene: slicer-core alone would keep it, and the node with it."""
    hierarchy = get()
    item = hierarchy.GetItemByDataNode(node)
    if item != hierarchy.GetInvalidItemID():
        hierarchy.RemoveItem(item, False, False)


def _items():
    """Every item of the scene."""
    import vtk

    hierarchy, items = get(), vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, True)
    return [items.GetId(number) for number in range(items.GetNumberOfIds())]


def _unique(name):
    """`name`, or with the first number from 2 with which no item has it: "MRHead: MR → CT (2)"."""
    taken = {item_name(item) for item in _items()}
    candidates = itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))
    return next(candidate for candidate in candidates if candidate not in taken)


def _parent_of(node):
    """The item under which a node's item lies; the node gets an item if it has none."""
    hierarchy = get()
    if hierarchy.GetItemByDataNode(node) == hierarchy.GetInvalidItemID():
        put_in(hierarchy.GetSceneItemID(), node)
    return hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node))


def _own(item, plugin):
    """Name the plugin that shows an item, where none has claimed it (outside the application)."""
    hierarchy = get()
    if not hierarchy.GetItemOwnerPluginName(item):
        hierarchy.SetItemOwnerPluginName(item, plugin)
