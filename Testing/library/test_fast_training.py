"""The switches of speed: each is used where it is on, changes nothing that is saved, and is off on the CPU."""

import shutil

import pytest
import torch
from test_engine import VOXEL_ONLY, differences
from tiny_networks import tiny_networks
from training_examples import prepared, training

from SASANLib.training import state
from SASANLib.training.config import TrainingConfig
from SASANLib.training.engine import Engine
from SASANLib.training.hooks import Checkpoints
from SASANLib.training.job import Job

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("paired"))


@pytest.fixture
def jobs(tmp_path):
    yield tmp_path
    shutil.rmtree(tmp_path)


def engine_of(data, folder, **changes) -> Engine:
    changes = {"objective": VOXEL_ONLY, "max_steps": 4, "discriminator": {"width": 4, "depth": 2}} | changes
    job = Job(folder)
    with tiny_networks():
        return Engine(
            job if job.config_file.exists() else Job.create(folder, training(data, **changes)), CPU, [Checkpoints()]
        )


def test_all_are_off_on_the_cpu(paired, jobs):
    config = TrainingConfig(data=paired.folder)
    assert (config.precision, config.compile) == ("float32", False)
    assert not state.has_fused_adam(CPU) and state.has_fused_adam(torch.device("cuda:0"))
    engine = engine_of(paired, jobs / "job")
    assert all(not group["fused"] for o in engine.state.optimisers.values() for group in o.param_groups)
    with engine.autocast():
        assert not torch.is_autocast_enabled("cpu")


def test_bfloat16_is_autocast(paired, jobs):
    engine = engine_of(paired, jobs / "job", precision="bfloat16")
    with engine.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16


# ---- Adam


def fused_here(monkeypatch, available: bool = True) -> None:
    monkeypatch.setattr(state, "has_fused_adam", lambda _: available)


@pytest.fixture
def fused(monkeypatch):
    """As if the CPU were a device on which Adam is fused; torch can since 2.4."""
    try:
        torch.optim.Adam([torch.zeros(1, requires_grad=True)], fused=True)
    except RuntimeError:
        pytest.skip("this torch has no fused Adam on the CPU")
    fused_here(monkeypatch)


def test_fused_adam_where_there_is_one(fused, paired, jobs):
    kinds = []
    for name, wanted in (("on", True), ("off", False)):
        engine = engine_of(paired, jobs / name, fused_adam=wanted)
        kinds += [bool(group["fused"]) for o in engine.state.optimisers.values() for group in o.param_groups]
    assert kinds == [True, True, False, False]


@pytest.mark.parametrize("first", [True, False])
def test_a_job_moves_between_devices_with_and_without_it(fused, monkeypatch, paired, jobs, first):
    """The checkpoint of one is gone on from on the other, in the other's way, to the same weights but for rounding."""
    straight, moved = jobs / "straight", jobs / "moved"
    fused_here(monkeypatch, False)
    engine_of(paired, straight).run()
    for now, steps in ((first, 2), (not first, 4)):
        fused_here(monkeypatch, now)
        engine = engine_of(paired, moved)
        engine.config = engine.config.model_copy(update={"max_steps": steps})
        engine.run()
        for optimiser in engine.state.optimisers.values():
            assert [bool(group["fused"]) for group in optimiser.param_groups] == [now]
    expected, found = (Job(folder).load_checkpoint()["networks"] for folder in (straight, moved))
    start = engine_of(paired, jobs / "start").state.networks.state_dict()
    for name, weights in expected.items():
        torch.testing.assert_close(found[name], weights, rtol=0, atol=1e-6)
    assert max((weights - start[name]).abs().max() for name, weights in expected.items()) > 1e-4


# ---- torch.compile


def test_attention_modules_and_generators_are_compiled_for_one_shape(paired, jobs, monkeypatch):
    compiled = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, **how: compiled.append((self, how)))
    plain = engine_of(paired, jobs / "plain")
    assert compiled == []
    engine = engine_of(paired, jobs / "compiled", compile=True)
    networks = engine.state.networks
    expected = [*networks.attention.values(), *networks.generator.values()]
    assert [id(module) for module, _ in compiled] == [id(module) for module in expected]
    assert all(how == {"dynamic": False} for _, how in compiled)
    assert differences(plain.state.state_dict()["networks"], engine.state.state_dict()["networks"]) == []


def test_a_compiled_job_is_saved_under_the_same_names(paired, jobs, monkeypatch):
    """With a compiler that needs no time: what it is given runs as it is."""
    calls, compiler = [], torch.nn.Module.compile

    def eager(module, _inputs):
        calls.append(module)
        return module.forward

    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, **how: compiler(self, backend=eager, **how))
    engine_of(paired, jobs / "plain", max_steps=2).run()
    engine_of(paired, jobs / "compiled", max_steps=2, compile=True).run()
    assert calls, "nothing was compiled"
    plain, compiled = (Job(jobs / name).load_checkpoint() for name in ("plain", "compiled"))
    for state_of in (plain, compiled):
        del state_of["seconds"], state_of["random"]
    assert differences(plain, compiled) == []
