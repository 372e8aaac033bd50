"""Image metrics inside a mask, with the conventions of SynthRAD2023 (CT clipped to [−1024, 3071] HU)."""

import numpy as np

CT_RANGE = (-1024.0, 3071.0)
_WINDOW = 7
_BORDER = _WINDOW // 2
_SLAB_VOXELS = 1_000_000  # at a time: where torch unfolds a convolution, it takes 343 numbers a voxel


def mean_absolute_error(image: np.ndarray, reference: np.ndarray, mask: np.ndarray) -> float:
    """MAE over the mask's pixels, in the images' units. The mask must not be empty."""
    return float(np.abs(image[mask] - reference[mask]).mean(dtype=np.float64))


def peak_signal_to_noise(image: np.ndarray, reference: np.ndarray, mask: np.ndarray, data_range: float) -> float:
    """PSNR over the mask's pixels in dB, infinite for equal images. The mask must not be empty.

    `data_range` is the span of possible values, in the images' units.
    """
    mse = np.square(image[mask] - reference[mask], dtype=np.float64).mean()
    return float("inf") if mse == 0 else float(10 * np.log10(data_range**2 / mse))


def structural_similarity(image: np.ndarray, reference: np.ndarray, mask: np.ndarray, data_range: float) -> float:
    """SSIM of two images (h, w) or volumes (k, j, i): its map, of uniform windows 7 wide, averaged over the mask.

    Outside the mask both images count as equal. NaN when no window around a pixel of the mask fits the image.

    Raises:
        ImportError: monai is not installed.
    """
    from monai.metrics.regression import compute_ssim_and_cs

    floor = min(float(image.min()), float(reference.min()))
    box = _box_with_border(mask)
    image, reference, mask = image[box], reference[box], mask[box]
    total, count = 0.0, 0
    for slab in _slabs(mask.shape):
        inner = mask[slab][(slice(_BORDER, -_BORDER),) * mask.ndim]  # the centres of windows inside the image
        if not inner.any():
            continue
        ssim, _ = compute_ssim_and_cs(
            *(_floored(array[slab], mask[slab], floor) for array in (image, reference)),
            mask.ndim,
            kernel_size=(_WINDOW,) * mask.ndim,
            kernel_sigma=(1.5,) * mask.ndim,  # of a Gaussian window, which this is not
            data_range=data_range,
            kernel_type="uniform",
        )
        total += float(ssim[0, 0].numpy()[inner].sum(dtype=np.float64))
        count += int(inner.sum())
    return total / count if count else float("nan")


def _box_with_border(mask: np.ndarray) -> tuple[slice, ...]:
    """The mask's bounding box and all that the windows around its pixels see; empty for an empty mask."""
    box = []
    for axis in range(mask.ndim):
        hits = np.flatnonzero(mask.any(axis=tuple(other for other in range(mask.ndim) if other != axis)))
        first, last = (int(hits[0]), int(hits[-1])) if hits.size else (0, -1)
        box.append(slice(max(first - _BORDER, 0), max(last + _BORDER + 1, 0)))
    return tuple(box)


def _slabs(shape: tuple[int, ...]) -> list[slice]:
    """Along the first axis, overlapping by the windows' borders so that each centre is in exactly one."""
    centres = shape[0] - 2 * _BORDER
    thickness = max(_SLAB_VOXELS // max(int(np.prod(shape[1:])), 1), _WINDOW)
    return [slice(start, min(start + thickness, centres) + 2 * _BORDER) for start in range(0, centres, thickness)]


def _floored(array: np.ndarray, mask: np.ndarray, floor: float):
    """`array` above `floor`, 0 outside the mask, as a tensor with the two axes that a convolution wants."""
    import torch

    return torch.from_numpy(np.where(mask, array, floor).astype(np.float64) - floor)[None, None]
