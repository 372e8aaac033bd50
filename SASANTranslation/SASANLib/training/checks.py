"""What is odd about a volume, by itself and beside the others of its domain."""

from collections import defaultdict
from collections.abc import Iterator
from statistics import median

from SASANLib.grid import SliceGrid
from SASANLib.training.case_report import AXES, CaseReport, Measures
from SASANLib.training.preparation import DomainSource, PreparationConfig
from SASANLib.training.problems import Problem

_UNLIKE = 1.5
_COARSE = 2.0
_AIR_BELOW_HU = -500.0
_HU_APART = 300.0
_SCALES_APART = 20.0
_VOLUMES_APART = 5.0
_TYPICAL_OF = 4  # volumes, before any of them is called untypical in its labels


def check_case(case: CaseReport, grids: list[SliceGrid], config: PreparationConfig) -> Iterator[Problem]:
    """What can be told from a volume alone."""
    measures, where = case.measures, {"domain": case.domain, "case": case.name}
    domain = config.domains[case.domain]
    if any(max(grid.shape[1:]) > config.grid.size for grid in grids):
        field = config.grid.size * config.grid.spacing_mm
        yield Problem(
            severity="warning",
            kind="field",
            message=f"the body is wider than the field of {field:g} mm and its rim is cut off",
            remedy="Prepare with more pixels a side or a larger spacing.",
            **where,
        )
    steps = [step for step, n in zip(measures.spacing_mm, measures.size, strict=True) if n > 1]
    if max(steps) > _COARSE * config.grid.spacing_mm:
        yield Problem(
            severity="note",
            kind="field",
            message=f"voxels more than {_COARSE:g} times as coarse as the grid",
            remedy="Leave out the planes that cut across thick slices, or prepare with a larger spacing.",
            **where,
        )
    yield from _check_units(measures, domain, where)
    if absent := [name for name, ml in (measures.label_ml or {}).items() if ml == 0]:
        yield Problem(
            severity="note",
            kind="labels",
            message=f"no {', no '.join(absent)}",
            remedy="Check the labelmap, if the image shows what is missing there.",
            **where,
        )


def _check_units(measures: Measures, domain: DomainSource, where: dict) -> Iterator[Problem]:
    lowest = measures.range[0]
    if domain.units == "HU" and lowest > _AIR_BELOW_HU:
        yield Problem(
            severity="warning",
            kind="units",
            message=f"no air, the lowest value is {lowest:.0f}: is it in HU?",
            remedy="Export it with the rescale slope and intercept applied.",
            **where,
        )
    if domain.modality == "MR" and lowest < _AIR_BELOW_HU:
        yield Problem(
            severity="warning",
            kind="units",
            message=f"values down to {lowest:.0f} in an MR: is it a CT?",
            remedy="Check that the folders are not exchanged, and the modality of the domain.",
            **where,
        )


def compare_cases(cases: list[CaseReport], config: PreparationConfig) -> Iterator[Problem]:
    """What shows only beside the other volumes: copies, leaks, and unlike sizes, units and labels."""
    cases = [case for case in cases if case.measures]
    yield from _copies(cases, config)
    for domain in config.domains:
        yield from _unlike([case for case in cases if case.domain == domain], config.domains[domain])
        yield from _unlike_labels([case for case in cases if case.domain == domain])


def _copies(cases: list[CaseReport], config: PreparationConfig) -> Iterator[Problem]:
    alike = defaultdict(list)
    for case in cases:
        alike[case.measures.digest].append(case)
    for case in cases:
        if others := [other for other in alike[case.measures.digest] if other is not case]:
            yield copy_problem(case, others, "the same voxels as", config)


def copy_problem(case: CaseReport, others: list[CaseReport], what: str, config: PreparationConfig) -> Problem:
    """A copy of another volume; a leak when it is trained on under one name and validated on under another."""
    leaks = [other for other in others if other.split != case.split]
    other = (leaks or others)[0]
    remedy = "Remove one of them, or correct the export if they are to be two images."
    if leaks:
        remedy = "One is trained on and the other validated on: remove one, or name both after one subject."
    return Problem(
        severity="warning",
        kind="leak" if leaks else "copy",
        message=f"{what} {config.domains[other.domain].name} {other.name}",
        remedy=remedy,
        domain=case.domain,
        case=case.name,
    )


def _unlike(cases: list[CaseReport], domain: DomainSource) -> Iterator[Problem]:
    """Sizes and intensities that are not those of most others."""
    sizes = {case.name: case.measures.body_along_patient() for case in cases}
    typical = [median([mm for mm in along if mm is not None] or [0]) for along in zip(*sizes.values(), strict=True)]
    for case in cases:
        where = {"domain": case.domain, "case": case.name}
        for n, axis in enumerate(AXES):
            mm, middle = sizes[case.name][n], typical[n]
            if mm is not None and not middle / _UNLIKE <= mm <= middle * _UNLIKE:
                yield Problem(
                    severity="warning",
                    kind="size",
                    message=f"{round(mm, 1):g} mm {axis}, where {round(middle, 1):g} mm is typical",
                    remedy="Check the spacing in its header (mm), and that it shows the same anatomy.",
                    **where,
                )
        mine = case.measures.body_percentiles
        if domain.units == "HU":
            middle = median(c.measures.body_percentiles["50"] for c in cases)
            if abs(mine["50"] - middle) > _HU_APART:
                yield Problem(
                    severity="warning",
                    kind="units",
                    message=f"a median of {mine['50']:.0f} in the body, where {middle:.0f} is typical: other units?",
                    remedy="Bring all of the domain to HU: export it with the rescale slope and intercept applied.",
                    **where,
                )
        else:
            middle = median(c.measures.body_percentiles["99"] for c in cases)
            if min(mine["99"], middle) > 0 and not 1 / _SCALES_APART < mine["99"] / middle < _SCALES_APART:
                yield Problem(
                    severity="note",
                    kind="units",
                    message=f"intensities up to {mine['99']:.3g}, where {middle:.3g} is typical: other units?",
                    remedy="Every MR is normalised by itself, so that only its contrast matters: check that.",
                    **where,
                )


def _unlike_labels(cases: list[CaseReport]) -> Iterator[Problem]:
    """Labels that no training case has, and volumes that are not those of most others."""
    cases = [case for case in cases if case.measures.label_ml is not None]
    whole = [case for case in cases if 1 not in case.measures.size]  # what a slice shows depends on where it was cut
    for name in cases[0].measures.label_ml if cases else ():
        if all(case.measures.label_ml[name] == 0 for case in cases if case.split == "train"):
            yield Problem(
                severity="warning",
                kind="labels",
                message=f"No training case has the label {name}.",
                remedy="Add cases that show it, or leave the label out.",
                domain=cases[0].domain,
            )
        present = [case for case in whole if case.measures.label_ml[name] > 0]
        middle = median(case.measures.label_ml[name] for case in present) if len(present) >= _TYPICAL_OF else 0
        for case in present if middle else ():
            ml = case.measures.label_ml[name]
            if not middle / _VOLUMES_APART < ml < middle * _VOLUMES_APART:
                yield Problem(
                    severity="note",
                    kind="labels",
                    message=f"{ml:.4g} ml of {name}, where {middle:.4g} ml is typical",
                    remedy="Check that no two labels are exchanged, and that the labelmap is finished.",
                    domain=case.domain,
                    case=case.name,
                )
