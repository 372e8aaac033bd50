"""The overview picture of a translation: slice views of every output in the three planes, with captions."""

from canvas import GREY, Canvas
from slicer_session import SliceView

from SASANTranslationLib import attention, views

TILE = 320
GAP = 4
HEADER, CAPTIONS, FOOTER = 56, 34, 44
ROW_LABELS = 34
PLANES = ("Axial", "Coronal", "Sagittal")

#: What lies at the left and at the top of a view, in radiological display.
_ENDS = {"Axial": ("R", "A"), "Coronal": ("R", "S"), "Sagittal": ("A", "S")}


def draw_overview(nodes):
    """Draw a run (`TranslationNodes`) as rows of planes and columns of outputs; returns a `Canvas`.

    Every tile is what a slice view of Slicer shows with those layers. A row's tiles are as high as the
    anatomy asks for, so that nothing is wasted and nothing distorted.
    """
    extent = views.content_extent(views.image_to_show(nodes))
    chosen = attention.complementary_maps(nodes.attention, attention.anatomy_volume(nodes))
    columns = _columns(nodes, chosen)
    view = SliceView("Overview", TILE, TILE)
    heights = [_row_height(view, plane, extent) for plane in PLANES]

    canvas = Canvas(
        ROW_LABELS + len(columns) * (TILE + GAP),
        HEADER + CAPTIONS + sum(heights) + len(PLANES) * GAP + FOOTER,
    )
    _draw_header(canvas, nodes)
    for number, (caption, _) in enumerate(columns):
        canvas.text(_left(number) + TILE / 2, HEADER + CAPTIONS / 2 - 2, caption, 22, anchor="center")
    top = HEADER + CAPTIONS
    for plane, height in zip(PLANES, heights, strict=True):
        canvas.text_upwards(ROW_LABELS / 2, top + height / 2, plane, 22)
        for number, (_, layers) in enumerate(columns):
            canvas.paste(_tile(view, plane, height, extent, layers), _left(number), top)
        _draw_ends(canvas, plane, top, height)
        top += height + GAP
    _draw_legends(canvas, nodes, chosen, [layers for _, layers in columns], top + FOOTER / 2 - 2)
    return canvas


def _columns(nodes, chosen):
    """(caption, arguments of `views.set_layers`) of each column; what the run has not gets none."""
    image = views.image_to_show(nodes)
    modality = nodes.entry("modality")
    columns = [
        (f"Source {nodes.entry('source_modality')}", nodes.source, (nodes.source,)),
        (f"Synthetic {modality}", nodes.synthetic, (nodes.synthetic,)),
        (f"Known {modality}", nodes.reference, (nodes.reference,)),
        (f"Attention, {len(chosen)} of {len(nodes.attention)} maps", chosen, (image, chosen)),
        ("Segmentation", nodes.segmentation, (image, (), nodes.segmentation)),
        ("Uncertainty", nodes.uncertainty, (nodes.uncertainty,)),
    ]
    return [(caption, layers) for caption, shown, layers in columns if shown]


def _tile(view, plane, height, extent, layers):
    views.set_layers(view.composite, *layers)
    view.node.SetOrientation(plane)
    view.resize(TILE, height)
    views.fit(view.node, extent)
    return view.image()


def _row_height(view, plane, extent):
    view.node.SetOrientation(plane)
    width, height = views.in_plane_size(view.node, extent)
    return round(TILE * min(max(height / width, 0.6), 1.5))


def _left(column):
    return ROW_LABELS + column * (TILE + GAP)


def _draw_header(canvas, nodes):
    name = nodes.source.GetName() if nodes.source else nodes.title
    canvas.text(ROW_LABELS, 26, name, 28, bold=True)
    model = " ".join(filter(None, (nodes.entry(key) for key in ("model", "model_version"))))
    note = f"model {model}   ·   research use only"
    canvas.text(canvas.pixels.shape[1] - 12, 26, note, 20, GREY, anchor="right")


def _draw_ends(canvas, plane, top, height):
    """Mark the patient's sides on the first tile of a row."""
    left, above = _ENDS[plane]
    canvas.text(_left(0) + 4, top + height / 2, left, 18)
    canvas.text(_left(0) + TILE / 2, top + 12, above, 18, anchor="center")


def _draw_legends(canvas, nodes, chosen, layers, y):
    """Under each column: its window, its colours with their names, or its scale."""
    for column, (background, *others) in enumerate(layers):
        left, middle = _left(column), _left(column) + TILE / 2
        low, high = _window(background)
        if background is nodes.uncertainty:
            _draw_scale(canvas, background, left, y, "0", f"{high:.0f} {_units(background)}")
        elif chosen and others[:1] == [chosen]:
            last = _table(chosen[0]).GetNumberOfColors() - 1
            entries = [(node.GetAttribute("SASAN.attention_map"), last, node) for node in chosen]
            entries.sort(key=lambda entry: int(entry[0]))
            _draw_swatches(canvas, entries, middle, y)
        elif len(others) == 2:
            table = _table(nodes.segmentation)
            values = [v for v in range(1, table.GetNumberOfColors()) if table.GetColorDefined(v)]
            entries = [(table.GetColorName(v), v, nodes.segmentation) for v in values]
            _draw_swatches(canvas, entries, middle, y)
        elif _units(background):
            canvas.text(middle, y, f"{low:+.0f} … {high:+.0f} {_units(background)}", 18, GREY, anchor="center")


def _draw_swatches(canvas, entries, middle, y):
    """Centre colour squares with their names under a tile; `entries` are (name, colour index, node)."""
    for size in (18, 16, 14, 12, 10):
        row = Canvas(4 * TILE, 2 * size)
        width = 0
        for name, index, node in entries:
            row.fill(width, round(0.6 * size), round(0.8 * size), round(0.8 * size), _color(node, index))
            width += round(1.2 * size)
            width += row.text(width, size, name, size) + round(0.9 * size)
        width -= round(0.9 * size)
        if width < TILE - GAP:
            break
    width = min(width, TILE)
    canvas.paste(row.pixels[:, :width], round(middle - width / 2), round(y - size))


def _draw_scale(canvas, node, left, y, low, high, height=14):
    """A colour bar across a tile between the texts for its ends."""
    start = left + canvas.text(left + 12, y, low, 18) + 20
    end = left + TILE - canvas.text(left + TILE - 12, y, high, 18, anchor="right") - 20
    for x in range(start, end):
        canvas.fill(x, round(y - height / 2), 1, height, _color(node, round((x - start) / (end - start) * 255)))


def _table(node):
    return node.GetDisplayNode().GetColorNode()


def _color(node, index):
    rgba = [0.0] * 4
    _table(node).GetColor(index, rgba)
    return tuple(round(255 * part) for part in rgba[:3])


def _window(node):
    display = node.GetDisplayNode()
    return display.GetWindowLevelMin(), display.GetWindowLevelMax()


def _units(node):
    """Short units of a volume: "HU", or nothing for those that have none."""
    units = node.GetVoxelValueUnits()
    return "HU" if units is not None and units.GetCodeValue() == "[hnsf'U]" else ""
