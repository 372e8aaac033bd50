"""Volumes that change in time: the frames of a sequence, and results that play back along with them."""

from dataclasses import dataclass

import slicer

from SASANTranslationLib.provenance_attributes import RUN, copy_entries, key_of
from SASANTranslationLib.scene import batch, is_in_scene, remove_node, scene_nodes
from SASANTranslationLib.sequence_nodes import browser_and_sequence, browser_of
from SASANTranslationLib.translation_nodes import keyed


@dataclass(frozen=True)
class Frames:
    """The frames of the sequence that a volume node shows one of."""

    volume: "slicer.vtkMRMLScalarVolumeNode"
    browser: "slicer.vtkMRMLSequenceBrowserNode"
    sequence: "slicer.vtkMRMLSequenceNode"

    @property
    def count(self):
        """How many frames there are."""
        return self.sequence.GetNumberOfDataNodes()

    @property
    def current(self):
        """The number, from 0, of the frame that the browser has selected."""
        return self.sequence.GetItemNumberFromIndexValue(self.selected_value, False)

    @property
    def selected_value(self):
        """The index value that the browser has selected, as text."""
        # The browser's selection counts in its master sequence, which may have other items than this one.
        return self.browser.GetMasterSequenceNode().GetNthIndexValue(self.browser.GetSelectedItemNumber())

    def value(self, number):
        """The index value (a time, say) of frame `number`, as text."""
        return self.sequence.GetNthIndexValue(number)

    def frame(self, number):
        """The volume node of frame `number`: not in the scene, but in the sequence's own; nothing is selected."""
        return self.sequence.GetNthDataNode(number)


def frames_of(volume):
    """The `Frames` of the sequence that a volume node shows the selected frame of, or None."""
    if not is_in_scene(volume):
        return None
    browser, sequence = browser_and_sequence(volume)
    if sequence is None or not sequence.GetNumberOfDataNodes() or browser.GetMasterSequenceNode() is None:
        return None
    return Frames(volume, browser, sequence)


class FrameRecorder:
    """Collects a run's outputs frame by frame, and has them play back along with the input.

    frames: the input's `Frames`. nodes: the run's `TranslationNodes`, filled with one frame after the other.
    Until every frame was recorded, or `finish` was called, the scene knows nothing of it, so there is nothing
    to take back when that never comes.
    """

    def __init__(self, frames, nodes):
        self._frames, self._nodes = frames, nodes
        self._sequences = {}
        self._recorded = set()

    def record(self, number):
        """Copy the outputs as they are now, as those of frame `number` (from 0); the last one finishes."""
        for key, node in keyed(self._nodes).items():
            if key not in self._sequences:
                self._sequences[key] = self._new_sequence(node)
            self._sequences[key].SetDataNodeAtValue(node, self._frames.value(number))
        self._recorded.add(number)
        if len(self._recorded) == self._frames.count:
            self.finish()

    def finish(self):
        """Put what was recorded into the input's browser, in place of an earlier recording of the run."""
        browser = self._frames.browser
        with batch():
            remove_frames(self._nodes.run)
            for key, node in keyed(self._nodes).items():
                sequence = self._sequences.get(key)
                if sequence is None:
                    continue
                slicer.mrmlScene.AddNode(sequence)
                copy_entries(node, sequence)
                # Sequence and node at once: between the two Slicer would make a node of its own for the frames.
                browser.AddProxyNode(node, sequence, False)
        self._sequences = {}
        self._recorded = set()
        show_selected(self._nodes)

    def _new_sequence(self, node):
        like, sequence = self._frames.sequence, slicer.vtkMRMLSequenceNode()
        sequence.SetName(f"{node.GetName()} frames")
        sequence.SetIndexName(like.GetIndexName())
        sequence.SetIndexUnit(like.GetIndexUnit())
        sequence.SetIndexType(like.GetIndexType())
        sequence.SetNumericIndexValueTolerance(like.GetNumericIndexValueTolerance())
        return sequence


def show_selected(nodes):
    """Fill outputs that are frames of a sequence with the frame that their browser has selected."""
    for node in nodes.outputs:
        frames = frames_of(node)
        if frames is not None:
            # What Slicer's Sequences module does as soon as the selection changes.
            node.CopyContent(frames.frame(frames.current))


def remove_frames(run, keys=None):
    """Remove the sequences of a run's outputs, or of those `keys` only.

    The outputs stay, as the single frames that they show.
    """
    for sequence in scene_nodes("vtkMRMLSequenceNode"):
        if sequence.GetAttribute(RUN) != run or (keys is not None and key_of(sequence) not in keys):
            continue
        browser = browser_of(sequence)
        if browser is not None:
            browser.RemoveSynchronizedSequenceNode(sequence.GetID())
        remove_node(sequence)
