"""Eq. 7: which images meet which networks and losses, for every combination of labels, and for pairs."""

import dataclasses

import numpy as np
import pytest
import torch
from objective_examples import NETWORK, SIZE, Case, batch_of, build, count_forwards, region_of_stripes
from torch.nn import functional as F

from SASANLib import losses
from SASANLib.losses import UNKNOWN
from SASANLib.training.batch import AIR, IGNORED, PAIRED
from SASANLib.training.config import DiscriminatorConfig, ObjectiveConfig
from SASANLib.training.objective import Objective


def semantic(logits, labels):
    return losses.cross_entropy(logits, labels) + losses.dice(logits, labels)


def terms_of_the_paper(networks, discriminators, batch) -> dict[str, torch.Tensor]:
    """Eq. 1-5 and 7 at the paper's weights, in the paper's letters: X is domain a and Y is b."""
    A_X, A_Y = networks.attention["a"], networks.attention["b"]
    S_X, S_Y = networks.generator["a"], networks.generator["b"]
    D_X, D_Y, D_seg = discriminators.image["a"], discriminators.image["b"], discriminators.segmentation
    x, y = batch.images["a"], batch.images["b"]
    (maps_x, seg_x), (maps_y, seg_y) = A_X(x), A_Y(y)
    fake_y, fake_x = S_Y(x, maps_x), S_X(y, maps_y)
    (maps_fake_x, seg_fake_x), (maps_fake_y, seg_fake_y) = A_X(fake_x), A_Y(fake_y)
    l1 = F.l1_loss
    terms = {
        "adversarial/a": (1 - D_X(fake_x)).square().mean(),
        "adversarial/b": (1 - D_Y(fake_y)).square().mean(),
        "discriminator/a": (1 - D_X(x)).square().mean() + D_X(fake_x).square().mean(),
        "discriminator/b": (1 - D_Y(y)).square().mean() + D_Y(fake_y).square().mean(),
        "cycle/a": 10 * losses.cycle(S_X(fake_y, maps_fake_y), x),
        "cycle/b": 10 * losses.cycle(S_Y(fake_x, maps_fake_x), y),
        "identity/a": 2.5 * l1(S_X(x, maps_x), x),
        "identity/b": 2.5 * l1(S_Y(y, maps_y), y),
        "regularisation/a": losses.orthogonality(maps_x) + losses.orthogonality(maps_fake_x),
        "regularisation/b": losses.orthogonality(maps_y) + losses.orthogonality(maps_fake_y),
    }
    if not batch.labels:
        return terms
    x_seg, y_seg = batch.labels.get("a"), batch.labels.get("b")
    if x_seg is not None and y_seg is not None:
        semantic_x = semantic(seg_x, x_seg) + semantic(seg_fake_x, y_seg)
        semantic_y = semantic(seg_y, y_seg) + semantic(seg_fake_y, x_seg)
        real = [x_seg, x_seg, y_seg, y_seg]
    elif x_seg is not None:  # pseudo-labels for y from its translation
        semantic_x = semantic(seg_x, x_seg)
        semantic_y = semantic(seg_y, seg_fake_x.argmax(1)) + semantic(seg_fake_y, x_seg)
        real = [x_seg] * 4
    else:
        semantic_x = semantic(seg_x, seg_fake_y.argmax(1)) + semantic(seg_fake_x, y_seg)
        semantic_y = semantic(seg_y, y_seg)
        real = [y_seg] * 4
    fakes = [s.softmax(1) for s in (seg_x, seg_y, seg_fake_x, seg_fake_y)]
    real = [F.one_hot(r, NETWORK.classes).permute(0, 3, 1, 2).float() for r in real]
    return {
        **terms,
        "auxiliary/a": 0.1 * semantic_x,
        "auxiliary/b": 0.1 * semantic_y,
        "segmentation_adversarial": sum((1 - D_seg(f)).square().mean() for f in fakes),
        "segmentation_discriminator": sum((1 - D_seg(r)).square().mean() for r in real)
        + sum(D_seg(f).square().mean() for f in fakes),
    }


@pytest.mark.parametrize("labelled", ["", "a", "b", "ab"])
def test_the_objective_is_the_papers(labelled):
    case = Case(batch_of(labelled))
    with torch.no_grad():
        expected = terms_of_the_paper(case.networks, case.discriminators, case.batch)
    found = case.terms()
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value.item(), rel=1e-4), name


def test_warmup_is_the_labelled_attentions_own_loss():
    networks, _ = build()
    batch = batch_of("a")
    terms = Objective(ObjectiveConfig()).warmup_terms(networks, batch)
    expected = semantic(networks.attention["a"](batch.images["a"])[1], batch.labels["a"])
    assert terms.keys() == {"auxiliary/a"}
    torch.testing.assert_close(terms["auxiliary/a"], expected)


def both_sides(config, networks, discriminators, batch):
    """Terms of both sides as the engine gets them: discriminators frozen for the networks' side."""
    objective = Objective(config)
    discriminators.requires_grad_(False)
    made = objective.translate(networks, batch)
    terms = objective.generator_terms(networks, discriminators, batch, made)
    sum(terms.values()).backward()
    discriminators.requires_grad_(True)
    return terms, lambda: objective.discriminator_terms(discriminators, batch, made)


def test_each_side_trains_its_own_networks_and_fakes_are_made_once():
    networks, discriminators = build()
    counts = count_forwards(networks)
    _, judge = both_sides(ObjectiveConfig(), networks, discriminators, batch_of("a"))
    assert (counts.generator, counts.attention) == (6, 4)
    for name, parameter in networks.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
    assert all(p.grad is None for p in discriminators.parameters())

    networks.zero_grad(set_to_none=True)
    sum(judge().values()).backward()
    assert (counts.generator, counts.attention) == (6, 4)
    assert all(p.grad is None for p in networks.parameters())
    for name, parameter in discriminators.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


@pytest.mark.parametrize(
    ("settings", "labelled", "generators", "attentions"),
    [
        ({}, "", 6, 4),
        ({"cycle": 0}, "", 4, 4),
        ({"identity": 0}, "", 4, 4),
        ({"cycle": 0, "identity": 0, "regularisation": 0}, "", 2, 2),
        ({"cycle": 0, "identity": 0, "regularise_fakes": False}, "", 2, 2),
        ({"cycle": 0, "identity": 0, "regularisation": 0}, "a", 2, 4),
        ({"cycle": 0, "identity": 0, "regularisation": 0, "segmentation_adversarial": 0}, "a", 2, 4),
        (
            {"cycle": 0, "identity": 0, "regularisation": 0, "segmentation_adversarial": 0, "auxiliary_fakes": False},
            "ab",
            2,
            2,
        ),
    ],
)
def test_nothing_is_computed_that_no_term_needs(settings, labelled, generators, attentions):
    networks, discriminators = build()
    counts = count_forwards(networks)
    objective, batch = Objective(ObjectiveConfig(**settings)), batch_of(labelled)
    with torch.no_grad():
        made = objective.translate(networks, batch)
        objective.generator_terms(networks, discriminators, batch, made)
        objective.discriminator_terms(discriminators, batch, made)
    assert (counts.generator, counts.attention) == (generators, attentions)


def test_pseudo_labels_do_not_teach_their_teacher():
    networks, discriminators = build()
    alone = dict.fromkeys(("adversarial", "segmentation_adversarial", "cycle", "identity", "regularisation"), 0)
    objective = Objective(ObjectiveConfig(**alone, auxiliary_fakes=False, pseudo_logits=1))
    batch = batch_of("a")
    made = objective.translate(networks, batch)
    terms = objective.generator_terms(networks, discriminators, batch, made)
    assert terms.keys() == {"auxiliary/a", "auxiliary/b"}
    terms["auxiliary/b"].backward()
    taught = {".".join(n.split(".")[:2]) for n, p in networks.named_parameters() if p.grad is not None}
    assert taught == {"attention.b"}


def test_terms_are_float32_and_near_under_bfloat16():
    networks, discriminators = build()
    fine, rough = {}, {}
    for found, enabled in ((fine, False), (rough, True)):
        objective, batch = Objective(ObjectiveConfig()), batch_of("a")
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            made = objective.translate(networks, batch)
            found.update(objective.generator_terms(networks, discriminators, batch, made))
            found.update(objective.discriminator_terms(discriminators, batch, made))
    assert {t.dtype for t in rough.values()} == {torch.float32}
    for name, term in fine.items():
        torch.testing.assert_close(rough[name], term, rtol=0.1, atol=0.02, msg=lambda m, name=name: f"{name}: {m}")


def test_without_pairs_the_voxel_term_is_plain_l1():
    case = Case(batch_of())
    terms = case.terms(voxel=3)
    for d in "ab":
        assert terms[f"voxel/{d}"] == pytest.approx(3 * F.l1_loss(case.made.fake[d], case.batch.images[d]).item())


def test_eq_6_compares_the_body_and_wants_air_outside_it():
    case = Case(batch_of("b", region_of_stripes()))
    terms = case.terms(voxel=2)
    for d in "ab":
        fake, image = (t.numpy()[0, 0] for t in (case.made.fake[d], case.batch.images[d]))
        found = [abs(fake[r, c] - image[r, c]) for r in range(10, 24) for c in range(SIZE)]
        found += [abs(fake[r, c] + 1) for r in range(24, SIZE) for c in range(SIZE)]
        assert terms[f"voxel/{d}"] == pytest.approx(2 * np.mean(found), rel=1e-5)


def altered(tensors: dict, where: torch.Tensor) -> dict:
    """The same tensors with other values at pixels `where` (n, 1, h, w)."""
    return {d: torch.where(where, 1 - t, t) for d, t in tensors.items()}


def judged_apart(case: Case, where: torch.Tensor) -> set[str]:
    """The terms that change when real and translated images and their segmentations change at pixels `where`."""
    batch = dataclasses.replace(case.batch, images=altered(case.batch.images, where))
    made = dataclasses.replace(
        case.made,
        fake=altered(case.made.fake, where),
        logits=altered(case.made.logits, where),
        fake_logits=altered(case.made.fake_logits, where),
    )
    settings = {"cycle": 0, "identity": 0, "auxiliary": 0, "regularisation": 0}
    before, after = case.terms(**settings), case.terms(batch, made, **settings)
    return {name for name in before if before[name] != after[name]}


def test_discriminators_of_pairs_see_no_more_than_the_pairs_share():
    """In air the two images agree by decree, and labels are known to be background."""
    region = region_of_stripes()
    case = Case(batch_of("ab", region))
    of_images = {f"{term}/{d}" for term in ("adversarial", "discriminator") for d in "ab"}
    of_segmentations = {"segmentation_adversarial", "segmentation_discriminator"}
    assert judged_apart(case, region == IGNORED) == set()
    assert judged_apart(case, region == AIR) == of_segmentations
    assert judged_apart(case, region == PAIRED) == of_images | of_segmentations


def test_unknown_labels_teach_nothing():
    batch = batch_of("a", region_of_stripes())
    batch.labels["a"][:, :10] = UNKNOWN
    case = Case(batch)
    made = dataclasses.replace(case.made, logits=altered(case.made.logits, batch.region == IGNORED))
    settings = {"cycle": 0, "identity": 0}
    assert case.terms(**settings)["auxiliary/a"] == case.terms(made=made, **settings)["auxiliary/a"]


def test_no_unlabelled_anatomy_means_no_fakes_for_d_seg():
    """Labels on both domains, and D_seg's fakes are to be of unlabelled anatomy: there are none."""
    terms = Case(batch_of("ab")).terms(segmentation_fakes="unlabelled")
    assert not terms.keys() & {"segmentation_adversarial", "segmentation_discriminator"}


def test_unlabelled_fakes_are_those_of_the_unlabelled_anatomy():
    case = Case(batch_of("a"))
    D_seg = case.discriminators.segmentation
    with torch.no_grad():
        fakes = [D_seg(z.softmax(1)) for z in (case.made.logits["b"], case.made.fake_logits["a"])]
        real = D_seg(losses.one_hot(case.batch.labels["a"], 3))
    terms = case.terms(segmentation_fakes="unlabelled")
    adversarial = sum((f - 1).square().mean() for f in fakes)
    assert terms["segmentation_adversarial"] == pytest.approx(adversarial.item(), rel=1e-5)
    own = 2 * (real - 1).square().mean() + sum(f.square().mean() for f in fakes)
    assert terms["segmentation_discriminator"] == pytest.approx(own.item(), rel=1e-5)


def test_per_class_discriminators_see_one_class_each():
    _, discriminators = build(DiscriminatorConfig(width=4, per_class=True))
    judge = discriminators.segmentation
    assert len(judge.classes) == NETWORK.classes
    assert {p.shape[0] for n, p in judge.named_parameters() if "weight" in n} == {64, 1}
    segmentation = torch.rand(1, 3, SIZE, SIZE)
    other = segmentation.clone()
    other[:, 1] = 0
    with torch.no_grad():
        scores, changed = judge(segmentation), judge(other)
    assert scores.shape == (1, 3, 3, 3)
    assert [torch.equal(scores[:, c], changed[:, c]) for c in range(3)] == [True, False, True]


def test_nothing_is_made_of_fakes_that_no_term_attends_to():
    networks, _ = build()
    config = ObjectiveConfig(cycle=0, regularisation=0)
    with torch.no_grad():
        made = Objective(config).translate(networks, batch_of())
    assert made.fake.keys() == {"a", "b"} and not made.fake_maps
