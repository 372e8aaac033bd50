"""Which slices a step sees and how they are turned: functions of the seed and the step, and of nothing else."""

from collections import Counter

import numpy as np
import pytest
import torch
from training_examples import preparation, prepared, training, write_heads

from SASANLib.errors import SASANError
from SASANLib.training.batch import IGNORED, PAIRED
from SASANLib.training.prepare import prepare
from SASANLib.training.sampling import Batches, Sampler
from SASANLib.volumes import read_labelmap, write_volume

STILL = {"rotation_degrees": 0, "scale": (1, 1), "flip_horizontal": False, "flip_vertical": False}


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    return write_heads(tmp_path_factory.mktemp("heads"))


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    """Slices of 48 pixels, the body in the middle 28."""
    return prepared(tmp_path_factory.mktemp("paired"), size=48)


@pytest.fixture(scope="module")
def unpaired(tmp_path_factory, heads):
    return prepare(preparation(heads, labelled="a", paired=False), tmp_path_factory.mktemp("unpaired") / "data")


def batches(dataset, **changes) -> Batches:
    return Batches(dataset, training(dataset, **changes))


def same(first, second) -> bool:
    pairs = [(first.images[d], second.images[d]) for d in "ab"] + [(first.region, second.region)]
    pairs += [(first.labels[d], second.labels[d]) for d in first.labels]
    return all(torch.equal(x, y) for x, y in pairs)


# ---- the order


@pytest.mark.parametrize(("count", "size"), [(7, 1), (7, 3), (4, 6)])
def test_every_slice_once_a_pass(count, size):
    sampler = Sampler(count, size, seed=3)
    drawn = np.concatenate([sampler.rows(step) for step in range(count * 4)]).reshape(-1, count)
    assert all(sorted(epoch) == list(range(count)) for epoch in drawn.tolist())
    assert len({tuple(epoch) for epoch in drawn.tolist()}) > 1, "every pass has the same order"
    assert Sampler(count, size, seed=4).rows(0).shape == (size,)


def test_seeds_give_orders():
    first = Sampler(50, 50, seed=3).rows(0).tolist()
    assert first == Sampler(50, 50, seed=3).rows(0).tolist()
    assert first != Sampler(50, 50, seed=4).rows(0).tolist()


def test_a_batch_is_a_function_of_seed_and_step(paired):
    """Asked for in any order, by any sampler, whatever was drawn from the global random numbers meanwhile."""
    forwards = [batches(paired).at(step) for step in range(4)]
    torch.manual_seed(123)
    np.random.seed(123)
    one = batches(paired)
    backwards = [one.at(step) for step in (3, 2, 1, 0)][::-1]
    assert all(same(a, b) for a, b in zip(forwards, backwards, strict=True))
    assert not same(forwards[0], forwards[1])
    assert not same(forwards[0], batches(paired, seed=8).at(0))


def test_an_epoch_is_a_pass_over_the_larger_domain(paired, tmp_path, heads):
    assert batches(paired).steps_per_epoch == 14
    assert batches(paired, optimiser={"batch_size": 4}).steps_per_epoch == 3
    write_heads(tmp_path, names=["q1", "q2", "q3", "q4"], first_seed=5)
    config = preparation(heads, labelled="", paired=False)
    other = config.domains["b"].model_copy(update={"images": tmp_path / "ct"})
    config = config.model_copy(update={"domains": {**config.domains, "b": other}})
    more = prepare(config, tmp_path / "prepared")  # q4 alone is set apart: all three of domain a train
    assert [len(batches(more).pools[d]) for d in "ab"] == [21, 21]
    assert batches(more).steps_per_epoch == 21


# ---- both domains


def test_pairs_are_turned_together(paired):
    """Both domains' labels are the same drawings, and come out of any augmentation the same."""
    drawn = batches(paired, augmentation={"patch": 32}, optimiser={"batch_size": 2})
    for step in range(6):
        batch = drawn.at(step)
        assert torch.equal(batch.labels["a"], batch.labels["b"])
        bone = (batch.labels["b"] == 2)[:, None]
        soft = (batch.labels["b"] == 1)[:, None]
        assert batch.images["b"][bone].mean() > batch.images["b"][soft].mean() + 0.3
        assert (batch.region[bone | soft] == PAIRED).float().mean() > 0.9
        assert batch.region.shape == (2, 1, 32, 32) and batch.region.dtype == torch.uint8
        assert batch.images["a"].shape == (2, 1, 32, 32) and batch.labels["a"].dtype == torch.int64


def test_augmentation_changes_what_is_seen(paired):
    still = batches(paired, augmentation=STILL)
    turned = batches(paired)
    assert not torch.allclose(still.at(0).images["a"], turned.at(0).images["a"], atol=0.05)


def test_untouched_slices_are_the_prepared_ones(paired):
    drawn = batches(paired, augmentation=STILL, network={"context_slices": 3})
    rows = drawn.pools["a"][drawn.samplers["a"].rows(5)]
    batch = drawn.at(5)
    assert torch.allclose(batch.images["a"], torch.from_numpy(paired.images["a"][rows].astype(np.float32)), atol=1e-4)
    assert torch.equal(batch.labels["b"], torch.from_numpy(paired.labels["b"][rows[:, 1]]).long())
    assert torch.equal(batch.region[:, 0], torch.from_numpy(paired.region[rows[:, 1]]))


def test_context_slices_are_neighbours(paired):
    drawn = batches(paired, augmentation=STILL, network={"context_slices": 3})
    for step in range(14):
        (rows,) = drawn.pools["a"][drawn.samplers["a"].rows(step)].tolist()
        below, centre, above = rows
        first = centre % 7 == 0
        last = centre % 7 == 6
        assert (below, above) == (centre if first else centre - 1, centre if last else centre + 1)


def test_unpaired_domains_do_not_march_in_step(unpaired):
    drawn = batches(unpaired)
    together = [tuple(int(drawn.pools[d][drawn.samplers[d].rows(step)][0, 0]) for d in "ab") for step in range(14)]
    assert sum(a == b for a, b in together) < 7
    assert drawn.at(0).region is None and set(drawn.at(0).labels) == {"a"}
    # Each domain is turned by itself.
    still = batches(unpaired, augmentation=STILL).at(0)
    assert still.images["a"].shape == still.images["b"].shape


def test_slices_without_labels_are_dropped_in_the_labelled_domain_of_unpaired_data_only(tmp_path):
    folder = write_heads(tmp_path / "v")
    for path in (folder / "labels").iterdir():
        labels = read_labelmap(path)
        array = labels.array.copy()
        array[:2] = 0
        write_volume(labels.like(array), path)
    unpaired = prepare(preparation(folder, labelled="a", paired=False), tmp_path / "unpaired")
    pools = batches(unpaired).pools
    assert pools["a"][:, 0].tolist() == [2, 3, 4, 5, 6, 9, 10, 11, 12, 13]
    assert len(pools["b"]) == 14
    both = prepare(preparation(folder, labelled="a"), tmp_path / "paired")
    assert [len(pool) for pool in batches(both).pools.values()] == [14, 14]


def test_labels_that_are_all_empty(tmp_path):
    folder = write_heads(tmp_path / "v")
    for path in (folder / "labels").iterdir():
        labels = read_labelmap(path)
        write_volume(labels.like(np.zeros_like(labels.array)), path)
    dataset = prepare(preparation(folder, labelled="a", paired=False), tmp_path / "unpaired")
    with pytest.raises(SASANError, match="no training slices of MR with labels"):
        batches(dataset)


# ---- crops


def test_crops_hold_the_body_where_it_fits_and_move(paired):
    """The body is 20 to 24 pixels wide, the crop 32: whatever the draw, nothing of the body is cut off."""
    drawn = batches(paired, augmentation=STILL | {"patch": 32})
    corners = set()
    for step in range(28):
        batch = drawn.at(step)
        row = int(drawn.pools["a"][drawn.samplers["a"].rows(step)][0, 0])
        body, whole = batch.region != IGNORED, paired.region[row]
        seen = (batch.region == PAIRED).sum()
        assert abs(int(seen) - int((whole == PAIRED).sum())) <= 0.1 * int(seen)
        assert body.shape[-2:] == (32, 32)
        rows = torch.nonzero(batch.region[0, 0] == PAIRED)
        corners.add(tuple(rows.min(0).values.tolist()))
    assert len(corners) > 5, "the crop does not move"


def test_crops_reach_all_of_a_body_that_is_larger(paired, monkeypatch):
    """A body as large as the slice: over many draws every pixel but the margin is seen."""
    drawn = batches(paired, augmentation=STILL | {"patch": 32})
    whole = np.tile(np.array([0, 47, 0, 47], np.int16), (len(paired.region), 1))
    monkeypatch.setitem(paired.boxes, "a", whole)
    seen = Counter()
    for step in range(60):
        geometry = drawn._geometry("a", np.array([0]), torch.Generator().manual_seed(step))
        rows, columns = geometry.size
        x, y = (geometry.centre[0] - torch.tensor([columns, rows]) / 2).round().int().tolist()
        seen.update((i, j) for i in range(max(0, y), y + rows) for j in range(max(0, x), x + columns))
    assert {(i, j) for i in range(2, 46) for j in range(2, 46)} <= set(seen)
