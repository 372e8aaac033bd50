"""The nodes of one run: made anew, or those of an earlier run filled anew."""

from SASANTranslationLib import colors, hierarchy, presentation
from SASANTranslationLib.attention import anatomy_volume, show_strong_part
from SASANTranslationLib.frames import remove_frames
from SASANTranslationLib.node_building import add_node, fill_volume, remember, remember_display, remember_table
from SASANTranslationLib.provenance_attributes import (
    COLORS_OF,
    COLORS_ROLE,
    ROLE,
    RUN,
    new_entries,
    record,
    split_key,
)
from SASANTranslationLib.scene import remove_node
from SASANTranslationLib.segments import fill_segments
from SASANTranslationLib.translation_nodes import TranslationNodes, find_run, keyed, tables_of
from SASANTranslationLib.wording import folder_name, node_name, table_name


class RunBuilder:
    """Builds the nodes of the run with the id `run`, reusing those that the scene has of it.

    description, source, geometry: as in `results.add_results`. undo: an ExitStack that takes every step back.
    """

    def __init__(self, description, source, geometry, run, undo):
        self._description, self._source, self._geometry, self._run = description, source, geometry, run
        self._undo = undo
        self._entries = new_entries(description)
        earlier = find_run(run)
        self._earlier = keyed(earlier) if earlier is not None else {}
        self._tables = tables_of(run)
        # Of another modality, nothing that the user chose for the last result fits.
        self._same_kind = earlier is not None and earlier.entry("modality") == self._entries["modality"]
        # Also when the modality is another one; `add_volume` finds out.
        self._labels_changed = True
        # Outputs whose display node is new.
        self._new_displays = set()
        self._built = {}

    def add_volume(self, key, image):
        """Make or reuse the volume node of an output, with its voxels, colours and provenance."""
        labels = key == "segmentation"
        node = self._node(key, "vtkMRMLLabelMapVolumeNode" if labels else "vtkMRMLScalarVolumeNode")
        if key in self._new_displays and not labels:
            # `present` windows it; until then Slicer need not look for a window among all voxels.
            node.GetDisplayNode().AutoWindowLevelOff()
        fill_volume(node, image, self._geometry, self._source.GetParentTransformNode())
        if key != "synthetic":
            self._color(key, node)

    def add_segments(self, image):
        """Make or reuse the segmentation node."""
        node = self._node("segments", "vtkMRMLSegmentationNode")
        restore = fill_segments(
            node,
            image,
            self._geometry,
            self._description["labels"],
            self._source,
            reset=self._labels_changed,
        )
        self._undo.callback(restore)

    def present(self):
        """Window the volumes, where the user has not done it."""
        modality = self._entries["modality"]
        nodes = TranslationNodes(source=self._source, **{k: self._built.get(k) for k in ("synthetic", "segmentation")})
        anatomy = anatomy_volume(nodes)
        for key, node in self._built.items():
            role = split_key(key)[0]
            if role in ("segmentation", "segments"):
                continue
            if key not in self._new_displays and self._same_kind and not presentation.is_as_set(node):
                presentation.set_units(node, modality if role != "attention" else "")
            elif role == "synthetic":
                presentation.show_as_modality(node, modality)
            elif role == "uncertainty":
                presentation.show_as_uncertainty(node, modality)
            else:
                show_strong_part(node, anatomy)

    def put_in_folder(self):
        """Put new nodes into the run's folder, which is made if there is none."""
        name = folder_name(self._source, self._description)
        folder = hierarchy.find_folder(self._run)
        if not folder:
            folder = hierarchy.add_folder(name, self._run, self._source)
            self._undo.callback(hierarchy.remove_folder, folder)
        elif not self._same_kind:
            self._undo.callback(hierarchy.get().SetItemName, folder, hierarchy.item_name(folder))
            hierarchy.rename_folder(folder, name)
        for key, node in self._built.items():
            if key not in self._earlier:
                hierarchy.put_in(folder, node)

    def remove_surplus(self):
        """Remove what the earlier run had and this one has not."""
        surplus = self._earlier.keys() - self._built.keys()
        # First, or Slicer would make new nodes to show the frames in.
        remove_frames(self._run, surplus)
        for key in surplus:
            remove_node(self._earlier[key])
        for key in self._tables.keys() - self._built.keys():
            remove_node(self._tables[key])

    def _node(self, key, node_class):
        name = node_name(key, self._source, self._description)
        node = self._earlier.get(key)
        if node is None:
            node = add_node(node_class, name, self._undo)
            self._new_displays.add(key)
        else:
            remember(node, self._undo)
            if node.GetDisplayNode() is None:
                node.CreateDefaultDisplayNodes()
                self._undo.callback(remove_node, node.GetDisplayNode())
                self._new_displays.add(key)
            remember_display(node.GetDisplayNode(), self._undo)
            if not self._same_kind:
                node.SetName(name)
        # Display nodes outlive the nodes that a user deletes.
        node.GetDisplayNode().SetAttribute(RUN, self._run)
        record(node, key, self._run, self._entries, self._source)
        self._built[key] = node
        return node

    def _color(self, key, node):
        """Give a volume the colours of its kind; those that it had stay as the user left them, if they still fit."""
        table = self._tables.get(key)
        fits = table is not None and self._same_kind
        if key == "segmentation":
            fits = fits and colors.has_labels(table, self._description["labels"])
            self._labels_changed = not fits
        if not fits:
            if table is None:
                table = self._add_table(key)
            else:
                remember_table(table, self._undo)
            self._fill_table(table, key)
        if not fits or key in self._new_displays:
            node.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())

    def _add_table(self, key):
        table = colors.new_color_table(table_name(key, self._source))
        self._undo.callback(remove_node, table)
        for attribute, value in ((RUN, self._run), (ROLE, COLORS_ROLE), (COLORS_OF, key)):
            table.SetAttribute(attribute, value)
        return table

    def _fill_table(self, table, key):
        role, number = split_key(key)
        if role == "segmentation":
            colors.set_label_colors(table, self._description["labels"])
        elif role == "uncertainty":
            colors.set_uncertainty_colors(table)
        else:
            colors.recolor_attention_table(table, colors.attention_color(number))
