"""The data report's pictures: intensities of all volumes, and pairs before and after registration."""

import re
from pathlib import Path

import numpy as np

from SASANLib.grid import slice_grid, to_grid
from SASANLib.networks.translation import OTHER
from SASANLib.statistics import volume_statistics
from SASANLib.training.case_report import CaseReport
from SASANLib.training.loading import Case, own_plane
from SASANLib.training.pair_report import moved
from SASANLib.training.preparation import DomainSource, PreparationConfig
from SASANLib.training.problems import Problem
from SASANLib.training.registration import Registration
from SASANLib.volumes import Volume

FOLDER = "pictures"
_PLANES = ("axial", "coronal", "sagittal")
_PIXELS = 256
_CHECKS = 8  # squares a side of the checkerboard
_TILE = 2.6  # inches
_DPI = 80
_MARGIN = 1.3  # of the body's size
_HU_SHOWN = (-300.0, 1200.0)  # in a model's window soft tissue and air are hard to tell apart
_OUTLINE = "#56b4e9"
_SPLITS = {"train": "#888888", "validation": "#d55e00"}  # told apart by the colour-blind, too (Okabe and Ito)


class PictureFolder:
    """Draws into `pictures/` of a report's folder. Without matplotlib there are no pictures, and a note says so."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.problems: list[Problem] = []
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            self.problems.append(
                Problem(
                    severity="note",
                    kind="pictures",
                    message="The report has no pictures, because matplotlib is not installed.",
                    remedy="Install it with `pip install matplotlib`, and check again.",
                )
            )

    def intensities(self, cases: list[CaseReport], config: PreparationConfig) -> tuple[str, ...]:
        """The intensities of every volume's body, a line a volume, validation subjects in another colour."""
        cases = [case for case in cases if case.measures]
        if self.problems or not cases:
            return ()
        figure = _figure(10, 3.6)
        for n, d in enumerate(OTHER):
            axes = figure.add_subplot(1, 2, n + 1)
            for case in (case for case in cases if case.domain == d):
                histogram = case.measures.histogram
                edges = np.linspace(histogram.low, histogram.high, len(histogram.counts) + 1)
                density = np.array(histogram.counts) / max(sum(histogram.counts), 1) / np.diff(edges)
                axes.plot((edges[1:] + edges[:-1]) / 2, density, color=_SPLITS[case.split], alpha=0.5, linewidth=0.8)
            domain = config.domains[d]
            axes.set_title(f"{domain.name}: intensities in the body", size=10)
            axes.set_xlabel(domain.units)
            axes.set_ylabel("density")
            axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 2))
        handles = [_line(color, split) for split, color in _SPLITS.items() if any(c.split == split for c in cases)]
        figure.legend(handles=handles, loc="upper center", ncols=2, frameon=False, fontsize=9)
        figure.subplots_adjust(left=0.07, right=0.98, top=0.82, bottom=0.15, wspace=0.2)
        return (self._save(figure, "intensities"),)

    def pair(self, a: Case, b: Case, registration: Registration | None, config: PreparationConfig) -> str | None:
        """The pair's middle slices: the second image's outline on the first, and both as a checkerboard.

        As the files have it and, where the second image was moved, after that. The file's name, if there is one.
        """
        if self.problems:
            return None
        if registration is None:
            columns = [("as it is", b.volume)]
        else:
            after = moved(b.volume, registration.matrix)
            state = "after" if registration.gained else "found, but not applied"
            columns = [
                (f"before, mutual information {registration.before:.2f}", b.volume),
                (f"{state}, mutual information {registration.after:.2f}", after),
            ]
        planes = [own_plane(a.volume)] if 1 in a.volume.shape else _PLANES
        figure = _figure(2 * len(columns) * _TILE, len(planes) * _TILE + 0.5)
        names = config.domains["a"].name, config.domains["b"].name
        for row, plane in enumerate(planes):
            for column, (title, volume) in enumerate(columns):
                first, second, body = _middle_slices(a, b, volume, plane, config)
                outline, board = (
                    figure.add_subplot(len(planes), 2 * len(columns), 2 * len(columns) * row + 2 * column + n)
                    for n in (1, 2)
                )
                outline.imshow(first, cmap="gray", vmin=0, vmax=1)
                if 0 < body.sum() < body.size:
                    outline.contour(body, [0.5], colors=[_OUTLINE], linewidths=0.9)
                board.imshow(np.where(_checkerboard(first.shape), first, second), cmap="gray", vmin=0, vmax=1)
                for axes in (outline, board):
                    axes.set_axis_off()
                if row == 0:
                    outline.set_title(f"{names[0]} with the outline of {names[1]}", color="white", size=8, pad=3)
                    board.set_title(f"{names[0]} and {names[1]}", color="white", size=8, pad=3)
                    centre = (column + 0.5) / len(columns)
                    figure.text(centre, 0.985, title, color="white", ha="center", va="top", size=10)
        top = 1 - 0.42 / figure.get_figheight()
        figure.subplots_adjust(left=0, right=1, bottom=0, top=top, wspace=0.01, hspace=0.01)
        figure.set_facecolor("black")
        return self._save(figure, a.source.name)

    def _save(self, figure, name: str) -> str:
        """As a PNG in the folder: its path there. Names of volumes are whatever a file system takes."""
        folder = self.folder / FOLDER
        folder.mkdir(exist_ok=True)
        safe = re.sub(r"[^\w.-]", "_", name)
        taken = {path.name.lower() for path in folder.iterdir()}
        free = next(c for n in range(len(taken) + 1) if (c := f"{safe}{f'-{n}' * (n > 0)}.png").lower() not in taken)
        figure.savefig(folder / free, format="png", dpi=_DPI)
        return f"{FOLDER}/{free}"


def _figure(width: float, height: float):
    """In inches; it belongs to no window and to no list of open figures."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def _line(color: str, label: str):
    from matplotlib.lines import Line2D

    return Line2D([], [], color=color, label=label)


def _middle_slices(
    a: Case, b: Case, placed: Volume, plane: str, config: PreparationConfig
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first image, the second as `placed`, both in [0, 1], and the second's body: (256, 256) each.

    Through the middle of the first image's body, at a scale that shows this body with a margin.
    """
    extents = volume_statistics(a.volume, a.body, a.volume.array).body_extent_mm
    grid = slice_grid(a.volume, a.body, plane, _MARGIN * max(mm for mm in extents if mm) / _PIXELS, _PIXELS)
    middle, size = grid.shape[0] // 2, grid.shape[1]
    images = []
    for volume, case, source in ((a.volume, a, config.domains["a"]), (placed, b, config.domains["b"])):
        low, high = _window(case, source)
        images.append(np.clip((to_grid(volume, grid, low)[middle] - low) / (high - low), 0, 1))
    body = to_grid(placed.like(b.body), grid, 0, "nearest")[middle] > 0
    keep = slice((size - _PIXELS) // 2, (size - _PIXELS) // 2 + _PIXELS)
    return tuple(image[keep, keep] for image in (*images, body))


def _window(case: Case, source: DomainSource) -> tuple[float, float]:
    if source.units == "HU":
        return _HU_SHOWN
    low, high = np.percentile(case.volume.array[case.body], (0.5, 99.5))
    return min(0.0, float(low)), float(max(high, low + 1e-6))


def _checkerboard(shape: tuple[int, int]) -> np.ndarray:
    rows, columns = np.indices(shape) * _CHECKS // _PIXELS
    return (rows + columns) % 2 == 0
