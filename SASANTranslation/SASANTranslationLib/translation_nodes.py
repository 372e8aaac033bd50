"""The nodes of a translation, and how they are found again in a scene."""

from dataclasses import dataclass, field

import slicer

from SASANTranslationLib import hierarchy
from SASANTranslationLib.provenance_attributes import (
    COLORS_ROLE,
    DIFFERENCE_ROLE,
    ERRORS_ROLE,
    PREFIX,
    ROLE,
    RUN,
    SOURCE_REFERENCE_ROLE,
    copy_entries,
    key_of,
    split_key,
)
from SASANTranslationLib.scene import scene_nodes
from SASANTranslationLib.sequence_nodes import proxy_of

#: Keys of the outputs of which a run has one each, in the order of the Subject Hierarchy.
SINGLE_KEYS = ("synthetic", "segmentation", "segments", "uncertainty")


@dataclass
class TranslationNodes:
    """The nodes of one run; an output that was not asked for, or that the user deleted, is None.

    `source` is None when the input is not in the scene any more. `attention` has the maps that there are, in
    order; their numbers are in `attention_numbers`. `folder` is the Subject Hierarchy item that holds the
    outputs, 0 if there is none. `reference` is what the synthetic volume should be like, where that is known,
    as for a phantom; it is no output, and not found again in a loaded scene.
    """

    source: "slicer.vtkMRMLScalarVolumeNode | None" = None
    synthetic: "slicer.vtkMRMLScalarVolumeNode | None" = None
    attention: list = field(default_factory=list)
    segmentation: "slicer.vtkMRMLLabelMapVolumeNode | None" = None
    uncertainty: "slicer.vtkMRMLScalarVolumeNode | None" = None
    segments: "slicer.vtkMRMLSegmentationNode | None" = None
    color_tables: list = field(default_factory=list)
    reference: "slicer.vtkMRMLScalarVolumeNode | None" = None
    folder: int = 0
    run: str = ""

    @property
    def volumes(self):
        """The volumes that the run made, in the order of the Subject Hierarchy."""
        single = (self.synthetic, self.segmentation, self.uncertainty)
        return [node for node in (*single, *self.attention) if node is not None]

    @property
    def outputs(self):
        """Everything that the run made and that lies in its folder: the volumes and the segmentation node."""
        single = (self.synthetic, self.segmentation, self.segments, self.uncertainty)
        return [node for node in (*single, *self.attention) if node is not None]

    @property
    def attention_numbers(self):
        """The number of each map in `attention`, from 1: gaps where the user deleted one."""
        return [split_key(key_of(node))[1] for node in self.attention]

    @property
    def title(self):
        """What to call the run in a list: its folder's name as the user may have changed it."""
        if self.folder:
            return hierarchy.item_name(self.folder)
        return self.outputs[0].GetName() if self.outputs else ""

    def entry(self, name):
        """An entry of the run's provenance as text ("model", "modality", "notices", …), or None."""
        values = (node.GetAttribute(PREFIX + name) for node in self.outputs)
        return next((value for value in values if value is not None), None)


def find_runs():
    """`TranslationNodes` of every run in the scene that has an output left, newest last."""
    members, tables = _members(), _tables()
    # In the order of the outputs in the scene, which is that of their making and is kept in files.
    return [_assemble(run, nodes, tables.get(run, {})) for run, nodes in members.items()]


def find_run(run):
    """The `TranslationNodes` of the run with that id, or None if none of its outputs is in the scene."""
    nodes = _members().get(run)
    return _assemble(run, nodes, _tables().get(run, {})) if nodes else None


def tables_of(run):
    """The colour tables of a run by the key of the output that each was made for."""
    return _tables().get(run, {})


def keyed(nodes):
    """The outputs of a `TranslationNodes` by key: "synthetic", "segmentation", "attention_1", …"""
    single = {key: getattr(nodes, key) for key in SINGLE_KEYS if getattr(nodes, key) is not None}
    maps = {f"attention_{n}": node for n, node in zip(nodes.attention_numbers, nodes.attention, strict=True)}
    return {**single, **maps}


def _members():
    """{run: {key: output}}. A copy that the user made of an output has its attributes too: the first counts."""
    for sequence in scene_nodes("vtkMRMLSequenceNode"):
        if sequence.GetAttribute(RUN):
            _tell_frames(sequence)
    members = {}
    for node in scene_nodes():
        run, role = node.GetAttribute(RUN), node.GetAttribute(ROLE)
        if (
            run
            and role not in (None, COLORS_ROLE, DIFFERENCE_ROLE, ERRORS_ROLE)
            and not node.IsA("vtkMRMLSequenceNode")
        ):
            members.setdefault(run, {}).setdefault(key_of(node), node)
    return members


def _tell_frames(sequence):
    """Give frames what they lost in a file: attributes, which Slicer saves with sequences since version 5.13 only.

    Slicer fills an output from its frames, attributes included, so it would soon belong to no run.
    """
    frames = [sequence.GetNthDataNode(number) for number in range(sequence.GetNumberOfDataNodes())]
    for node in (*frames, proxy_of(sequence)):
        if node is not None and node.GetAttribute(RUN) is None:
            copy_entries(sequence, node)


def _tables():
    tables = {}
    for node in scene_nodes("vtkMRMLColorTableNode"):
        run = node.GetAttribute(RUN)
        if run and node.GetAttribute(ROLE) == COLORS_ROLE:
            tables.setdefault(run, {}).setdefault(key_of(node), node)
    return tables


def _assemble(run, members, tables):
    sources = (node.GetNodeReference(SOURCE_REFERENCE_ROLE) for node in members.values())
    numbered = {split_key(key)[1]: node for key, node in members.items() if split_key(key)[0] == "attention"}
    return TranslationNodes(
        source=next((node for node in sources if node is not None), None),
        attention=[numbered[number] for number in sorted(numbered)],
        color_tables=list(tables.values()),
        folder=hierarchy.find_folder(run),
        run=run,
        **{key: members[key] for key in SINGLE_KEYS if key in members},
    )
