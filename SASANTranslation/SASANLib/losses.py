"""The losses of the paper, one pure function an equation (section 3.2). Each returns a scalar tensor.

Where the paper's text cannot be taken literally, the docstring says what was built instead and why.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from SASANLib.networks.precision import autocast_off

SSIM_WINDOW = 7
Sum = Callable[[Tensor], Tensor]
"""What adds up a tensor over the processes that share a batch, where there are several (`Ranks.summed`)."""
UNKNOWN = 255
"""The label of a pixel whose class is not known: it takes no part in eq. 5."""


def _alone(x: Tensor) -> Tensor:
    return x


def _in_float32(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Under autocast a loss of products and convolutions would be computed in bfloat16, whose 8 bits are too few."""

    @wraps(loss)
    def computed(first: Tensor, *args, **kwargs) -> Tensor:
        with autocast_off(first.device):
            args = (a.float() if isinstance(a, Tensor) and a.is_floating_point() else a for a in args)
            return loss(first.float(), *args, **kwargs)

    return computed


def lsgan_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Eq. 1, the discriminator's side: real scores to 1, fake scores to 0.

    Eq. 1 as printed has the two labels the other way round and lets the discriminator maximise an unbounded
    square; this is the least-squares GAN it cites.
    """
    return (real - 1).square().mean() + fake.square().mean()


def lsgan_generator(fake: Tensor) -> Tensor:
    """Eq. 1, the generator's side: the scores of its fakes to 1."""
    return (fake - 1).square().mean()


@cache
def _ssim_loss():
    # MONAI takes a second to import, and only terms with an SSIM need it.
    from monai.losses import SSIMLoss

    return SSIMLoss(spatial_dims=2, data_range=1.0, win_size=SSIM_WINDOW)


@_in_float32
def dissimilarity(image: Tensor, reference: Tensor) -> Tensor:
    """1 − SSIM (the second half of eq. 2) of images (n, c, h, w) in [−1, 1], measured on [0, 1]."""
    return _ssim_loss()((image + 1) / 2, (reference + 1) / 2)


def cycle(reconstruction: Tensor, image: Tensor) -> Tensor:
    """Eq. 2: L1 and 1 − SSIM between G_X(G_Y(x)) and x, both (n, c, h, w) in [−1, 1]."""
    return F.l1_loss(reconstruction, image) + dissimilarity(reconstruction, image)


def identity(same: Tensor, image: Tensor, ssim: bool = False) -> Tensor:
    """Eq. 3: L1 between G_Y(y) and y, both (n, c, h, w) in [−1, 1]; `ssim` adds 1 − SSIM."""
    loss = F.l1_loss(same, image)
    return loss + dissimilarity(same, image) if ssim else loss


@_in_float32
def orthogonality(maps: Tensor, squared: bool = False) -> Tensor:
    """Eq. 4: how far attention maps (n, maps, h, w) are from being orthogonal, averaged over the batch.

    The rows of 𝒜 (one flattened map each) are scaled to unit length, since ‖𝒜𝒜ᵀ − I‖_F of raw rows is about
    40 000 at the start of training. `squared` gives the square of the norm over the number of pairs of maps.
    """
    rows = F.normalize(maps.flatten(2), dim=2)
    gram = rows @ rows.mT - torch.eye(maps.shape[1], device=maps.device)
    if squared:
        n = maps.shape[1]
        return (gram.square().sum((1, 2)) / max(1, n * (n - 1) / 2)).mean()
    return torch.linalg.matrix_norm(gram).mean()


def class_weights(labels: Tensor, classes: int, summed: Sum = _alone) -> Tensor:
    """1 − the frequency of each class among the known labels (n, h, w): (classes,). Rare classes weigh more."""
    counts = summed(torch.bincount(labels[labels != UNKNOWN], minlength=classes))
    return 1 - counts / counts.sum().clamp(min=1)


@_in_float32
def cross_entropy(logits: Tensor, labels: Tensor, summed: Sum = _alone) -> Tensor:
    """Eq. 5, CE of logits (n, classes, h, w) and labels (n, h, w): the mean over pixels weighted by class.

    The paper sums over pixels; a weighted mean keeps λ_aux free of the image's size.
    """
    weights = class_weights(labels, logits.shape[1], summed)
    pixelwise = F.cross_entropy(logits, labels, weight=weights, ignore_index=UNKNOWN, reduction="sum")
    # PyTorch's own weighted mean is 0 / 0 where every known pixel is of one class, whose weight is 0.
    total = summed(weights[labels[labels != UNKNOWN]].sum())
    return summed(pixelwise) / total.clamp(min=1)


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """labels (n, h, w) → (n, classes, h, w) float32; an unknown pixel is of no class."""
    return F.one_hot(torch.where(labels == UNKNOWN, classes, labels), classes + 1)[..., :-1].movedim(-1, 1).float()


@_in_float32
def dice(logits: Tensor, labels: Tensor, average: Literal["macro", "micro"] = "macro", summed: Sum = _alone) -> Tensor:
    """Eq. 5, DSC of logits (n, classes, h, w) and labels (n, h, w), over the whole batch.

    `macro` averages over the classes present in the labels (an absent one has no Dice to improve); `micro`
    pools all classes before the ratio is taken.
    """
    truth = one_hot(labels, logits.shape[1])
    predicted = logits.softmax(1) * (labels != UNKNOWN)[:, None]
    sums = [image.sum((0, 2, 3)) for image in (predicted * truth, predicted + truth, truth)]
    overlap, size, pixels = summed(torch.stack(sums))
    present = pixels > 0
    if not present.any():
        return logits.sum() * 0
    if average == "micro":
        return 1 - 2 * overlap.sum() / size.sum()
    # Chosen before the division: an absent class that is nowhere predicted has 0 / 0, whose gradient is NaN.
    return (1 - 2 * overlap[present] / size[present]).mean()


def voxelwise(image: Tensor, reference: Tensor, mask: Tensor | None = None, summed: Sum = _alone) -> Tensor:
    """Eq. 6: L1 between G_Y(x) and its registered partner y, (n, c, h, w) in [−1, 1], inside `mask`.

    mask (n, 1, h, w), 0 or 1: where both images show the body. A batch without any mask pixel costs nothing.
    """
    if mask is None:
        return F.l1_loss(image, reference)
    difference = ((image - reference).abs() * mask).sum()
    total, pixels = summed(torch.stack([difference, mask.sum().to(difference)]))
    return total / (pixels * image.shape[1]).clamp(min=1)
