"""One photograph painted the slow way, from scale to scale."""

import copy
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from fastnst.config import Loss
from fastnst.data import BUNDLED
from fastnst.images import (
    flatten,
    keep_chrominance,
    list_images,
    match_colors,
    read_image,
    resize_short_side,
    to_image,
    to_tensor,
    write_image,
)
from fastnst.losses import PerceptualLoss, build_loss_network, normalize_network
from fastnst.machine import UserError, choose_device, measure_in_float32
from fastnst.networks import SMALLEST_SIDE
from fastnst.optimization.pixels import Iteration, optimize
from fastnst.optimization.settings import OptimizeSettings
from fastnst.styles import load_style_image
from fastnst.stylizing import Mask

# from black to white: of full contrast, much of it would still be there after hundreds of steps
NOISE = 0.2


class Problem:
    """A photograph at growing sizes, and the loss of what is painted over it.

    Args:
        settings: of the command.

    Raises:
        UserError: for anything in them that cannot be had.
    """

    def __init__(self, settings: OptimizeSettings) -> None:
        self.settings, self.device = settings, choose_device(settings.device)
        self.photograph = flatten(read_image(settings.content))
        self.masks = [Mask(path) for path in settings.masks or ()]
        for path, mask in zip(settings.masks or (), self.masks, strict=True):
            try:
                mask.check(self.photograph.size)
            except UserError as error:
                raise UserError(f"{path}: {error}.") from error
            if mask.image.getextrema()[1] == 0:
                raise UserError(f"{path} is black everywhere: draw white where the style is to be.")
        self.network = build_loss_network(**settings.loss_network.model_dump(), seed=settings.seed)
        if settings.normalize_network:
            pictures = map(read_image, list_images(BUNDLED))
            normalize_network(self.network, (to_tensor(picture)[None] for picture in pictures))
        self.network.to(self.device)
        self._styles: dict[int, list[Tensor]] = {}  # by size

    def varied(self, loss: Loss, init: str) -> "Problem":
        """The same pictures and network with another objective and beginning."""
        other = copy.copy(self)
        other.settings = self.settings.model_copy(update={"loss": loss, "init": init})
        return other

    def photograph_at(self, side: int) -> Tensor:
        """`(1, 3, H, W)` with this short side."""
        return self._tensor(resize_short_side(self.photograph, side))

    def styles_at(self, side: int) -> list[Tensor]:
        """`(1, 3, H, W)` each, in the photograph's proportion at this size."""
        settings = self.settings
        size = max(SMALLEST_SIDE, round(settings.style.size * side / settings.scales[-1]))
        if size not in self._styles:  # to be warned of once
            self._styles[size] = [
                load_style_image(name, image, size).to(self.device)
                for name, image in self._style_pictures()
            ]
        return self._styles[size]

    def loss_at(self, side: int) -> PerceptualLoss:
        """The objective at this size."""
        regions = None
        if self.masks:
            width, height = resize_short_side(self.photograph, side).size
            whole = (width, height), (0, 0, width, height)
            regions = torch.cat([mask.part(*whole) for mask in self.masks])
        options = self.settings.loss.perceptual()
        torch.manual_seed(self.settings.seed)  # some style losses draw positions
        loss = PerceptualLoss(self.network, self.styles_at(side), **options, regions=regions)
        return loss.to(self.device)

    def start(self, photograph: Tensor) -> Tensor:
        """What the first scale begins with, of the photograph's size."""
        init = self.settings.init
        if init == "content":
            return photograph
        if init == "noise":
            generator = torch.Generator().manual_seed(self.settings.seed)
            noise = torch.rand(photograph.shape, generator=generator).to(self.device)
            return 0.5 + NOISE * (noise - 0.5)
        height, width = photograph.shape[2:]
        if init == "style":
            name, image = self._style_pictures()[0]
            picture = to_image(load_style_image(name, image, self.settings.style.size)[0])
        else:
            picture = flatten(read_image(init))
        return self._tensor(ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS))

    def finish(self, picture: Tensor, photograph: Tensor) -> Tensor:
        """Give a picture the colours that were asked for."""
        if self.settings.preserve_color == "lum":
            return keep_chrominance(picture, photograph)
        if self.settings.preserve_color == "hist":
            return match_colors(picture, photograph)(picture)
        return picture

    def _style_pictures(self) -> list[tuple[str, str | None]]:
        """Their names and where they are."""
        if self.settings.styles:
            return [(Path(image).stem, image) for image in self.settings.styles]
        return [(self.settings.style.name, self.settings.style.image)]

    def _tensor(self, picture: Image.Image) -> Tensor:
        return to_tensor(picture)[None].to(self.device)


def paint(problem: Problem) -> Iterator[tuple[Iteration, Tensor]]:
    """Optimise from scale to scale.

    Yields:
        What it begins with, and each iteration, counted over all scales, with the photograph of its
        size.
    """
    settings, picture = problem.settings, None
    for number, side in enumerate(settings.scales):
        photograph = problem.photograph_at(side)
        if picture is None:
            picture = problem.start(photograph)
        else:
            size = photograph.shape[2:]
            picture = F.interpolate(picture, size, mode="bicubic", antialias=True).clamp(0, 1)
        loss = problem.loss_at(side)
        steps = optimize(
            loss, photograph, picture, settings.iterations, settings.method, settings.lr
        )
        for step in steps:
            picture = step.picture
            if number > 0 and step.number == 0:
                continue  # the last one of the scale before
            yield step._replace(number=number * settings.iterations + step.number), photograph


def optimize_photograph(settings: OptimizeSettings, folder: Path) -> None:
    """Optimise, and write `step_<n>.png`, `result.png` and the curves of the losses.

    Args:
        settings: of `configs/optimize.yaml`.
        folder: for these files.

    Raises:
        UserError: for anything in the settings that cannot be had, or if the loss is no number.
        SystemExit: after Ctrl-C, when what there is has been written.
    """
    problem = Problem(settings)
    measure_in_float32(problem.device)
    result = folder / "result.png"
    total = settings.iterations * len(settings.scales)
    steps = paint(problem)
    step, photograph = first = next(steps)  # before there is a bar, as files may be missing
    stopped = False
    with SummaryWriter(folder) as curves, tqdm(total=total, desc=settings.style.name) as bar:
        try:
            for step, photograph in chain([first], steps):
                _check(step, settings)
                for name, value in step.terms.items():
                    curves.add_scalar(name, value, step.number)
                shown = {name: f"{step.terms[name]:.4g}" for name in ("total", "content", "style")}
                bar.set_postfix(shown, refresh=False)
                bar.update(step.number - bar.n)
                if step.number % settings.save_every == 0 and step.number > 0:
                    path = folder / f"step_{step.number:06d}.png"
                    write_image(to_image(problem.finish(step.picture, photograph)[0]), path)
        except KeyboardInterrupt:  # it is as good as it has become
            bar.write(f"Stopped after iteration {step.number} of {total}.")
            stopped = True
        write_image(to_image(problem.finish(step.picture, photograph)[0]), result)
    print(f"result:      {result}\nTensorBoard: tensorboard --logdir {folder}")
    if stopped:
        sys.exit(130)


def _check(step: Iteration, settings: OptimizeSettings) -> None:
    if step.terms["total"] < float("inf"):
        return
    where = f"After iteration {step.number} the loss is {step.terms['total']}"
    if step.number == 0:
        raise UserError(f"{where}: set smaller weights in loss.")
    raise UserError(
        f"{where}: set a smaller lr, or method={'adam' if settings.method == 'lbfgs' else 'lbfgs'}."
    )
