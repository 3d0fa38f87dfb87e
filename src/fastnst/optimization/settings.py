"""What `fastnst optimize` reads."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fastnst.config import Count, File, ImageSide, NoBool, Objective, Positive
from fastnst.images import PreserveColor

BEGINNINGS = ("content", "noise", "style")  # of an optimisation; or a picture
Files = Annotated[list[File], Field(min_length=1)]


class OptimizeSettings(Objective):
    """The keys of `configs/optimize.yaml`."""

    content: File
    init: File
    method: Literal["lbfgs", "adam"]
    lr: Positive | None
    iterations: Count
    scales: Annotated[list[ImageSide], Field(min_length=1)]
    masks: Files | None
    styles: Files | None
    preserve_color: PreserveColor | None
    normalize_network: bool
    seed: Annotated[int, NoBool, Field(ge=0, lt=2**32)]
    device: Literal["auto", "cpu", "cuda", "mps"]
    save_every: Count

    @model_validator(mode="after")
    def _can_be_normalized(self) -> "OptimizeSettings":
        if self.normalize_network and self.loss_network.name == "compact":
            raise ValueError(
                "normalize_network=true with loss_network=compact: what its layers give is no "
                "longer single filters; use loss_network=vgg19"
            )
        return self

    @model_validator(mode="after")
    def _a_style_for_each_mask(self) -> "OptimizeSettings":
        if len(self.masks or ()) != len(self.styles or ()):
            raise ValueError(
                f"masks={self.masks} and styles={self.styles}: give a style picture for each mask"
            )
        if self.scales != sorted(self.scales):
            raise ValueError(f"scales={self.scales}: begin with the smallest")
        return self
