"""`slicer.app.ioManager()`: files in and out through the real storage nodes and logics."""

import os

import slicer
import vtk

_SCENES = (".mrml", ".mrb")
_SEGMENTATIONS = (".seg.nrrd", ".seg.nhdr")
_TABLES = (".csv", ".tsv")
_VOLUMES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd", ".dcm", ".tif", ".tiff", ".png")


class FileManager:
    """Reads and writes the kinds of files that the panels use; refuses others."""

    def __init__(self, application_logic, volumes_logic):
        self._application, self._volumes = application_logic, volumes_logic

    def fileType(self, filename):
        name = str(filename).lower()
        kinds = {"SceneFile": _SCENES, "SegmentationFile": _SEGMENTATIONS, "TableFile": _TABLES, "VolumeFile": _VOLUMES}
        return next((kind for kind, endings in kinds.items() if name.endswith(endings)), "NoFile")

    def fileWriterFileType(self, node):
        kinds = {
            "vtkMRMLSegmentationNode": "SegmentationFile",
            "vtkMRMLVolumeNode": "VolumeFile",
            "vtkMRMLTableNode": "TableFile",
            "vtkMRMLTransformNode": "TransformFile",
            "vtkMRMLColorTableNode": "ColorTableFile",
        }
        return next((kind for name, kind in kinds.items() if node.IsA(name)), "NoFile")

    def loadNodes(self, file_type, properties, loaded=None, messages=None):
        """Load a file; False, with a message, where Slicer would fail."""
        readers = {"SceneFile": self._load_scene, "VolumeFile": self._load_volume, "TableFile": self._load_table}
        if file_type not in readers:
            raise NotImplementedError(f"The host does not load files of type {file_type!r}.")
        path = properties["fileName"]
        node = readers[file_type](path, properties, messages) if os.path.isfile(path) else None
        if not node:
            if messages is not None and not messages.GetNumberOfMessages():
                messages.AddMessage(vtk.vtkCommand.ErrorEvent, f"Loading {path} failed.")
            return False
        if loaded is not None and isinstance(node, slicer.vtkMRMLNode):
            loaded.AddItem(node)
        return True

    def saveNodes(self, file_type, properties, messages=None):
        """Save a node or the scene; False, with a message, where Slicer would fail."""
        path = properties["fileName"]
        try:
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        except OSError:
            saved = False
        else:
            if file_type == "SceneFile":
                saved = self._save_scene(path, messages)
            else:
                saved = self._save_node(slicer.mrmlScene.GetNodeByID(properties["nodeID"]), path, messages)
        if not saved and messages is not None and not messages.GetNumberOfMessages():
            messages.AddMessage(vtk.vtkCommand.ErrorEvent, f"Saving {path} failed.")
        return bool(saved)

    def _load_scene(self, path, properties, messages):
        scene = slicer.mrmlScene
        clear = bool(properties.get("clear", False))
        if path.endswith(".mrb"):
            return scene.ReadFromMRB(path, clear, messages)
        scene.SetURL(path)
        return scene.Connect(messages) if clear else scene.Import(messages)

    def _load_volume(self, path, properties, messages):
        options = {"labelmap": 1, "center": 2, "singleFile": 4, "autoWindowLevel": 8, "discardOrientation": 16}
        chosen = sum(bit for name, bit in options.items() if properties.get(name))
        name = properties.get("name") or os.path.basename(path).split(".")[0]
        node = self._volumes.AddArchetypeVolume(path, name, chosen, None)
        if node is not None and properties.get("show", True):
            selection = self._application.GetSelectionNode()
            label = node.IsA("vtkMRMLLabelMapVolumeNode")
            (selection.SetActiveLabelVolumeID if label else selection.SetActiveVolumeID)(node.GetID())
            self._application.PropagateVolumeSelection()
        return node

    def _load_table(self, path, properties, messages):
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", os.path.basename(path).split(".")[0])
        node.AddDefaultStorageNode(path)
        if node.GetStorageNode().ReadData(node):
            return node
        slicer.mrmlScene.RemoveNode(node)
        return None

    def _save_scene(self, path, messages):
        path = os.path.abspath(path)  # MRML writes absolute paths only
        scene = slicer.mrmlScene
        scene.SetURL(path)
        scene.SetRootDirectory(os.path.dirname(path))
        if path.endswith(".mrb"):
            saved = scene.WriteToMRB(path, None, messages)
            scene.SetStorableNodesModifiedSinceRead()
            return saved
        if path.endswith(".mrml"):
            return scene.Commit()
        return self._application.SaveSceneToSlicerDataBundleDirectory(path, None)

    def _save_node(self, node, path, messages):
        if node is None or not node.IsA("vtkMRMLStorableNode"):
            return False
        node.AddDefaultStorageNode()
        storage = node.GetStorageNode()
        if storage is None:
            return False
        storage.SetFileName(str(path))
        storage.SetURI(None)
        saved = storage.WriteData(node)
        if messages is not None:
            messages.AddMessages(storage.GetUserMessages())
        return saved
