"""How well networks enlarge pictures of which the truth is known, beside bicubic interpolation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from fastnst.evaluation.results import table
from fastnst.images import (
    enlarge,
    flatten,
    labelled_grid,
    list_images,
    read_image,
    shrink,
    to_image,
    to_tensor,
    write_image,
)
from fastnst.losses import LossNetwork, relative_feature_loss
from fastnst.machine import UserError
from fastnst.models import Enlarger
from fastnst.networks import SMALLEST_SIDE
from fastnst.super_resolution import measure_quality

FEATURES = ("relu2_2", "relu4_3")
BICUBIC, TRUTH = "bicubic", "truth"
SHOWN, PART = 6, 128  # pictures of the sheet, and the side of what is shown of each


class Quality(NamedTuple):
    """Of one way to enlarge; means over the pictures.

    Attributes:
        name: of the network.
        psnr, ssim: on luminance, see `measure_quality`.
        relu2_2, relu4_3: relative feature error, `|F(y) - F(t)|^2 / |F(t)|^2`.
    """

    name: str
    psnr: float
    ssim: float
    relu2_2: float
    relu4_3: float


def measure_enlarging(
    networks: Mapping[str, Enlarger], truth: Path, loss_network: LossNetwork, sheet: Path | None
) -> list[Quality]:
    """Make pictures smaller by bicubic interpolation, as benchmarks do, and enlarge them again.

    Args:
        networks: of one scale, by the names to call them.
        truth: folder of pictures; what does not divide by the scale is cut off at the right and at
            the bottom.
        loss_network: on the device that is to work.
        sheet: file for a sheet of parts of the first pictures; None for none.

    Returns:
        Of bicubic interpolation, then of each network.

    Raises:
        UserError: if the networks are of different scales, a picture is too small, or there is
            none.
    """
    scales = {one.network.scale for one in networks.values()}
    if len(scales) > 1:
        raise UserError(
            f"The networks enlarge {', '.join(map(str, sorted(scales)))} times: give those of one "
            f"scale."
        )
    (scale,) = scales
    files = list_images(truth)
    if not files:
        raise UserError(f"There are no images in the folder {truth}.")
    device = loss_network.mean.device
    ready = {name: one.network.to(device) for name, one in networks.items()}
    found: dict[str, list[Quality]] = {name: [] for name in (BICUBIC, *networks)}
    shown: list[dict[str, Image.Image]] = []
    with torch.inference_mode():
        for file in tqdm(files, "pictures", leave=False):
            picture = _truth(file, scale).to(device)
            small = shrink(picture, scale)
            ways = {BICUBIC: enlarge(small, scale)}
            ways |= {name: network(small) for name, network in ready.items()}
            aims = loss_network(picture, FEATURES)
            for name, enlarged in ways.items():
                found[name].append(_measured(name, enlarged, picture, aims, loss_network, scale))
            if len(shown) < SHOWN:
                shown.append({name: _part(one) for name, one in (ways | {TRUTH: picture}).items()})
    if sheet is not None:
        columns = [BICUBIC, *networks, TRUTH]
        cells = [[row[name] for name in columns] for row in shown]
        write_image(labelled_grid(cells, columns, [""] * len(cells)), sheet)
    return [
        Quality(name, *(fmean(values) for values in list(zip(*each, strict=True))[1:]))
        for name, each in found.items()
    ]


def _truth(file: Path, scale: int) -> Tensor:
    picture = flatten(read_image(file))
    width, height = (side // scale * scale for side in picture.size)
    if min(width, height) < SMALLEST_SIDE * scale:
        raise UserError(
            f"{file} is too small: {picture.width}x{picture.height} pixels become fewer than "
            f"{SMALLEST_SIDE}x{SMALLEST_SIDE} when made {scale} times smaller; take it out."
        )
    return to_tensor(picture.crop((0, 0, width, height)))[None]


def _measured(
    name: str,
    enlarged: Tensor,
    truth: Tensor,
    aims: Mapping[str, Tensor],
    loss_network: LossNetwork,
    scale: int,
) -> Quality:
    near = measure_quality(enlarged, truth, border=scale)
    seen = loss_network(enlarged, FEATURES)
    errors = [relative_feature_loss(seen[layer], aims[layer]).item() for layer in FEATURES]
    return Quality(name, near["psnr"].item(), near["ssim"].item(), errors[0], errors[1])


def _part(images: Tensor) -> Image.Image:
    """The middle of a picture, twice as large, so that its pixels can be seen."""
    picture = to_image(images[0])
    width, height = (min(side, PART) for side in picture.size)
    left, upper = (picture.width - width) // 2, (picture.height - height) // 2
    part = picture.crop((left, upper, left + width, upper + height))
    return part.resize((2 * width, 2 * height), Image.Resampling.NEAREST)


def quality_table(found: Sequence[Quality]) -> str:
    """A row for each, with how to read it."""
    rows = [("", "PSNR", "SSIM", *(f"error at {layer}" for layer in FEATURES))]
    rows += [
        (one.name, f"{one.psnr:.2f}", f"{one.ssim:.4f}", *(f"{value:.3f}" for value in one[3:]))
        for one in found
    ]
    return table(rows) + (
        "\n\nmeans over the pictures; PSNR (decibels) and SSIM on luminance without the border, "
        "higher is nearer;\nerrors of features as a share of the truth's, lower is nearer."
    )
