"""`RandomStyle`: photographs painted in random styles, among the transforms of torchvision."""

from pathlib import Path
from typing import Any, get_args

import torch
from PIL import Image
from torch import Generator, Tensor
from torch.utils.data import get_worker_info
from torchvision import tv_tensors
from torchvision.transforms import v2

from fastnst.augment.painting import BatchPainter, check_pictures
from fastnst.augment.style_space import Draw, read_space
from fastnst.machine import UserError


class RandomStyle(v2.Transform):
    """Paint each picture, with some probability, in a random style.

    Jackson, Atapour-Abarghouei, Bonner, Breckon, Obara 2018 ("Style augmentation: data augmentation
    via style randomization") train networks so for other kinds of pictures than they have seen;
    Geirhos, Rubisch, Michaelis, Bethge, Wichmann, Brendel 2019 ("ImageNet-trained CNNs are biased
    towards texture") so that they look at shapes. Like the former it draws styles from a Gaussian,
    here fitted to the finished styles; the strength mixes pixels instead of styles.

        augment = RandomStyle(p=0.5)
        pictures = augment(pictures)  # (N, 3, H, W), on whatever device

    It is used like the other transforms of `torchvision.transforms.v2`: alone, in a `v2.Compose`,
    in the processes of a `DataLoader`; on one picture or a batch, of which each picture has a style
    of its own; on tensors and `tv_tensors.Image`, alone or in tuples and dicts, in which labels,
    masks and boxes stay as they are. It comes before `Normalize`. Pictures stay on their device,
    which the network follows by itself. No gradients go through it, and it has no parameters.

    Args:
        p: how likely each picture is to be painted, 0 to 1.
        styles: `gaussian` for random points among and around the finished styles, no two alike;
            `mixture` for two finished styles in any proportion; `finished` for one of them.
        strength: lowest and highest share of the painting in the picture; the rest is the
            photograph.
        network: a folder with a network that many styles share, and their files, as `fastnst train
            styles=[...]` writes it; None for the light network that comes with fastnst.
        seed: the same draws whenever it is made anew, in loader processes with the number of each
            added, and there again in each epoch unless they are persistent: for pictures to measure
            with. None follows PyTorch's own generator, which `torch.manual_seed` seeds, and
            `DataLoader` in its processes, differently in each epoch: for training.

    Raises:
        UserError: if an argument is none of these, or the network cannot be read. When it is
            called: if there is no picture, or none that can be painted: RGB of at least 16x16
            pixels, in bytes or floats in [0, 1].
    """

    def __init__(
        self,
        p: float = 0.5,
        styles: Draw = "gaussian",
        strength: tuple[float, float] = (0.5, 1.0),
        *,
        network: str | Path | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise UserError(f"p is {p}: give a probability, from 0 to 1.")
        if styles not in get_args(Draw):
            raise UserError(f"styles is {styles}: give {', '.join(get_args(Draw))}.")
        lowest, highest = strength
        if not 0 <= lowest <= highest <= 1:
            raise UserError(
                f"strength is {strength}: give the lowest and the highest, from 0 to 1."
            )
        self.p, self.strength, self.seed = p, (lowest, highest), seed
        self.styles: Draw = styles
        paints, self._space = read_space(network)
        self._space.check(styles)
        # no submodule: it would be in the checkpoints and among the parameters of what owns this
        self._painter = BatchPainter(paints)
        # with the number of the loader process that it is for, None for the main one
        self._drawn: tuple[int | None, Generator] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """For another process, which begins to draw on its own."""
        # a generator hands its state on in memory that is gone before a spawned process looks at it
        return self.__dict__ | {"_drawn": None}

    @torch.compiler.disable  # what is around it may be compiled, and this is called from there
    def forward(self, *inputs: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # the decorator has more types than one
        """Paint.

        Args:
            inputs: a picture or batch, `(N, 3, H, W)` or `(3, H, W)`, bytes or floats in [0, 1];
                or anything with some in it, as for all transforms of torchvision: every
                `tv_tensors.Image`, and where there is none the first tensor. All have the same
                number of pictures, and those in one place the same style.

        Returns:
            The same, with pictures of the same shape, type and device.
        """
        return super().forward(*inputs)

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Refuse what would be left unpainted in silence; for torchvision, which calls it."""
        if any(isinstance(it, Image.Image | tv_tensors.Video) for it in flat_inputs):
            raise UserError(
                "RandomStyle paints tensors, and was given a Pillow image or a tv_tensors.Video: "
                "put v2.ToImage() before it, and give frames as a batch of pictures."
            )

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw what is painted, and how; for torchvision, which calls it."""
        pictures = [it for it in flat_inputs if _is_picture(it)]
        for it in pictures:
            check_pictures(it)
        if not pictures:
            raise UserError("RandomStyle was given no picture: give a tensor or tv_tensors.Image.")
        counts = {1 if it.dim() == 3 else len(it) for it in pictures}
        if len(counts) > 1:
            raise UserError(
                f"RandomStyle was given batches of {', '.join(map(str, sorted(counts)))} pictures "
                f"at once: give those that belong together in equal numbers."
            )
        generator = self._generator()
        # on the CPU, so that the same seed draws the same for every device
        chosen = torch.rand(sum(counts), generator=generator) < self.p
        places = chosen.nonzero()[:, 0]
        lowest, highest = self.strength
        share = torch.rand(len(places), generator=generator)
        return {
            "places": places,
            "numbers": self._space.draw(self.styles, len(places), generator),
            "strengths": lowest + (highest - lowest) * share,
        }

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Paint one picture or batch; for torchvision, which calls it."""
        places: Tensor = params["places"]
        if not _is_picture(inpt) or not len(places):
            return inpt
        pictures = inpt.detach().as_subclass(Tensor).view(-1, *inpt.shape[-3:])
        places = places.to(pictures.device)
        painted = self._painter.paint(pictures[places], params["numbers"], params["strengths"])
        result = pictures.clone()  # which keeps channels-last order
        result[places] = painted
        return result.view(inpt.shape).as_subclass(type(inpt))

    def _generator(self) -> Generator | None:
        if self.seed is None:
            return None
        worker = get_worker_info()
        number = None if worker is None else worker.id
        # a process of a loader begins as a copy of the main one, which may have drawn already
        if self._drawn is None or self._drawn[0] != number:
            self._drawn = number, torch.Generator().manual_seed(self.seed + (number or 0))
        return self._drawn[1]


def _is_picture(value: Any) -> bool:
    """Whether it is one, or a batch; of plain tensors torchvision hands on none but the picture."""
    return isinstance(value, tv_tensors.Image) or not isinstance(value, tv_tensors.TVTensor)
