"""What a loss network learns to see: crops of photographs, varied, of paintings, and pictures that
were painted against the network itself."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from fastnst.images import resize_short_side, to_tensor
from fastnst.styles import paintings_in

SCALES = (1.0, 1.5, 2.5)  # of the paintings, in units of the crop: from whole pictures to strokes


def read_paintings(folder: str, crop: int) -> list[Tensor]:
    """Every picture of a folder, `(3, H, W)` in [0, 1], at several sizes.

    Raises:
        UserError: if there is none, or one cannot be read.
    """
    paintings: list[Tensor] = []
    for picture in paintings_in(folder):
        paintings += [to_tensor(resize_short_side(picture, round(s * crop))) for s in SCALES]
    return paintings


def crops(pictures: Sequence[Tensor] | Tensor, size: int) -> Tensor:
    """A square of each picture `(3, H, W)`, where chance has it: `(N, 3, size, size)`."""
    cut: list[Tensor] = []
    for picture in pictures:
        top, left = (int(torch.randint(side - size + 1, ())) for side in picture.shape[1:])
        cut.append(picture[:, top : top + size, left : left + size])
    return torch.stack(cut)


def crops_of_any_size(pictures: Sequence[Tensor] | Tensor, size: int) -> Tensor:
    """Squares as `crops` has them, of pictures made smaller by chance: by nothing up to what leaves
    `size` pixels of the shorter side. A loss network is used at many sizes and has to see them."""
    cut: list[Tensor] = []
    for picture in pictures:
        side = round(size * (min(picture.shape[1:]) / size) ** torch.rand(()).item())
        square = crops([picture], side)
        cut.append(F.interpolate(square, size, mode="bilinear", antialias=True).clamp(0, 1))
    return torch.cat(cut)


def choose(pictures: Sequence[Tensor], count: int) -> list[Tensor]:
    """Some of the pictures by chance, with repetition."""
    return [pictures[int(torch.randint(len(pictures), ()))] for _ in range(count)]


def vary(images: Tensor) -> Tensor:
    """Change brightness and contrast, the order of channels, and noise, of some pictures each.

    Args:
        images: `(N, 3, H, W)` in [0, 1].
    """

    def chance(share: float) -> Tensor:
        return (torch.rand(len(images), 1, 1, 1) < share).to(images.device)

    def amount(low: float, high: float) -> Tensor:
        return torch.empty(len(images), 1, 1, 1).uniform_(low, high).to(images.device)

    images = torch.where(chance(0.3), images * amount(0.6, 1.3) + amount(-0.15, 0.15), images)
    images = torch.where(chance(0.15), images[:, torch.randperm(3).to(images.device)], images)
    noise = torch.randn(images.shape).to(images.device) * amount(0, 0.1)
    return torch.where(chance(0.3), images + noise, images).clamp(0, 1)


class Painted:
    """Keeps the pictures that were painted last.

    Args:
        most: how many.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.pictures: list[Tensor] = []

    def add(self, batch: Tensor) -> None:
        """`(N, 3, H, W)`; each takes the place of another, by chance, when there are enough."""
        for picture in batch:
            if len(self.pictures) < self.most:
                self.pictures.append(picture.clone())  # not a part of its batch
            else:
                self.pictures[int(torch.randint(self.most, ()))] = picture.clone()
