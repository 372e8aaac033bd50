"""Image metrics inside a mask, with the conventions of SynthRAD2023 (CT clipped to [−1024, 3071] HU)."""

import numpy as np

CT_RANGE = (-1024.0, 3071.0)
_WINDOW = 7


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
    """SSIM of two images (h, w): its map, of uniform 7×7 windows, averaged over the mask.

    Outside the mask both images count as equal. NaN when no window around a pixel of the mask fits the image.
    """
    import torch
    from monai.metrics.regression import compute_ssim_and_cs

    border = _WINDOW // 2
    inner = mask[border:-border, border:-border]  # the centres of windows that lie inside the image
    if not inner.any():
        return float("nan")
    floor = min(float(image.min()), float(reference.min()))
    pair = [
        torch.from_numpy(np.where(mask, a, floor).astype(np.float64) - floor)[None, None] for a in (image, reference)
    ]
    ssim, _ = compute_ssim_and_cs(
        *pair,
        2,
        kernel_size=(_WINDOW, _WINDOW),
        kernel_sigma=(1.5, 1.5),  # of a Gaussian window, which this is not
        data_range=data_range,
        kernel_type="uniform",
    )
    return float(ssim[0, 0].numpy()[inner].mean(dtype=np.float64))
