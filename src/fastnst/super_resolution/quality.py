"""How near an enlarged picture is to the truth, as the field measures it."""

from torch import Tensor
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from fastnst.images import luminance

# of luminance that is 0 to 1: what Matlab's rgb2ycbcr makes of it, and where 8 bits end
BLACK, STEPS, MOST = 16, 219, 255


def measure_quality(enlarged: Tensor, truth: Tensor, border: int) -> dict[str, Tensor]:
    """PSNR and SSIM of each picture, on luminance, without its border.

    `PSNR = 10 log10(255^2 / mean (y - t)^2)` in decibels; SSIM as in Wang et al. 2004, of Gaussian
    windows with a sigma of 1.5. Both of values as a file has them, in 256 steps.

    Args:
        enlarged, truth: `(N, 3, H, W)`, RGB in [0, 1].
        border: pixels to leave out at each side; the field takes the scale.

    Returns:
        `psnr` and `ssim`, `(N,)` each.
    """
    ours, theirs = (_seen(images, border) for images in (enlarged, truth))
    psnr = peak_signal_noise_ratio(ours, theirs, data_range=MOST, reduction="none", dim=(1, 2, 3))
    ssim = structural_similarity_index_measure(
        ours, theirs, sigma=1.5, data_range=MOST, reduction="none"
    )
    assert isinstance(ssim, Tensor)  # it is asked for nothing else
    found = {"psnr": psnr, "ssim": ssim.reshape(-1)}
    return {name: values.float().to(enlarged.device) for name, values in found.items()}


def _seen(images: Tensor, border: int) -> Tensor:
    # in float64: the mean of squares of a hundred thousand pixels is to be exact to 0.01 dB; and on
    # the CPU, as Apple's GPUs have no such numbers
    steps = (images.cpu().double().clamp(0, 1) * 255).round() / 255
    luma = BLACK + STEPS * luminance(steps)
    height, width = luma.shape[-2:]
    return luma[..., border : height - border, border : width - border]
