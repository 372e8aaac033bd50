"""A run in the slice views: which view shows what, switched on and off without a trace in the user's views."""

from dataclasses import dataclass

import slicer
from slicer.i18n import tr as _

from SASANTranslationLib import views
from SASANTranslationLib.inspection import layouts
from SASANTranslationLib.inspection.view_state import ViewState


@dataclass(frozen=True)
class Look:
    """What is to be seen: a layout by name, its slices' orientation, the overlays (map nodes), on what, how opaque.

    `difference` is the volume of the last comparison, if any. `flipped` shows source and synthetic volume in each
    other's place.
    """

    layout: str = "four"
    orientation: str = "Axial"
    overlays: tuple = ()
    overlay_on: str = "source"
    opacity: float = views.ATTENTION_OPACITY
    difference: "slicer.vtkMRMLScalarVolumeNode | None" = None
    flipped: bool = False


class Stage:
    """Shows a run (`TranslationNodes`) as a `Look` says; `stop` brings the user's views back."""

    def __init__(self):
        self._users_views = None
        self._shown = None
        self._extent = None

    @property
    def is_on(self):
        return self._users_views is not None

    def show(self, nodes, look):
        """Show or change; the user's views are kept first, when nothing was shown yet.

        Returns whether the views were arranged anew: then `fit` is due again once Slicer has given them their sizes.
        """
        if not self.is_on:
            self._users_views = ViewState.save(kept_windows=nodes.attention)
        layout = layouts.LAYOUTS.get(look.layout)
        before = self._shown
        # Set before the layout changes: whoever hears of that may ask.
        self._shown = look
        if layout is None:
            if before is not None and before.layout in layouts.LAYOUTS:
                self._users_views.restore_layout()
            for composite in _users_composites():
                _set_layers(composite, "attention", nodes, look)
            return False
        self._arrange(layout)
        for view in layout.views:
            self._show_view(view, nodes, look)
        place = (nodes.source, nodes.synthetic)
        same = before is not None and (before.layout, before.orientation) == (look.layout, look.orientation)
        if same and self._extent is not None and self._extent[0] == place:
            return False
        volume = next(node for node in (*place, *nodes.volumes) if node is not None)
        self._extent = (place, views.content_extent(volume))
        self.fit()
        return True

    def fit(self):
        """Show all of the anatomy in inspection's own views. Again once the views have got their sizes."""
        if self._shown is None or self._extent is None or self._shown.layout not in layouts.LAYOUTS:
            return
        for view in layouts.LAYOUTS[self._shown.layout].views:
            node, _composite = views.slice_view(layouts.VIEWS[view])
            views.fit(node, self._extent[1])

    def jump(self, ras):
        """Move the slices that are shown through a world point (mm)."""
        own = set(layouts.VIEWS.values())
        in_layout = self._shown is not None and self._shown.layout in layouts.LAYOUTS
        for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
            if (node.GetLayoutName() in own) == in_layout:
                node.JumpSliceByOffsetting(*ras)

    def stop(self, with_layout=True):
        """Bring the user's views back: all but the layout if the user has chosen another one meanwhile."""
        users_views, self._users_views = self._users_views, None
        self._shown, self._extent = None, None
        if users_views is not None:
            _empty_own_views()
            users_views.restore(with_layout)

    def user_left(self):
        """Whether the user has meanwhile chosen a layout that is not the one shown."""
        node = layouts.layout_node()
        if self._shown is None or node is None or self._shown.layout not in layouts.LAYOUTS:
            return False
        return not layouts.is_ours(node.GetViewArrangement())

    def _arrange(self, layout):
        """Change to a layout, whose views Slicer then makes."""
        node = layouts.layout_node()
        if node is None:
            return
        layouts.register()
        if node.GetViewArrangement() != layout.number:
            was_modifying = node.StartModify()
            node.SetAttribute(layouts.USERS_LAYOUT, str(self._users_views.arrangement))
            node.RemoveAllMaximizedViewNodes()
            node.SetViewArrangement(layout.number)
            node.EndModify(was_modifying)

    def _show_view(self, view, nodes, look):
        node, composite = views.slice_view(layouts.VIEWS[view])
        # The views belong together: they share slice and zoom, but never what they show, nor a volume that
        # another module selects for all views.
        composite.SetLinkedControl(True)
        composite.SetHotLinkedControl(True)
        composite.SetInteractionFlagsModifier(0)
        composite.SetDoPropagateVolumeSelection(False)
        node.SetViewGroup(layouts.VIEW_GROUP)
        if node.GetOrientation() != look.orientation:
            node.SetOrientation(look.orientation)
        node.SetLayoutLabel(_set_layers(composite, view, nodes, look))


def _set_layers(composite, view, nodes, look):
    """Fill a view of the kind `view`; returns what it now shows, as text."""
    source, synthetic = (_("Source"), nodes.source), (_("Synthetic"), nodes.synthetic)
    if look.flipped:
        source, synthetic = synthetic, source
    label, background = synthetic if view == "synthetic" or look.overlay_on == "synthetic" else source
    if view == "source":
        label, background = source
    overlays, classes = (), None
    if view == "attention":
        overlays = [node for node in look.overlays if node.GetScene() is not None]
        label = _("Attention") if overlays else label
    if view == "difference":
        label, background, classes = _fourth(nodes, look)
    views.set_layers(composite, background, overlays, classes, look.opacity)
    return label


def _fourth(nodes, look):
    """What the fourth view shows: label, background and labelmap, from the most to the least telling."""
    if look.difference is not None:
        return _("Difference"), look.difference, None
    if nodes.uncertainty is not None:
        return _("Uncertainty"), nodes.uncertainty, None
    if nodes.segmentation is not None:
        return _("Segmentation"), nodes.source or nodes.synthetic, nodes.segmentation
    return _("Nothing to show"), None, None


def _users_composites():
    own = set(layouts.VIEWS.values())
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    return [node for node in composites if node.GetLayoutName() not in own]


def _empty_own_views():
    """Hold no volume in views that nobody sees: they would be updated all the same."""
    for name in layouts.VIEWS.values():
        composite = slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
        if composite is not None:
            views.set_layers(composite, None)
