"""Numbers that are none: found before they are saved."""

import pytest
import torch

from SASANLib.training.finite import loss_not_finite, tensor_not_finite


def test_the_first_bad_loss():
    assert loss_not_finite({"cycle/a": 1.0, "voxel/b": float("nan"), "voxel/a": float("inf")}) == "voxel/b"
    assert loss_not_finite({"cycle/a": 1e30}) is None and loss_not_finite({}) is None


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_the_first_bad_tensor(bad):
    state = {
        "step": 3,
        "mean": None,
        "networks": {"w": torch.ones(3), "n": torch.tensor(3)},
        "optimisers": {"networks": {"state": {0: {"exp_avg": torch.zeros(2, 2)}}, "param_groups": [{"lr": 0.1}]}},
    }
    assert tensor_not_finite(state) is None and tensor_not_finite({"step": 1}) is None
    state["optimisers"]["networks"]["state"][0]["exp_avg"][1, 1] = bad
    assert tensor_not_finite(state) == "optimisers/networks/state/0/exp_avg"
    state["networks"]["w"][0] = bad
    assert tensor_not_finite(state) == "networks/w"
