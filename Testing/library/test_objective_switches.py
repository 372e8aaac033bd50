"""Each weight and switch of the objective changes what it names, and nothing else; the two presets."""

import pytest
import torch
from objective_examples import NETWORK, Case, batch_of, build
from pydantic import ValidationError

from SASANLib.networks import NetworkConfig
from SASANLib.training import engine as engine_module
from SASANLib.training.config import DiscriminatorConfig, ObjectiveConfig, from_preset
from SASANLib.training.engine import Engine
from SASANLib.training.job import Job


def both(*names):
    return {f"{name}/{d}" for name in names for d in "ab"}


SEGMENTATION = {"segmentation_adversarial", "segmentation_discriminator"}

# name: (the terms it weighs, further terms that go when it is 0)
WEIGHTS = {
    "adversarial": (both("adversarial"), both("discriminator")),
    "segmentation_adversarial": ({"segmentation_adversarial"}, {"segmentation_discriminator"}),
    "discriminator": (both("discriminator") | {"segmentation_discriminator"}, set()),
    "cycle": (both("cycle"), set()),
    "identity": (both("identity"), set()),
    "regularisation": (both("regularisation"), set()),
    "auxiliary": (both("auxiliary"), set()),
    "voxel": (both("voxel"), set()),
}

# (name, another value, labelled domains, the terms that change)
SWITCHES = [
    ("identity_ssim", True, "a", both("identity")),
    ("regularisation_squared", True, "a", both("regularisation")),
    ("regularise_fakes", False, "a", both("regularisation")),
    ("dice", "micro", "a", both("auxiliary")),
    ("dice_weight", 0.2, "a", both("auxiliary")),
    ("auxiliary_fakes", False, "a", {"auxiliary/b"}),
    ("auxiliary_fakes", False, "b", {"auxiliary/a"}),
    ("auxiliary_fakes", False, "ab", both("auxiliary")),
    ("pseudo_logits", 1.0, "a", {"auxiliary/b"}),
    ("pseudo_logits", 1.0, "ab", set()),
    ("segmentation_real", "predicted", "a", {"segmentation_discriminator"}),
    ("segmentation_fakes", "unlabelled", "a", SEGMENTATION),
    ("freeze_labelled_attention", True, "a", set()),  # the engine's: see below
]


@pytest.fixture(scope="module")
def cases():
    return {labelled: Case(batch_of(labelled)) for labelled in ("", "a", "b", "ab")}


def test_every_field_of_the_objective_is_tested_here():
    assert WEIGHTS.keys() | {name for name, *_ in SWITCHES} == ObjectiveConfig.model_fields.keys()


@pytest.mark.parametrize(("name", "value", "labelled", "named"), SWITCHES)
def test_a_switch_changes_the_terms_it_names(cases, name, value, labelled, named):
    assert ObjectiveConfig.model_fields[name].default != value
    before = cases[labelled].terms(voxel=1)
    after = cases[labelled].terms(voxel=1, **{name: value})
    assert before.keys() == after.keys()
    assert {term for term in before if before[term] != after[term]} == named


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_weight_scales_the_terms_it_names_and_0_removes_them(cases, name):
    weighed, gone = WEIGHTS[name]
    once, thrice, none = (cases["a"].terms(**{"voxel": 1, name: weight}) for weight in (1, 3, 0))
    assert once.keys() == thrice.keys()
    for term, value in once.items():
        assert thrice[term] == (pytest.approx(3 * value, rel=1e-5) if term in weighed else value), term
    kept = once.keys() - weighed - gone
    assert none == {term: once[term] for term in kept}


@pytest.mark.parametrize(("name", "terms"), [("dice_weight", both("auxiliary")), ("pseudo_logits", {"auxiliary/b"})])
def test_a_weight_within_a_term_adds_in_proportion(cases, name, terms):
    nothing, once, twice = (cases["a"].terms(**{name: weight}) for weight in (0, 1, 2))
    for term in terms:
        assert twice[term] - once[term] == pytest.approx(once[term] - nothing[term], rel=1e-3)


@pytest.mark.parametrize("labelled", ["", "a", "b", "ab"])
def test_terms_by_labels(cases, labelled):
    unlabelled = both("adversarial", "cycle", "identity", "regularisation", "discriminator")
    wanted = unlabelled | both("auxiliary") | SEGMENTATION if labelled else unlabelled
    assert cases[labelled].terms().keys() == wanted


def test_the_paper_preset_is_method_md():
    config = from_preset("paper", data="data")
    o, d, a, s = config.objective, config.discriminator, config.augmentation, config.optimiser
    assert (o.cycle, o.identity, o.regularisation, o.auxiliary) == (10, 2.5, 1, 0.1)
    assert (o.adversarial, o.segmentation_adversarial, o.discriminator) == (1, 1, 1)
    assert (o.identity_ssim, o.regularisation_squared, o.regularise_fakes) == (False, False, True)
    assert (o.dice, o.dice_weight, o.auxiliary_fakes, o.pseudo_logits) == ("macro", 1, True, 0)
    assert (o.segmentation_real, o.segmentation_fakes, o.freeze_labelled_attention) == ("labels", "all", False)
    assert (d.width, d.depth, d.per_class) == (32, 3, False)
    assert (a.scale, a.flip_horizontal, a.flip_vertical) == ((0.75, 1), True, True) and a.rotation_degrees > 0
    assert (s.learning_rate, s.betas, s.weight_decay, s.batch_size) == (1e-4, (0.5, 0.999), 0, 2)
    assert (s.constant_epochs, s.decay_epochs, s.warmup_steps) == (50, 50, 0)
    assert config.network == NetworkConfig(
        context_slices=3,
        maps=8,
        embedding=64,
        conv_norm="instance",
        conv_act="leaky_relu",
        map_resize="nearest",
        map_activation="none",
    )


def test_the_released_preset_is_what_its_authors_ran():
    paper, config = from_preset("paper", data="data"), from_preset("released", data="data")
    o, d, a, s = config.objective, config.discriminator, config.augmentation, config.optimiser
    assert (o.cycle, o.identity, o.regularisation, o.auxiliary) == (10, 2.5, 1, 0.1)
    assert (o.adversarial, o.segmentation_adversarial, o.discriminator) == (2, 2, 0.5)
    assert (o.identity_ssim, o.regularisation_squared, o.regularise_fakes) == (True, True, False)
    assert (o.dice, o.dice_weight, o.pseudo_logits) == ("micro", 0.2, 1)
    assert (o.segmentation_real, o.segmentation_fakes) == ("predicted", "unlabelled")
    assert o.freeze_labelled_attention and s.warmup_steps > 0
    assert (d.width, d.depth, d.per_class) == (64, 4, True)
    assert (a.rotation_degrees, a.scale, a.flip_horizontal, a.flip_vertical) == (0, (1, 1), True, True)
    assert s.weight_decay == 2e-4 and s.constant_epochs + s.decay_epochs == 50
    assert config.network == paper.network


def test_a_preset_takes_changes_and_refuses_what_it_does_not_know():
    config = from_preset("released", data="data", seed=5, objective={"cycle": 3})
    assert (config.seed, config.objective.cycle, config.objective.adversarial) == (5, 3, 2)
    with pytest.raises(ValidationError, match="cycles"):
        from_preset("paper", data="data", objective={"cycles": 3})


class _Data:
    """In place of prepared data and its sampler: the same batch at every step."""

    classes, steps_per_epoch = NETWORK.classes, 10

    def __init__(self, *_):
        pass

    def at(self, step, device):
        return batch_of("a")


@pytest.fixture
def engine_for(tmp_path, monkeypatch):
    monkeypatch.setattr(engine_module, "PreparedDataset", _Data)
    monkeypatch.setattr(engine_module, "Batches", _Data)

    def make(config):
        return Engine(Job.create(tmp_path / "job", config), torch.device("cpu"), [])

    return make


def snapshot(networks):
    """All parameters of each of the four networks."""
    return {
        f"{kind}.{d}": torch.cat([p.detach().flatten() for p in getattr(networks, kind)[d].parameters()])
        for kind in ("attention", "generator")
        for d in "ab"
    }


def moved(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_the_released_preset_warms_up_then_freezes_the_labelled_attention(engine_for):
    engine = engine_for(
        from_preset("released", data="data", network=NETWORK.model_dump(), optimiser={"warmup_steps": 1, "ema": 0})
    )
    first = snapshot(engine.state.networks)
    assert engine.train_step().keys() == {"auxiliary/a"}
    engine.state.step = 1
    second = snapshot(engine.state.networks)
    assert moved(first, second) == {"attention.a"}
    everything = both("adversarial", "cycle", "identity", "regularisation", "auxiliary", "discriminator")
    assert engine.train_step().keys() == everything | SEGMENTATION
    assert moved(second, snapshot(engine.state.networks)) == {"attention.b", "generator.a", "generator.b"}


def test_the_paper_preset_trains_everything_from_the_first_step(engine_for):
    engine = engine_for(from_preset("paper", data="data", network=NETWORK.model_dump(), optimiser={"ema": 0}))
    first = snapshot(engine.state.networks)
    judges = [p.detach().clone() for p in engine.state.discriminators.parameters()]
    engine.train_step()
    assert moved(first, snapshot(engine.state.networks)) == first.keys()
    # A bias before an instance norm has no effect, and Adam moves it by rounding alone: weights are what counts.
    after = engine.state.discriminators.parameters()
    assert all(not torch.equal(b, a) for b, a in zip(judges, after, strict=True) if a.dim() > 1)


def test_discriminator_shapes_follow_their_switches():
    widths = {}
    for name, config in {
        "plain": DiscriminatorConfig(),
        "wide": DiscriminatorConfig(width=64),
        "deep": DiscriminatorConfig(depth=4),
        "per class": DiscriminatorConfig(per_class=True),
    }.items():
        _, judges = build(config)
        widths[name] = [
            [p.shape[0] for n, p in judge.named_parameters() if n.endswith("weight")]
            for judge in (judges.image["a"], judges.segmentation)
        ]
    assert widths["plain"] == [[32, 64, 128, 1], [32, 32, 32, 1]]
    assert widths["wide"] == [[64, 128, 256, 1], widths["plain"][1]]
    assert widths["deep"] == [[32, 64, 128, 256, 1], widths["plain"][1]]
    assert widths["per class"] == [widths["plain"][0], [64, 64, 64, 1] * NETWORK.classes]
