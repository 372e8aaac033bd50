"""The running mean of the networks: its decay, its warm-up, and that it goes on where a checkpoint left it."""

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from SASANLib.training.config import OptimiserConfig
from SASANLib.training.running_mean import RunningMean, decay_at


def weights(*values: float) -> list[nn.Module]:
    """Networks of one weight."""
    found = [nn.Linear(1, 1, bias=False) for _ in values]
    for module, value in zip(found, values, strict=True):
        nn.init.constant_(module.weight, value)
    return found


def mean_of(*values: float, start: float = 100.0, decay: float, warmup: int) -> float:
    (first,) = weights(start)
    mean = RunningMean(first, decay, warmup)
    for module in weights(*values):
        mean.update(module)
    return mean.module.weight.item()


def test_the_decay_rises_to_what_was_asked_for():
    assert decay_at(0, 0.999, 10) == 0  # the first update forgets what the networks began with
    assert decay_at(1, 0.999, 10) == pytest.approx(2 / 11)
    assert decay_at(90, 0.999, 10) == pytest.approx(0.91)
    assert decay_at(8989, 0.999, 10) < 0.999 and decay_at(8991, 0.999, 10) == 0.999
    assert decay_at(1, 0.999, 1) == 0.999
    assert OptimiserConfig().ema_warmup > 1


def test_the_mean_by_hand():
    # The first weights, then a quarter of each that follows.
    assert mean_of(1, 2, 4, decay=0.75, warmup=1) == pytest.approx(0.75 * (0.75 * 1 + 0.25 * 2) + 0.25 * 4)
    # 2/11 of the first, then 3/12 of what was, until 0.3 is reached.
    first = 2 / 11 * 1 + 9 / 11 * 2
    assert mean_of(1, 2, 4, decay=0.3, warmup=10) == pytest.approx(0.25 * first + 0.75 * 4)
    assert mean_of(1, 2, decay=0.1, warmup=10) == pytest.approx(0.1 * 1 + 0.9 * 2)


def test_it_goes_on_where_it_was_saved():
    straight = RunningMean(*weights(0.0), 0.9, 10)
    first, second, third = weights(1.0, 5.0, -3.0)
    for module in (first, second, third):
        straight.update(module)
    broken = RunningMean(*weights(0.0), 0.9, 10)
    broken.update(first)
    broken.update(second)
    resumed = RunningMean(*weights(7.0), 0.9, 10)
    resumed.load_state_dict(broken.state_dict())
    resumed.update(third)
    assert torch.equal(resumed.module.weight, straight.module.weight)


def test_the_means_of_the_first_jobs_are_read():
    """They were torch's own; with a warm-up of 1 this is the very same arithmetic."""
    networks = weights(1.0, 0.3, 0.123456, 0.7)
    theirs = AveragedModel(networks[0], multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    for module in networks[:3]:
        theirs.update_parameters(module)
    ours = RunningMean(networks[0], 0.9, 1)
    ours.load_state_dict(theirs.state_dict())
    assert ours.state_dict().keys() == theirs.state_dict().keys() and ours.updates == 3
    ours.update(networks[3])
    theirs.update_parameters(networks[3])
    assert torch.equal(ours.module.weight, theirs.module.weight)


def test_of_other_networks():
    mean = RunningMean(*weights(0.0), 0.9, 1)
    with pytest.raises(RuntimeError, match="Missing key"):
        mean.load_state_dict({"n_averaged": torch.tensor(1)})


def test_the_mean_is_not_trained():
    (networks,) = weights(1.0)
    mean = RunningMean(networks, 0.9, 1)
    assert networks.weight.requires_grad and not mean.module.weight.requires_grad
    with torch.no_grad():
        networks.weight.fill_(2)
    assert mean.module.weight.item() == 1
