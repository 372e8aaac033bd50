"""Colour tables of a translation: one per attention map, one for the labels, one for the uncertainty."""

import colorsys

import slicer

#: Attribute "Category" of every table made here; Slicer's colour selector groups tables by it.
CATEGORY = "SASAN"

#: Told apart on a grey image and from each other; further maps take hues in between.
ATTENTION_COLORS = (
    (255, 89, 64),
    (64, 156, 255),
    (255, 200, 40),
    (60, 210, 110),
    (225, 95, 235),
    (50, 220, 225),
    (255, 140, 30),
    (165, 125, 255),
)

#: Perceptually uniform, black at zero: nine equidistant points of matplotlib's "inferno" (CC0).
UNCERTAINTY_COLORS = (
    (0, 0, 4),
    (33, 12, 74),
    (87, 16, 110),
    (138, 34, 106),
    (188, 55, 84),
    (228, 90, 49),
    (249, 142, 9),
    (249, 203, 53),
    (252, 255, 164),
)

#: From blue (too low) through black (no difference, and the background of a slice view) to red (too high);
#: both sides rise equally in brightness.
DIFFERENCE_COLORS = (
    (190, 225, 255),
    (70, 150, 255),
    (25, 60, 150),
    (0, 0, 0),
    (150, 35, 20),
    (255, 105, 60),
    (255, 215, 185),
)

#: Brightness at the low end of an attention map's colours.
_DIMMED = 0.45

#: The golden ratio's fractional part: its multiples, modulo 1, stay far apart on the hue circle.
_GOLDEN_RATIO = 0.618034


def attention_color(number):
    """The colour of attention map `number` (from 1) as (red, green, blue), 0 to 255."""
    if number <= len(ATTENTION_COLORS):
        return ATTENTION_COLORS[number - 1]
    hue = (number * _GOLDEN_RATIO) % 1.0
    return tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.65, 1.0))


def new_color_table(name):
    """Add a colour table without colours, for one of the functions below to fill."""
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", name)
    table.SetTypeToUser()
    table.SetAttribute("Category", CATEGORY)
    return table


def attention_color_table(name, color):
    """Add a table for an overlay: see `recolor_attention_table`."""
    table = new_color_table(name)
    recolor_attention_table(table, color)
    return table


def recolor_attention_table(table, color):
    """Make a table one for an overlay: 256 entries, the first transparent, then from a dimmed to the full `color`.

    Only the first is transparent because Slicer reduces the opacity of a scalar volume's colours to all or
    nothing. What lies below the volume's window is therefore not drawn, and the fade above it is one of
    brightness. `color` is (red, green, blue), 0 to 255.
    """
    dimmed = tuple(_DIMMED * part for part in color)
    _set_ramp(table, (dimmed, color), first_is_transparent=True)


def set_uncertainty_colors(table):
    """Give a table the perceptually uniform colours of an uncertainty volume, 256 from black to pale yellow."""
    _set_ramp(table, UNCERTAINTY_COLORS)


def difference_color_table(name):
    """Add the diverging table of a difference volume, 256 entries, for a window that is symmetric around zero."""
    table = new_color_table(name)
    _set_ramp(table, DIFFERENCE_COLORS)
    return table


def set_label_colors(table, labels):
    """Give a table the name and color (0 to 255) of each of `labels` at its value; 0 is transparent.

    `labels` is a list of {"value", "name", "color"} as the worker describes them, with or without the
    background.
    """
    was_modifying = table.StartModify()
    _set_size(table, max([label["value"] for label in labels], default=0) + 1)
    for value in range(table.GetNumberOfColors()):
        table.SetColor(value, "", 0, 0, 0, 0)
        table.SetColorDefined(value, False)
    table.SetColor(0, "background", 0, 0, 0, 0)
    for label in labels:
        if label["value"] != 0:
            table.SetColor(label["value"], label["name"], *(part / 255 for part in label["color"]), 1)
            table.SetColorDefined(label["value"], True)
    table.SetColorDefined(0, True)
    table.EndModify(was_modifying)


def has_labels(table, labels):
    """Whether a table has the values and names of `labels`, and no others, whatever their colours."""
    expected = {label["value"]: label["name"] for label in labels if label["value"] != 0}
    defined = (value for value in range(1, table.GetNumberOfColors()) if table.GetColorDefined(value))
    return {value: table.GetColorName(value) for value in defined} == expected


def _set_ramp(table, points, first_is_transparent=False):
    """Give a table 256 entries that interpolate linearly between equidistant `points` (0 to 255)."""
    was_modifying = table.StartModify()
    _set_size(table, 256)
    for entry in range(256):
        position = entry / 255 * (len(points) - 1)
        below = min(int(position), len(points) - 2)
        share = position - below
        pairs = zip(points[below], points[below + 1], strict=True)
        rgb = [((1 - share) * low + share * high) / 255 for low, high in pairs]
        table.SetColor(entry, str(entry), *rgb, 0 if first_is_transparent and entry == 0 else 1)
    table.EndModify(was_modifying)


def _set_size(table, number_of_colors):
    table.SetNumberOfColors(number_of_colors)
    table.GetLookupTable().SetTableRange(0, number_of_colors - 1)
