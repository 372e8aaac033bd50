"""The data report of `sasan prepare`: a line a volume, and in words what is odd about it."""

import csv
import hashlib
from collections import defaultdict
from pathlib import Path
from statistics import median

import numpy as np

from SASANLib.grid import SliceGrid
from SASANLib.statistics import volume_statistics
from SASANLib.training.loading import Case
from SASANLib.training.preparation import PreparationConfig
from SASANLib.volumes import Volume

REPORT = "report.csv"
_EXTENTS = ("right-left mm", "anterior-posterior mm", "inferior-superior mm")
_PERCENTILES = (1, 50, 99)
_UNLIKE = 1.5
_COARSE = 2.0
_AIR_BELOW_HU = -500.0

Line = dict[str, str | int | float]


def describe(case: Case, grids: list[SliceGrid], labels: np.ndarray | None, config: PreparationConfig) -> Line:
    """A volume's line. `digest` is of its voxels; `odd` has what can be told from the volume alone."""
    volume, source = case.volume, case.source
    domain = config.domains[source.domain]
    extents = volume_statistics(volume, case.body, volume.array).body_extent_mm
    percentiles = np.percentile(volume.array[case.body], _PERCENTILES)
    line: Line = {
        "domain": domain.name,
        "name": source.name,
        "subject": source.subject,
        "split": source.split,
        "planes": " ".join(grid.plane for grid in grids),
        "slices": sum(grid.shape[0] for grid in grids),
        "size": " x ".join(str(n) for n in volume.shape[::-1]),
        "spacing mm": " x ".join(f"{s:.3g}" for s in volume.spacing),
        "orientation": orientation(volume),
        "oblique degrees": round(obliqueness(volume), 1),
        **{name: "" if mm is None else round(mm, 1) for name, mm in zip(_EXTENTS, extents, strict=True)},
        **{f"body p{p}": round(float(v), 2) for p, v in zip(_PERCENTILES, percentiles, strict=True)},
    }
    voxel_ml = abs(np.linalg.det(volume.affine[:3, :3])) / 1000
    for card in config.labels:
        line[f"{card.name} ml"] = "" if labels is None else round(float((labels == card.value).sum() * voxel_ml), 3)
    odd = []
    if any(max(grid.shape[1:]) > config.grid.size for grid in grids):
        field = config.grid.size * config.grid.spacing_mm
        odd.append(f"the body is wider than the field of {field:g} mm and its rim is cut off")
    if max(spacing_of_axes(volume)) > _COARSE * config.grid.spacing_mm:
        odd.append(f"voxels more than {_COARSE:g} times as coarse as the grid")
    if domain.units == "HU" and (lowest := volume.array.min()) > _AIR_BELOW_HU:
        odd.append(f"no air, the lowest value is {lowest:.0f}: is it in HU?")
    if labels is not None and (absent := [c.name for c in config.labels if not (labels == c.value).any()]):
        odd.append(f"no {', no '.join(absent)}")
    return {**line, "digest": hashlib.sha256(volume.array.tobytes()).hexdigest()[:16], "odd": "; ".join(odd)}


def compare(lines: list[Line]) -> list[Line]:
    """The lines with `odd` completed by what shows only beside the other volumes: copies, and unlike sizes."""
    copies, typical = defaultdict(list), defaultdict(list)
    for line in lines:
        copies[line["digest"]].append(f"{line['domain']} {line['name']}")
        for axis in _EXTENTS:
            if line[axis] != "":
                typical[line["domain"], axis].append(line[axis])
    compared = []
    for line in lines:
        odd = [line["odd"]] if line["odd"] else []
        me = f"{line['domain']} {line['name']}"
        if others := [other for other in copies[line["digest"]] if other != me]:
            odd.append(f"the same voxels as {others[0]}")
        for axis in _EXTENTS:
            middle = median(typical[line["domain"], axis] or [0])
            if line[axis] != "" and not middle / _UNLIKE <= line[axis] <= middle * _UNLIKE:
                odd.append(f"{line[axis]:g} mm {axis.removesuffix(' mm')}, where {middle:g} mm is typical")
        compared.append({**line, "odd": "; ".join(odd)})
    return compared


def write_report(lines: list[Line], folder: Path) -> None:
    """`report.csv` in the folder, without the digests."""
    columns = [name for name in lines[0] if name != "digest"]
    with open(folder / REPORT, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(lines)


def read_report(folder: Path) -> list[dict[str, str]]:
    """The lines of a prepared folder's report."""
    with open(folder / REPORT, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def spacing_of_axes(volume: Volume) -> list[float]:
    """Spacings along the axes that have more than one voxel."""
    return [s for s, n in zip(volume.spacing, volume.shape[::-1], strict=True) if n > 1]


def orientation(volume: Volume) -> str:
    """Where i, j and k go, to the nearest patient direction: "LPS" of most MR and CT."""
    directions = volume.affine[:3, :3]
    nearest = np.abs(directions).argmax(axis=0)
    return "".join(("LR", "PA", "IS")[axis][int(directions[axis, n] > 0)] for n, axis in enumerate(nearest))


def obliqueness(volume: Volume) -> float:
    """The largest angle between an axis of the volume and the patient axis nearest to it, in degrees."""
    cosines = np.abs(volume.affine[:3, :3] / volume.spacing).max(axis=0)
    return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).max())
