"""Ratios of the fast paths to the plain ones, in one run on one machine: `make bench`.

The plain path is what a reader would write first: one slice at a time, NCHW, float32, `InstanceNorm2d`, the whole
256×256 field. The training step is compared with one that translates again for the discriminators.
"""

import time
from collections.abc import Callable
from unittest.mock import patch

import torch
from torch.nn import functional as F

from SASANLib.networks import NetworkConfig, TranslationNetworks, normalization
from SASANLib.training.batch import Batch
from SASANLib.training.config import DiscriminatorConfig, ObjectiveConfig
from SASANLib.training.objective import Discriminators, Objective

SLICES, SIZE, BODY = 16, 256, (192, 224)  # BODY: a head's box, as the translator crops it
REPEATS = 2
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def seconds(run: Callable[[], object]) -> float:
    """The fastest of a few runs, after one to warm up: the machine's other work only ever adds."""
    times = []
    for _ in range(REPEATS + 1):
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()
        started = time.perf_counter()
        run()
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return min(times[1:])


@torch.inference_mode()
def plain(networks: TranslationNetworks) -> float:
    """Seconds a slice."""
    slices = torch.rand(SLICES, 1, SIZE, SIZE, device=DEVICE)

    def run():
        for image in slices:
            networks.translate(image[None], "a")

    def instance_norm(x):
        return F.instance_norm(x, eps=normalization.EPSILON)

    with patch.object(normalization, "instance_norm", instance_norm):
        return seconds(run) / SLICES


@torch.inference_mode()
def batched(networks: TranslationNetworks, size: tuple[int, int], batch: int = 4) -> float:
    """Seconds a slice, as the translator runs them."""
    networks = networks.to(memory_format=torch.channels_last)
    slices = torch.rand(SLICES, 1, *size, device=DEVICE)
    slices = slices.to(memory_format=torch.channels_last)

    def run():
        for images in slices.split(batch):
            networks.translate(images, "a")

    return seconds(run) / SLICES


def step(networks: TranslationNetworks, reuse: bool) -> float:
    """Seconds of one full unpaired step (forward and backward) on a pair of 128×128 slices."""
    config = networks.config
    discriminators = Discriminators(DiscriminatorConfig(), config.context_slices, config.classes).to(DEVICE)
    objective = Objective(ObjectiveConfig())
    images = {d: torch.rand(1, 1, 128, 128, device=DEVICE) * 2 - 1 for d in "ab"}
    labels = {"a": torch.randint(0, config.classes, (1, 128, 128), device=DEVICE)}
    batch = Batch(images, labels)

    def run():
        made = objective.translate(networks, batch)
        sum(objective.generator_terms(networks, discriminators, batch, made).values()).backward()
        if not reuse:
            made = objective.translate(networks, batch)
        sum(objective.discriminator_terms(discriminators, batch, made).values()).backward()

    return seconds(run)


def main() -> None:
    torch.manual_seed(0)
    networks = TranslationNetworks(NetworkConfig(context_slices=1, classes=4)).to(DEVICE).eval()
    name = torch.cuda.get_device_name() if DEVICE.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(f"{name}, torch {torch.__version__}")
    base = plain(networks)
    print(f"plain loop, 256×256             {base:.3f} s/slice  1.00×")
    for label, size in (
        ("batched, channels-last, 256×256", (SIZE, SIZE)),
        ("the same, body box 192×224     ", BODY),
    ):
        took = batched(networks, size)
        print(f"{label} {took:.3f} s/slice  {base / took:.2f}×")
    again, reused = step(networks, reuse=False), step(networks, reuse=True)
    print(f"training step, fakes made again {again:.2f} s; reused {reused:.2f} s  {again / reused:.2f}×")


if __name__ == "__main__":
    main()
