"""From a translation's result folder to MRML nodes: named, coloured, in a folder, with provenance."""

import json
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import slicer

from SASANTranslationLib import colors
from SASANTranslationLib.attention import show_strong_part

#: Window and level in which a head's bone and soft tissue are both seen, in HU.
CT_WINDOW_LEVEL = (2000, 300)

#: Node attributes written here begin with this.
ATTRIBUTE_PREFIX = "SASAN."

#: Node reference from each output to the volume it was made from.
SOURCE_REFERENCE_ROLE = "SASAN.Source"

#: (quantity, units) as (code, coding scheme, meaning), the codes that Slicer's DICOM import uses.
_UNITS_BY_MODALITY = {
    "CT": (
        ("112031", "DCM", "Attenuation Coefficient"),
        ("[hnsf'U]", "UCUM", "Hounsfield unit"),
    ),
    "MR": (("110852", "DCM", "MR signal intensity"), ("1", "UCUM", "no units")),
}

_VOLUME_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm")


class ResultsError(Exception):
    """A result folder that cannot be shown; the text names the file and what is wrong with it."""


@dataclass
class TranslationNodes:
    """The nodes of one run. `folder` is the Subject Hierarchy item that holds the outputs.

    `reference` is what the synthetic volume should be like, where that is known, as for a phantom; else None.
    """

    source: "slicer.vtkMRMLScalarVolumeNode"
    synthetic: "slicer.vtkMRMLScalarVolumeNode"
    attention: list
    segmentation: "slicer.vtkMRMLLabelMapVolumeNode"
    uncertainty: "slicer.vtkMRMLScalarVolumeNode"
    color_tables: list = field(default_factory=list)
    reference: "slicer.vtkMRMLScalarVolumeNode | None" = None
    folder: int = 0

    @property
    def outputs(self):
        """The volumes that the run made, in the order of the Subject Hierarchy."""
        return [self.synthetic, self.segmentation, self.uncertainty, *self.attention]


def load_results(folder, source=None):
    """Read the result folder of one case, as `sasan translate` writes it, into the current scene.

    `source` is the input's volume node when the scene has it already; otherwise it is read from the folder
    too. Returns `TranslationNodes`. Raises `ResultsError` when a file is missing or unreadable; nothing is
    left in the scene then.
    """
    folder = Path(folder)
    description = read_description(folder)
    added = []
    slicer.mrmlScene.StartState(slicer.mrmlScene.BatchProcessState)
    try:
        return _load(folder, description, source, added)
    except BaseException:
        for node in reversed(added):
            slicer.mrmlScene.RemoveNode(node)
        raise
    finally:
        slicer.mrmlScene.EndState(slicer.mrmlScene.BatchProcessState)


def read_description(folder):
    """Read a result folder's translation.json; raises `ResultsError` if that is missing or broken."""
    path = Path(folder) / "translation.json"
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ResultsError(f"{path} is missing: this is not the folder of a translation.") from None
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path} cannot be read: {error}") from error
    needed = {"input", "direction", "source", "target", "labels", "maps", "provenance"}
    if not isinstance(description, dict) or not needed <= description.keys():
        raise ResultsError(f"{path} lacks one of: {', '.join(sorted(needed))}.")
    return description


def _load(folder, description, source, added):
    """Read and describe the volumes of a run; every node that enters the scene is appended to `added`."""
    if source is None:
        source = _read_volume(folder / "source.nrrd", input_name(description["input"]), added)
        show_as_modality(source, description["source"]["modality"])
    name, target = source.GetName(), description["target"]

    synthetic = _read_volume(folder / "synthetic.nrrd", f"{name} → {target['name']} (synthetic)", added)
    show_as_modality(synthetic, target["modality"])
    segmentation = _read_labelmap(folder / "segmentation.nrrd", f"{name} segmentation", added)
    _use_colors(segmentation, colors.label_color_table(f"{name} labels", description["labels"]), added)
    uncertainty = _read_volume(folder / "uncertainty.nrrd", f"{name} uncertainty", added)
    show_as_uncertainty(uncertainty, target["modality"])
    _use_colors(uncertainty, colors.uncertainty_color_table(f"{name} uncertainty colors"), added)
    attention = []
    for number in range(1, description["maps"] + 1):
        node = _read_volume(folder / f"attention_{number}.nrrd", f"{name} attention {number}", added)
        table = colors.attention_color_table(f"{name} attention {number} colors", colors.attention_color(number))
        show_strong_part(node, segmentation)
        _use_colors(node, table, added)
        attention.append(node)

    reference = None
    if (folder / "ct_known.nrrd").is_file():
        reference = _read_volume(folder / "ct_known.nrrd", f"{name}: known {target['name']}", added)
        show_as_modality(reference, target["modality"])

    tables = [node for node in added if node.IsA("vtkMRMLColorTableNode")]
    nodes = TranslationNodes(source, synthetic, attention, segmentation, uncertainty, tables, reference)
    record_provenance(nodes, description)
    nodes.folder = put_in_folder(nodes, description)
    return nodes


def input_name(path):
    """What to call the node of the input file or folder `path`: its name without a volume's extension."""
    name = PurePath(path).name
    for suffix in _VOLUME_SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def show_as_modality(node, modality):
    """Give an image its units and its window and level: fixed for CT, from its histogram otherwise."""
    display = node.GetDisplayNode()
    if modality == "CT":
        display.AutoWindowLevelOff()
        display.SetWindowLevel(*CT_WINDOW_LEVEL)
    else:
        display.AutoWindowLevelOn()
    set_units(node, modality)


def show_as_uncertainty(node, modality):
    """Window an uncertainty volume from 0 to the 99.5th percentile of what is above; units as `modality`."""
    import numpy as np
    from slicer.util import arrayFromVolume

    values = arrayFromVolume(node)
    above = values[values > 0]
    upper = float(np.percentile(above, 99.5)) if above.size else 1.0
    node.GetDisplayNode().AutoWindowLevelOff()
    node.GetDisplayNode().SetWindowLevelMinMax(0.0, upper)
    set_units(node, modality)


def set_units(node, modality):
    """Set the coded quantity and units of a volume, as Slicer's DICOM import does, if `modality` has any."""
    if modality not in _UNITS_BY_MODALITY:
        return
    quantity, units = slicer.vtkCodedEntry(), slicer.vtkCodedEntry()
    for entry, code in zip((quantity, units), _UNITS_BY_MODALITY[modality], strict=True):
        entry.SetValueSchemeMeaning(*code)
    node.SetVoxelValueQuantity(quantity)
    node.SetVoxelValueUnits(units)


def record_provenance(nodes, description):
    """Write what made them onto every output: role, direction, notices and each entry of the provenance.

    Attributes are "SASAN.<entry>"; what is not text is written as JSON. The input is a node reference too.
    """
    roles = [(nodes.synthetic, "synthetic"), (nodes.segmentation, "segmentation")]
    roles += [(nodes.uncertainty, "uncertainty"), *((node, "attention") for node in nodes.attention)]
    entries = {"direction": description["direction"], "notices": description.get("notices", [])}
    entries.update(description["provenance"])
    for node, role in roles:
        node.SetAttribute(ATTRIBUTE_PREFIX + "role", role)
        for key, value in entries.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
            node.SetAttribute(ATTRIBUTE_PREFIX + key, text)
        node.SetNodeReferenceID(SOURCE_REFERENCE_ROLE, nodes.source.GetID())
    for number, node in enumerate(nodes.attention, start=1):
        node.SetAttribute(ATTRIBUTE_PREFIX + "attention_map", str(number))


def put_in_folder(nodes, description):
    """Make the run's Subject Hierarchy folder beside the input, with the outputs in it; returns its item."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    source_item = hierarchy.GetItemByDataNode(nodes.source)
    if source_item == hierarchy.GetInvalidItemID():
        source_item = _put_under(hierarchy, hierarchy.GetSceneItemID(), nodes.source)
    source, target = description["source"]["name"], description["target"]["name"]
    name = hierarchy.GenerateUniqueItemName(f"{nodes.source.GetName()}: {source} → {target}")
    folder = hierarchy.CreateFolderItem(hierarchy.GetItemParent(source_item), name)
    _own(hierarchy, folder, "Folder")
    for node in nodes.outputs:
        _put_under(hierarchy, folder, node)
    if nodes.reference is not None:
        _put_under(hierarchy, hierarchy.GetItemParent(source_item), nodes.reference)
    return folder


def _put_under(hierarchy, parent, node):
    """Put `node` under `parent`: Slicer has usually made the item already, slicer-core alone never does."""
    item = hierarchy.GetItemByDataNode(node)
    if item == hierarchy.GetInvalidItemID():
        item = hierarchy.CreateItem(parent, node)
    else:
        hierarchy.SetItemParent(item, parent)
    _own(hierarchy, item, "LabelMaps" if node.IsA("vtkMRMLLabelMapVolumeNode") else "Volumes")
    return item


def _own(hierarchy, item, plugin):
    """Name the plugin that shows an item, where none has claimed it (outside the application)."""
    if not hierarchy.GetItemOwnerPluginName(item):
        hierarchy.SetItemOwnerPluginName(item, plugin)


def _read_volume(path, name, added):
    return _read(path, "vtkMRMLScalarVolumeNode", name, added)


def _read_labelmap(path, name, added):
    return _read(path, "vtkMRMLLabelMapVolumeNode", name, added)


def _read(path, node_class, name, added):
    """Read one volume file into a new node of `node_class` with storage and display nodes."""
    if not path.is_file():
        raise ResultsError(f"{path} is missing: translate the image again.")
    node = slicer.mrmlScene.AddNewNodeByClass(node_class, name)
    added.append(node)
    storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    added.append(storage)
    storage.SetFileName(str(path))
    node.SetAndObserveStorageNodeID(storage.GetID())
    if not storage.ReadData(node) or node.GetImageData() is None:
        raise ResultsError(f"{path} cannot be read as a volume: translate the image again.")
    node.CreateDefaultDisplayNodes()
    added.append(node.GetDisplayNode())
    return node


def _use_colors(node, table, added):
    added.append(table)
    node.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
