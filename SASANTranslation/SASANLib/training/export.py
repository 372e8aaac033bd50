"""A job's networks as a model bundle: card, weights, README and a figure of validation cases."""

import torch

from SASANLib.card import Domains, ModelCard, TrainingCard
from SASANLib.model import ModelBundle, save_bundle
from SASANLib.training.engine import Engine
from SASANLib.training.figure import validation_figure
from SASANLib.training.validation import Row, summary, validate


def export(engine: Engine) -> ModelBundle:
    """Validate the exported networks and write the job's `model/`."""
    networks = engine.state.exported
    rows = validate(networks, engine.dataset, engine.device)
    card = model_card(engine, summary(rows))
    documents = {}
    if rows and engine.dataset.card.paired:
        documents["validation.png"] = validation_figure(networks, engine.dataset, engine.device)
    documents["README.md"] = readme(card, bool(documents)).encode()
    if licence := engine.config.about.licence_text:
        documents["LICENSE.txt"] = f"{licence}\n".encode()
    bundle = save_bundle(card, networks.state_dict(), engine.job.model, documents=documents)
    engine.log("exported", message=f"exported {bundle.folder}")
    return bundle


def model_card(engine: Engine, metrics: list[Row]) -> ModelCard:
    """The card of a job's model, from its configuration, its data and its validation."""
    config, data, about = engine.config, engine.dataset.card, engine.config.about
    subjects = {case.subject for d in data.domains for case in engine.dataset.cases(d, "train")}
    return ModelCard(
        name=config.name,
        version=about.version,
        title=about.title,
        description=about.description,
        anatomy=about.anatomy,
        domains=Domains(**data.domains),
        grid=data.grid,
        labels=data.labels,
        network=config.network,
        training=TrainingCard(
            data=about.training_data,
            subjects=len(subjects),
            steps=engine.state.step,
            hours=round(engine.state.seconds / 3600, 2),
            device=_device_name(engine.device),
            objective=config.objective.model_dump(mode="json"),
            config_sha256=engine.job.config_sha256(),
        ),
        metrics=metrics,
        licence=about.licence,
        attribution=about.attribution,
        citation=about.citation,
        intended_use=about.intended_use,
        limitations=about.limitations,
    )


def readme(card: ModelCard, figure: bool) -> str:
    """The card in words, for people who open the folder."""
    table = "\n".join(
        f"| {m['direction']} | {m['metric']} | {m['mean']:.3g} ± {m['sd']:.2g} | {m['subjects']} |"
        for m in card.metrics
    )
    shown = "\n![Validation cases](validation.png)\n" if figure else ""
    measured = (
        "| direction | measure | mean ± sd over subjects | subjects |\n|---|---|---|---|\n" + table
        if card.metrics
        else "Nothing could be measured: the data has neither pairs nor labels."
    )
    t = card.training
    return f"""# {card.title}

{card.description}

**Intended use.** {card.intended_use}

**Limitations.** {card.limitations}

**Trained** on {t.subjects} subjects ({t.data}) for {t.steps} steps, {t.hours:g} hours, on: {t.device}.

## Validation

{measured}
{shown}
## Licence and citation

{card.licence}. {card.attribution}

{card.citation}
"""


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type}, {torch.get_num_threads()} threads"
