"""Validation on the subjects set apart, and pictures of a few fixed slices of theirs."""

import statistics
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from SASANLib.evaluation import metrics
from SASANLib.field import computed_range
from SASANLib.files import atomic_write
from SASANLib.losses import UNKNOWN
from SASANLib.networks import OTHER, Domain, TranslationNetworks
from SASANLib.training.batch import BACKGROUND, PAIRED
from SASANLib.training.dataset import PreparedDataset
from SASANLib.training.engine import Engine, Hook

Row = dict[str, str | float]


class TranslatedSlice(NamedTuple):
    """What the networks made of one slice."""

    image: np.ndarray
    """(h, w) in [−1, 1], in the other domain"""
    maps: np.ndarray
    """(maps, h, w)"""
    labels: np.ndarray
    """(h, w), the class with the largest logit"""


def translate_slices(
    networks: TranslationNetworks, dataset: PreparedDataset, rows: np.ndarray, source: Domain, device: torch.device
) -> Iterator[TranslatedSlice]:
    """The centre slices of `rows` (n, context) translated from `source`, one after the other.

    Cut down to the body as the translator cuts them, since the air around it weighs in every instance norm; beyond
    the cut are the background, maps of 0 and label 0.
    """
    centre, size = rows.shape[1] // 2, dataset.card.grid.size
    was_training = networks.training
    networks.eval()
    try:
        for row in rows:
            top, bottom, left, right = (int(edge) for edge in dataset.boxes[source][row[centre]])
            inside = (
                ...,
                slice(*computed_range(slice(top, bottom + 1), size)),
                slice(*computed_range(slice(left, right + 1), size)),
            )
            x = torch.from_numpy(dataset.images[source][row][inside].astype(np.float32))[None]
            with torch.inference_mode():
                output = networks.translate(x.to(device, memory_format=torch.channels_last), source)
            image = np.full((size, size), BACKGROUND, np.float32)
            image[inside] = output.image[0, centre].float().cpu().numpy()
            maps = np.zeros((output.maps.shape[1], size, size), np.float32)
            maps[inside] = output.maps[0].float().cpu().numpy()
            labels = np.zeros((size, size), np.int64)
            labels[inside] = output.logits[0].argmax(0).cpu().numpy()
            yield TranslatedSlice(image, maps, labels)
    finally:
        networks.train(was_training)


def validate(networks: TranslationNetworks, dataset: PreparedDataset, device: torch.device) -> list[Row]:
    """One row a validation slice and direction. Paired data is compared with its partner in the common region;
    labels, where a slice has them, give the Dice of the attention module's segmentation.
    """
    context = networks.config.context_slices
    rows: list[Row] = []
    for source, target in OTHER.items():
        direction = direction_name(dataset, source)
        pool = dataset.neighbours(source, "validation", context)
        cases = [c for c in dataset.cases(source, "validation") for _ in range(c.count)]
        made = translate_slices(networks, dataset, pool, source, device)
        for case, row, translated in zip(cases, pool[:, context // 2], made, strict=True):
            measures: Row = {"direction": direction, "subject": case.subject, "plane": case.plane}
            if dataset.card.paired:
                measures |= _against_partner(dataset, target, row, translated.image)
            if source in dataset.labels:
                measures["Dice"] = dice(translated.labels, dataset.labels[source][row], dataset.classes)
            rows.append(measures)
    return rows


def direction_name(dataset: PreparedDataset, source: Domain) -> str:
    """As bundles name it: "mr-to-ct" from MR to CT."""
    names = dataset.card.domains
    return f"{names[source].name}-to-{names[OTHER[source]].name}".lower()


def summary(rows: list[Row]) -> list[Row]:
    """Means over subjects by direction and measure. Each subject's slices are averaged first, whatever their number.

    A measure that is not finite (the Dice of a slice without labels) does not count.
    """
    grouped = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for row in rows:
        for name, value in row.items():
            if isinstance(value, float) and np.isfinite(value):
                grouped[row["direction"]][name][row["subject"]].append(value)
    table = []
    for direction, measures in grouped.items():
        for name, subjects in measures.items():
            means = [statistics.fmean(values) for values in subjects.values()]
            spread = statistics.stdev(means) if len(means) > 1 else 0.0
            table.append(
                {
                    "direction": direction,
                    "metric": name,
                    "mean": round(statistics.fmean(means), 4),
                    "sd": round(spread, 4),
                    "subjects": len(means),
                }
            )
    return table


def _against_partner(dataset: PreparedDataset, target: Domain, row: int, image: np.ndarray) -> Row:
    domain = dataset.card.domains[target]
    mask = dataset.region[row] == PAIRED
    if not mask.any():
        return {}
    fake, real = (domain.mapping.inverse(a.astype(np.float32)) for a in (image, dataset.images[target][row]))
    if domain.units == "HU":
        span = metrics.CT_RANGE[1] - metrics.CT_RANGE[0]
        fake, real = np.clip(fake, *metrics.CT_RANGE), np.clip(real, *metrics.CT_RANGE)
    else:
        span = float(np.ptp(domain.mapping.inverse(np.array([-1.0, 1.0]))))
    return {
        f"MAE ({domain.units})": metrics.mean_absolute_error(fake, real, mask),
        "PSNR (dB)": metrics.peak_signal_to_noise(fake, real, mask, span),
        "SSIM": metrics.structural_similarity(fake, real, mask, span),
    }


def dice(predicted: np.ndarray, truth: np.ndarray, classes: int) -> float:
    """Mean over the foreground classes present in the truth; NaN where none is. Unknown pixels do not count."""
    values = []
    known = truth != UNKNOWN
    for c in range(1, classes):
        p, t = (predicted == c) & known, truth == c
        if t.any():
            values.append(2 * float((p & t).sum()) / float(p.sum() + t.sum()))
    return statistics.fmean(values) if values else float("nan")


def validates(engine: Engine) -> bool:
    """Whether the step just done is followed by a validation: every `validate_every` steps and at the end."""
    return engine.state.step % engine.config.validate_every == 0 or engine.finished


class Validation(Hook):
    """Validates, logs the summary and draws the fixed slices."""

    def after_step(self, engine: Engine, terms: dict[str, float]) -> None:
        if validates(engine):
            rows = validate(engine.state.exported, engine.dataset, engine.device)
            if metrics := summary(rows):
                engine.log("validation", metrics=metrics)
            if rows and engine.config.preview_cases:
                self._draw(engine)

    def _draw(self, engine: Engine) -> None:
        try:
            from matplotlib.image import imsave
        except ImportError:
            engine.log("notice", message="No previews: matplotlib is not installed.")
            return
        picture = preview(engine.state.exported, engine.dataset, engine.config.preview_cases, engine.device)
        with atomic_write(engine.job.previews / f"step_{engine.state.step:07d}.png") as temporary:
            imsave(temporary, picture, cmap="gray", vmin=-1, vmax=1)


def preview(networks: TranslationNetworks, dataset: PreparedDataset, cases: int, device: torch.device) -> np.ndarray:
    """A mosaic in [−1, 1]: fixed validation slices of domain a, spread evenly, then of b; each row source,
    translation, partner (paired data only), labels, and the first four maps scaled to their own range.
    """
    strips = []
    for source, target in OTHER.items():
        pool = dataset.neighbours(source, "validation", networks.config.context_slices)
        chosen = pool[np.linspace(0, len(pool) - 1, min(cases, len(pool))).astype(int)]
        made = translate_slices(networks, dataset, chosen, source, device)
        for row, (image, maps, labels) in zip(chosen[:, chosen.shape[1] // 2], made, strict=True):
            tiles = [dataset.images[source][row].astype(np.float32), image]
            if dataset.card.paired:
                tiles.append(dataset.images[target][row].astype(np.float32))
            tiles.append(2 * labels / max(1, dataset.classes - 1) - 1.0)
            tiles += [2 * (m - m.min()) / max(float(np.ptp(m)), 1e-6) - 1 for m in maps[:4]]
            strips.append(np.concatenate(tiles, axis=1))
    return np.concatenate(strips, axis=0)
