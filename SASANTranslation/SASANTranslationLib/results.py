"""From a translation's arrays to MRML nodes: named, coloured, in a folder, with provenance; and away again."""

import uuid
from contextlib import ExitStack

from slicer.i18n import tr as _

from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.node_building import image_from_array
from SASANTranslationLib.provenance_attributes import split_key
from SASANTranslationLib.removal import remove_run
from SASANTranslationLib.run_building import RunBuilder
from SASANTranslationLib.scene import batch, is_in_scene
from SASANTranslationLib.translation_nodes import TranslationNodes, find_run, find_runs

__all__ = ["TranslationNodes", "add_results", "find_run", "find_runs", "remove_run", "source_removed"]

_ORDER = ("synthetic", "segmentation", "uncertainty", "attention")


def add_results(description, arrays, source, *, segmentation_node=False, update=None, geometry=None):
    """Make nodes of what the worker translated; whatever goes wrong, the scene is then as it was before.

    description: of the worker's result: "direction", "source", "target", "labels", "notices", "provenance".
    arrays: by key "synthetic", "segmentation", "uncertainty", "attention_1", …, each (k, j, i), memory-mapped
        or not; keys are missing for what was not asked for.
    source: the volume node that was translated. The nodes get exactly its grid and its parent transform.
    segmentation_node: also make a segmentation node of the labels, with terminology.
    update: the `TranslationNodes` of an earlier run of the same source, whose nodes are filled anew: those
        that are asked for again keep their IDs and what the user changed of their display, unless the
        modality is another one now; the others are removed.
    geometry: the volume node whose grid this is, if not `source`: a frame of the sequence it shows.

    Raises:
        TranslationError: `source` is not in the scene any more, or the arrays do not fit it (kind "source").
    """
    keys = _sorted_keys(arrays)
    if not is_in_scene(source) or source.GetImageData() is None:
        raise source_removed()
    geometry = source if geometry is None else geometry
    # What can fail for want of memory comes first, before the scene is touched.
    images = {key: image_from_array(arrays[key], geometry, labels=key == "segmentation") for key in keys}
    run = update.run if update is not None and update.run else uuid.uuid4().hex
    with batch(), ExitStack() as undo:
        builder = RunBuilder(description, source, geometry, run, undo)
        for key in keys:
            builder.add_volume(key, images[key])
        if segmentation_node and "segmentation" in images:
            builder.add_segments(images["segmentation"])
        builder.present()
        builder.put_in_folder()
        undo.pop_all()
        builder.remove_surplus()
    nodes = find_run(run)
    nodes.reference = update.reference if update is not None else None
    return nodes


def source_removed():
    """The error of an input that left the scene while it was translated."""
    return TranslationError(
        _("The input volume was removed while it was translated."), _("Nothing was added."), kind="source"
    )


def _sorted_keys(arrays):
    """The keys of `arrays` in the order of the Subject Hierarchy."""
    if not arrays:
        raise TranslationError(_("The translation has no result."), _("Ask for at least one output."))
    unknown = [key for key in arrays if split_key(key)[0] not in _ORDER]
    if unknown:
        raise ValueError(f"unknown outputs: {', '.join(unknown)}")
    return sorted(arrays, key=lambda key: (_ORDER.index(split_key(key)[0]), split_key(key)[1]))
