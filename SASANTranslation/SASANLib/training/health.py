"""Signs that a run goes nowhere, said as events while there is time to stop it: it goes on all the same."""

from SASANLib.training.config import ObjectiveConfig
from SASANLib.training.engine import Engine, Hook
from SASANLib.training.job import standing
from SASANLib.training.validation import Row, validates

DOMINANT = 0.05
"""The ratio of the two sides' losses below which a discriminator's victims learn next to nothing from it."""

_SIDES = {
    "discriminator/a": "adversarial/a",
    "discriminator/b": "adversarial/b",
    "segmentation_discriminator": "segmentation_adversarial",
}


def dominance(terms: dict[str, float], config: ObjectiveConfig) -> dict[str, float]:
    """Each discriminator's loss over its adversary's, both without their weights, by the discriminator's term.

    2 where it can only guess (a score of 1/2 for all: 1/4 + 1/4 over 1/4), 0 where it is never wrong. Unlike the
    loss alone, the ratio does not depend on how many images the two sides are summed over.
    """
    ratios = {}
    for judge, judged in _SIDES.items():
        if judge in terms and judged in terms:
            weight = getattr(config, judged.split("/")[0]) / config.discriminator
            ratios[judge] = terms[judge] * weight / max(terms[judged], 1e-12)
    return ratios


class Dominance(Hook):
    """The event `dominance` when a discriminator wins throughout `every` steps; again only after it lost in between."""

    def __init__(self, every: int = 200):
        self.every = every
        self.sums: dict[str, float] = {}
        self.count = 0
        self.dominant: set[str] = set()

    def after_step(self, engine: Engine, terms: dict[str, float]) -> None:
        self.count += 1
        for name, value in terms.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        if self.count < self.every:
            return
        means = {name: value / self.count for name, value in self.sums.items()}
        ratios = dominance(means, engine.config.objective)
        for judge, ratio in ratios.items():
            if ratio < DOMINANT and judge not in self.dominant:
                engine.log(
                    "dominance",
                    term=judge,
                    ratio=round(ratio, 4),
                    message=f"{judge} tells real from fake almost without fail: what it judges learns little from it",
                )
        self.dominant = {judge for judge, ratio in ratios.items() if ratio < DOMINANT}
        self.sums, self.count = {}, 0


def leading(metrics: list[Row]) -> dict[str, float]:
    """One number a direction, the smaller the better: its mean absolute error or, of unpaired data, 1 − Dice."""
    found = {}
    for row in metrics:
        if row["metric"].startswith("MAE"):
            found[row["direction"]] = row["mean"]
        elif row["metric"] == "Dice":
            found.setdefault(row["direction"], 1 - row["mean"])
    return found


def since_best(validations: list[dict[str, float]]) -> int:
    """How many validations ago (0: the last one) any direction was better than ever before."""
    best: dict[str, float] = {}
    since = 0
    for values in validations:
        improved = {d: v for d, v in values.items() if v < best.get(d, float("inf"))}
        best |= improved
        since = 0 if improved else since + 1
    return since


class Stalling(Hook):
    """The event `stalled` when no direction got better for `patience` validations in a row.

    It is told from the job's own log, so that a resumed run counts on. It comes after `Validation`.
    """

    def __init__(self, patience: int = 10):
        self.patience = patience

    def after_step(self, engine: Engine, terms: dict[str, float]) -> None:
        if not validates(engine):
            return
        past = [event for event in standing(engine.job.events()) if event["event"] == "validation"]
        if past and since_best([leading(event["metrics"]) for event in past]) == self.patience:
            best = past[-1 - self.patience]["step"]
            engine.log(
                "stalled",
                best_step=best,
                message=f"no validation was better than that of step {best} for {self.patience} times",
            )
