"""Pictures made smaller and larger as super-resolution has it: blur and bicubic interpolation."""

import torch
import torch.nn.functional as F
from torch import Tensor


def shrink(images: Tensor, scale: int, blur: float = 0.0) -> Tensor:
    """What a network for super-resolution is given of a picture, as files have it, in 256 steps.

    Gaussian blur (Johnson et al. 2016, section 4.2, has a sigma of 1), then bicubic interpolation
    with a kernel as wide as `scale` (Keys 1981, a = -0.5), as Matlab's `imresize` and Pillow have
    it, by which benchmarks are made.

    Args:
        images: `(N, 3, H, W)`, in [0, 1]; H and W divide by `scale`.
        scale: how many times smaller.
        blur: sigma of the Gaussian in pixels; 0 for none.

    Returns:
        `(N, 3, H / scale, W / scale)`, in [0, 1].
    """
    height, width = images.shape[-2:]
    if blur:
        images = _blur(images, blur)
    small = _bicubic(images, (height // scale, width // scale))
    return (small.clamp(0, 1) * 255).round() / 255


def enlarge(images: Tensor, scale: int) -> Tensor:
    """Bicubic interpolation, Keys' with a = -0.5: what a network is measured beside.

    Args:
        images: `(N, 3, H, W)`, in [0, 1].
        scale: how many times larger.

    Returns:
        `(N, 3, scale H, scale W)`, in [0, 1].
    """
    height, width = images.shape[-2:]
    return _bicubic(images, (scale * height, scale * width)).clamp(0, 1)


def _bicubic(images: Tensor, size: tuple[int, int]) -> Tensor:
    # without antialias PyTorch's is another, of a = -0.75
    return F.interpolate(images, size=size, mode="bicubic", antialias=True)


def _blur(images: Tensor, sigma: float) -> Tensor:
    far = round(4 * sigma)
    place = torch.arange(-far, far + 1, device=images.device, dtype=images.dtype)
    kernel = torch.exp(-(place**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).repeat(images.shape[1], 1, 1, 1)
    padded = F.pad(images, (far, far, far, far), mode="replicate")
    across = F.conv2d(padded, kernel, groups=len(kernel))
    return F.conv2d(across, kernel.mT, groups=len(kernel))
