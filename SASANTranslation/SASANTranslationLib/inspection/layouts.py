"""Inspection's own slice views and their layouts in Slicer, apart from the user's views."""

from dataclasses import dataclass

import slicer
from slicer.i18n import tr as _

#: Names (singleton tags) of the views, by what they show.
VIEWS = {
    "source": "SASANSource",
    "synthetic": "SASANSynthetic",
    "attention": "SASANAttention",
    "difference": "SASANDifference",
}

#: Views of a group follow each other and the crosshair; Slicer's own layouts use small numbers.
VIEW_GROUP = 731

#: Attribute of the layout node, saved with a scene: which layout the user had before.
USERS_LAYOUT = "SASAN.usersLayout"

ORIENTATIONS = ("Axial", "Coronal", "Sagittal")

_COLORS = {"source": "#8C8C8C", "synthetic": "#6DB5E8", "attention": "#F2A03D", "difference": "#B58BE0"}


@dataclass(frozen=True)
class Layout:
    """One arrangement: its name in the parameter node, its number in Slicer, its views in rows."""

    name: str
    number: int
    rows: tuple

    @property
    def views(self):
        return tuple(view for row in self.rows for view in row)


#: Numbers from 500 up are for extensions; these are unlikely to be another's.
LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("four", 7311, (("source", "synthetic"), ("attention", "difference"))),
        Layout("row", 7312, (("source", "synthetic", "attention", "difference"),)),
        Layout("three", 7313, (("source", "synthetic", "attention"),)),
    )
}

#: The name for: no layout of its own, the slice views as the user has arranged them.
USERS_VIEWS = "mine"


def title(layout_name):
    """How the panel calls a layout."""
    return {
        "four": _("Four views"),
        "row": _("Four in a row"),
        "three": _("Three columns"),
        USERS_VIEWS: _("My own layout"),
    }[layout_name]


def layout_node():
    """The scene's layout node, or None, as without a main window."""
    return slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode")


def register():
    """Make the layouts known to Slicer. Needed before one is shown, and before a scene saved in one is opened."""
    node = layout_node()
    if node is None:
        return
    for layout in LAYOUTS.values():
        if not node.IsLayoutDescription(layout.number):
            node.AddLayoutDescription(layout.number, describe(layout))


def is_ours(number):
    """Whether a view arrangement is one of these layouts."""
    return any(layout.number == number for layout in LAYOUTS.values())


def describe(layout):
    """A layout in Slicer's XML."""
    rows = "".join(f"<item>{_row(row)}</item>" for row in layout.rows)
    return f'<layout type="vertical" split="true">{rows}</layout>'


def _row(views):
    items = "".join(f"<item>{_view(view)}</item>" for view in views)
    return f'<layout type="horizontal" split="true">{items}</layout>'


def _view(view):
    properties = {
        "orientation": ORIENTATIONS[0],
        "viewlabel": view[:2].upper(),
        "viewcolor": _COLORS[view],
        "viewgroup": VIEW_GROUP,
    }
    lines = "".join(
        f'<property name="{name}" action="default">{value}</property>' for name, value in properties.items()
    )
    return f'<view class="vtkMRMLSliceNode" singletontag="{VIEWS[view]}">{lines}</view>'
