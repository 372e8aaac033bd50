"""The user's views as they were: kept while inspection shows something else, and put back."""

from dataclasses import dataclass, field

import slicer
import vtk

from SASANTranslationLib.inspection import layouts

_FIRST_EXTRA = slicer.vtkMRMLSliceCompositeNode.Layer_Last

#: Plain settings of a composite node, by the name in Set… and Get….
_COMPOSITE_SETTINGS = ("Compositing", "ClipToBackgroundVolume", "LinkedControl", "HotLinkedControl")


@dataclass
class ViewState:
    """Layout, slice views and windows of a scene at one moment. Nodes are kept by ID: what is gone is passed over.

    IDs are not used again until a scene is closed; then a state must not be put back any more.
    """

    arrangement: int | None = None
    maximized: list = field(default_factory=list)
    composites: dict = field(default_factory=dict)
    slices: dict = field(default_factory=dict)
    windows: dict = field(default_factory=dict)

    @classmethod
    def save(cls, kept_windows=()):
        """Take down the state of `slicer.mrmlScene`, without inspection's own views.

        `kept_windows` are volumes whose window is not part of it, because it is a setting of theirs.
        """
        own = set(layouts.VIEWS.values())
        state = cls()
        state.arrangement, state.maximized = _users_layout()
        for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
            if node.GetLayoutName() not in own:
                state.composites[node.GetID()] = _describe_composite(node)
        for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
            if node.GetLayoutName() not in own:
                state.slices[node.GetID()] = _describe_slice(node)
        kept = {node.GetDisplayNodeID() for node in kept_windows}
        for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeDisplayNode"):
            if node.GetID() not in kept:
                state.windows[node.GetID()] = _describe_window(node)
        return state

    def restore(self, with_layout=True):
        """Put everything back that is still in the scene; the layout too, unless the user has chosen another."""
        for node_id, settings in self.composites.items():
            _apply(node_id, settings, _restore_composite)
        for node_id, settings in self.slices.items():
            _apply(node_id, settings, _restore_slice)
        for node_id, settings in self.windows.items():
            _apply(node_id, settings, _restore_window)
        if with_layout:
            self.restore_layout()

    def restore_layout(self):
        """Put back the layout alone."""
        node = layouts.layout_node()
        if node is None or self.arrangement is None:
            return
        was_modifying = node.StartModify()
        node.RemoveAllMaximizedViewNodes()
        node.SetViewArrangement(self.arrangement)
        for view_id in self.maximized:
            view = slicer.mrmlScene.GetNodeByID(view_id)
            if view is not None:
                node.AddMaximizedViewNode(view)
        node.RemoveAttribute(layouts.USERS_LAYOUT)
        node.EndModify(was_modifying)


def _users_layout():
    """The user's view arrangement and maximised views; behind one of inspection's, which a scene was saved in."""
    node = layouts.layout_node()
    if node is None:
        return None, []
    arrangement = node.GetViewArrangement()
    if not layouts.is_ours(arrangement):
        count = node.GetNumberOfMaximizedViewNodes()
        return arrangement, [node.GetMaximizedViewNode(n).GetID() for n in range(count) if node.GetMaximizedViewNode(n)]
    saved = node.GetAttribute(layouts.USERS_LAYOUT)
    if saved and saved.isdigit() and node.IsLayoutDescription(int(saved)):
        return int(saved), []
    return slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView, []


def _apply(node_id, settings, restore):
    node = slicer.mrmlScene.GetNodeByID(node_id)
    if node is not None:
        was_modifying = node.StartModify()
        restore(node, settings)
        node.EndModify(was_modifying)


def _describe_composite(node):
    layers = [
        (node.GetNthLayerVolumeID(layer), node.GetNthLayerOpacity(layer))
        for layer in range(_FIRST_EXTRA + node.GetNumberOfAdditionalLayers())
    ]
    return layers, {name: getattr(node, f"Get{name}")() for name in _COMPOSITE_SETTINGS}


def _restore_composite(node, settings):
    layers, plain = settings
    layers = [(volume_id if _exists(volume_id) else None, opacity) for volume_id, opacity in layers]
    layers = layers[:_FIRST_EXTRA] + [layer for layer in layers[_FIRST_EXTRA:] if layer[0] is not None]
    # From the last: the references of the layers above a removed one move down.
    for layer in reversed(range(len(layers), _FIRST_EXTRA + node.GetNumberOfAdditionalLayers())):
        node.SetNthLayerVolumeID(layer, None)
    for layer, (volume_id, opacity) in enumerate(layers):
        node.SetNthLayerVolumeID(layer, volume_id)
        node.SetNthLayerOpacity(layer, opacity)
    for name, value in plain.items():
        getattr(node, f"Set{name}")(value)


def _exists(node_id):
    return node_id is not None and slicer.mrmlScene.GetNodeByID(node_id) is not None


def _describe_slice(node):
    to_ras = vtk.vtkMatrix4x4()
    to_ras.DeepCopy(node.GetSliceToRAS())
    return to_ras, node.GetFieldOfView(), node.GetDimensions(), node.GetXYZOrigin()


def _restore_slice(node, settings):
    to_ras, field_of_view, dimensions, origin = settings
    node.GetSliceToRAS().DeepCopy(to_ras)
    node.UpdateMatrices()
    # A view may have another size by now: what stays is the size of its pixels.
    factors = [now / before if before else 1 for now, before in zip(node.GetDimensions(), dimensions, strict=True)]
    node.SetFieldOfView(*(size * factor for size, factor in zip(field_of_view, factors, strict=True)))
    node.SetXYZOrigin(*origin)


def _describe_window(node):
    return node.GetAutoWindowLevel(), node.GetWindow(), node.GetLevel()


def _restore_window(node, settings):
    automatic, window, level = settings
    if _describe_window(node) != settings:
        node.SetAutoWindowLevel(False)
        node.SetWindowLevel(window, level)
        node.SetAutoWindowLevel(automatic)
