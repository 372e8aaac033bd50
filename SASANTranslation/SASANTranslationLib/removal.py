"""Taking a run out of the scene again: everything that it brought, and nothing else."""

from SASANTranslationLib import hierarchy
from SASANTranslationLib.colors import CATEGORY
from SASANTranslationLib.frames import remove_frames
from SASANTranslationLib.provenance_attributes import DIFFERENCE_ROLE, ERRORS_ROLE, ROLE, RUN, leave_run
from SASANTranslationLib.scene import batch, is_in_scene, is_referenced, remove_node, scene_nodes
from SASANTranslationLib.translation_nodes import find_run, tables_of


def remove_run(nodes):
    """Remove the outputs of a `TranslationNodes`, their frames, colours, display and storage nodes, and the folder.

    What the user deleted already is no error. The source stays, and so does what the user made of the run:
    copies of its nodes, and whatever else was put in its folder. Colours and display nodes that nothing uses go
    with it also where they are of a run that the user deleted node by node.
    """
    with batch():
        present = find_run(nodes.run)
        outputs = [*(present.outputs if present is not None else []), *_comparison(nodes.run)]
        displays = [node.GetDisplayNode() for node in outputs if node.IsA("vtkMRMLDisplayableNode")]
        tables = [*tables_of(nodes.run).values(), *(display.GetColorNode() for display in displays if display)]
        # After the outputs were found: in a loaded scene their sequences may be all that tells of them.
        remove_frames(nodes.run)
        for node in outputs:
            remove_node(node)
        gone = _runs_by_colors() - _runs_by_content() | {nodes.run}
        for display in scene_nodes("vtkMRMLDisplayNode"):
            if display.GetAttribute(RUN) in gone and not is_referenced(display):
                remove_node(display)
        others = [table for run in gone for table in tables_of(run).values()]
        for table in dict.fromkeys([*tables, *others]):
            # The user may have chosen one of Slicer's own tables, or have another volume use one of these.
            if is_in_scene(table) and table.GetAttribute("Category") == CATEGORY and not is_referenced(table):
                remove_node(table)
        for node in scene_nodes():
            if node.GetAttribute(RUN) == nodes.run:
                leave_run(node)
        folder = hierarchy.find_folder(nodes.run)
        if folder:
            hierarchy.remove_folder(folder)


def _comparison(run):
    """The nodes that comparing the run with a reference made. Of copies that the user made, the first counts."""
    found = {}
    for node in scene_nodes():
        if node.GetAttribute(RUN) == run and node.GetAttribute(ROLE) in (DIFFERENCE_ROLE, ERRORS_ROLE):
            found.setdefault(node.GetAttribute(ROLE), node)
    return found.values()


def _runs_by_colors():
    """The runs of which there is a colour table."""
    return {table.GetAttribute(RUN) for table in scene_nodes("vtkMRMLColorTableNode")} - {None}


def _runs_by_content():
    """The runs of which there is more than colours and display nodes: outputs, frames or a comparison."""
    helpers = ("vtkMRMLColorNode", "vtkMRMLDisplayNode")
    content = (node for node in scene_nodes() if not any(node.IsA(helper) for helper in helpers))
    return {node.GetAttribute(RUN) for node in content} - {None}
