"""The figure of validation cases that goes into the folder of a model trained on pairs."""

import io

import numpy as np
import torch

from SASANLib.card import DomainCard
from SASANLib.networks import OTHER, Domain, TranslationNetworks
from SASANLib.training.batch import PAIRED
from SASANLib.training.dataset import PreparedDataset
from SASANLib.training.validation import translate_slices

_SLICES = 6
_MARGIN = 6  # pixels around the largest body shown
_TILE = 1.55  # inches
_DPI = 90
_GAP = 0.12  # between the two directions, in tiles
_HU_SHOWN = (-1000.0, 1500.0)
_HU_ERROR = 500.0

Tile = tuple[np.ndarray, dict]


def validation_figure(networks: TranslationNetworks, dataset: PreparedDataset, device: torch.device) -> bytes:
    """A PNG: the middle slice in each plane of the first validation subjects, both directions beside each other.

    The columns of a direction are source, translation, truth, their difference inside the compared region, and
    the segmentation of the source.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    chosen = _chosen(dataset)
    halves = [_tiles(networks, dataset, chosen, source, device) for source in OTHER]
    columns = len(halves[0][0])
    width, top, bottom = (2 * columns + _GAP) * _TILE, 0.62, 0.34  # inches
    height = len(chosen) * _TILE + top + bottom
    figure = Figure(figsize=(width, height), facecolor="black")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        len(chosen),
        2 * columns + 1,
        width_ratios=[1] * columns + [_GAP] + [1] * columns,
        left=0,
        right=1,
        top=1 - top / height,
        bottom=bottom / height,
        wspace=0.015,
        hspace=0.015,
    )
    crops = _crops(dataset, chosen)
    for half, source in enumerate(OTHER):
        first = half * (columns + 1)
        centre = (half * (columns + _GAP) + columns / 2) * _TILE / width
        style = {"color": "white", "ha": "center"}
        figure.text(centre, 1 - 0.22 / height, _heading(dataset, source), size=13, weight="bold", **style)
        for line, (tiles, crop) in enumerate(zip(halves[half], crops, strict=True)):
            for column, (image, drawing) in enumerate(tiles):
                axis = figure.add_subplot(grid[line, first + column])
                axis.imshow(image[crop], aspect="auto", **drawing)
                axis.set_axis_off()
                if line == 0:
                    axis.set_title(_title(dataset, source, column), color="white", size=9.5, pad=4)
    _legend(figure, dataset)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, facecolor="black")
    return buffer.getvalue()


def _chosen(dataset: PreparedDataset) -> list[int]:
    """Rows of the middle slices of the first validation subjects, one a plane."""
    cases = sorted(dataset.cases("a", "validation"), key=lambda case: case.subject)
    return [case.start + case.count // 2 for case in cases][:_SLICES]


def _tiles(
    networks: TranslationNetworks, dataset: PreparedDataset, chosen: list[int], source: Domain, device: torch.device
) -> list[list[Tile]]:
    """For each slice the images of a direction's columns and how they are drawn."""
    pool = dataset.neighbours(source, "validation", networks.config.context_slices)
    centres = pool[:, pool.shape[1] // 2].tolist()
    rows = pool[[centres.index(row) for row in chosen]]
    here, there = dataset.card.domains[source], dataset.card.domains[OTHER[source]]
    limit = _error_limit(there)
    lines = []
    for row, made in zip(chosen, translate_slices(networks, dataset, rows, source, device), strict=True):
        given = here.mapping.inverse(dataset.images[source][row].astype(np.float32))
        real = there.mapping.inverse(dataset.images[OTHER[source]][row].astype(np.float32))
        synthetic = there.mapping.inverse(made.image)
        difference = np.where(dataset.region[row] == PAIRED, synthetic - real, np.nan)
        lines.append(
            [
                (given, _gray(here, given)),
                (synthetic, _gray(there, real)),
                (real, _gray(there, real)),
                (difference, {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}),
                (_coloured(made.labels, dataset), {}),
            ]
        )
    return lines


def _heading(dataset: PreparedDataset, source: Domain) -> str:
    domains = dataset.card.domains
    return f"{domains[source].name} to {domains[OTHER[source]].name}"


def _title(dataset: PreparedDataset, source: Domain, column: int) -> str:
    here, there = dataset.card.domains[source], dataset.card.domains[OTHER[source]]
    titles = (
        here.name,
        f"synthetic {there.name}",
        f"real {there.name}",
        f"difference, ±{_error_limit(there):g} {there.units}",
        "segmentation",
    )
    return titles[column]


def _gray(domain: DomainCard, image: np.ndarray) -> dict:
    """CT in a fixed window, so that cases compare; MR, whose units are arbitrary, in its own."""
    low, high = _HU_SHOWN if domain.units == "HU" else (float(image.min()), float(np.percentile(image, 99.8)))
    return {"cmap": "gray", "vmin": low, "vmax": high}


def _error_limit(domain: DomainCard) -> float:
    """Where the colours of the difference end: 500 HU, or a quarter of the MR's range, to one digit."""
    if domain.units == "HU":
        return _HU_ERROR
    return float(f"{np.ptp(domain.mapping.inverse(np.array([-1.0, 1.0]))) / 4:.0e}")


def _crops(dataset: PreparedDataset, chosen: list[int]) -> list[tuple[slice, slice]]:
    """A square around each slice's body, of one size for all, so that they show at one scale."""
    size = dataset.card.grid.size
    boxes = np.stack([np.stack([dataset.boxes[d][row] for row in chosen]) for d in OTHER]).astype(int)
    first, last = boxes[..., ::2].min(0), boxes[..., 1::2].max(0)  # (slices, 2): row, column
    side = min(size, int((last - first).max()) + 1 + 2 * _MARGIN)
    starts = np.clip((first + last + 1 - side) // 2, 0, size - side)
    return [(slice(y, y + side), slice(x, x + side)) for y, x in starts.tolist()]


def _coloured(labels: np.ndarray, dataset: PreparedDataset) -> np.ndarray:
    table = np.zeros((256, 3), np.uint8)
    for label in dataset.card.labels:
        table[label.value] = label.color
    return table[labels]


def _legend(figure, dataset: PreparedDataset) -> None:
    """The labels' colours, at the bottom."""
    from matplotlib.patches import Patch

    if not dataset.card.labels:
        return
    patches = [Patch(color=np.array(label.color) / 255, label=label.name) for label in dataset.card.labels]
    figure.legend(
        handles=patches,
        loc="lower center",
        ncols=len(patches),
        frameon=False,
        labelcolor="white",
        fontsize=9.5,
        borderaxespad=0.2,
    )
