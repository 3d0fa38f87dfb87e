"""What `fastnst train task=super_resolution` reads."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fastnst.config import (
    Group,
    LayerWeights,
    NoBool,
    RunSettings,
    VGGSettings,
    Weight,
    check_layer,
)
from fastnst.networks import SMALLEST_SIDE, Blocks, Scale, SRNorm, Width

MOST_BLUR = 8  # pixels


class SRNetwork(Group):
    name: Literal["sr"]
    width: Annotated[Width, NoBool]
    blocks: Annotated[Blocks, NoBool]
    norm: SRNorm


class Johnson2016SRNetwork(Group):
    name: Literal["johnson2016_sr"]


class EnlargingLoss(Group):
    pixel_weight: Weight
    feature_weight: Weight
    feature_layers: LayerWeights


class SuperResolutionSettings(RunSettings):
    """The keys of `configs/super_resolution.yaml`."""

    task: Literal["super_resolution"]
    scale: Annotated[Scale, NoBool]
    blur: Annotated[float, NoBool, Field(ge=0, le=MOST_BLUR)]
    network: Annotated[SRNetwork | Johnson2016SRNetwork, Field(discriminator="name")]
    loss_network: VGGSettings
    loss: EnlargingLoss

    @property
    def label(self) -> str:
        """How many times pictures become larger."""
        return f"x{self.scale}"

    @property
    def architecture(self) -> dict[str, Any]:
        """The network's plain description, as `build_enlarger` takes it."""
        return self.network.model_dump() | {"scale": self.scale}

    @model_validator(mode="after")
    def _possible_together(self) -> "SuperResolutionSettings":
        for layer in self.loss.feature_layers:
            check_layer(self.loss_network.name, f"loss.feature_layers.{layer}", layer)
        if not (self.loss.pixel_weight or self.loss.feature_weight):
            raise ValueError(
                "loss.pixel_weight and loss.feature_weight are both 0: there is nothing to learn; "
                "give one of them more"
            )
        size = self.data.image_size
        if size % self.scale or size < SMALLEST_SIDE * self.scale:
            raise ValueError(
                f"data.image_size={size} with scale={self.scale}: the network is given pictures "
                f"{self.scale} times smaller, of at least {SMALLEST_SIDE} pixels; give a multiple "
                f"of {self.scale} from {SMALLEST_SIDE * self.scale}"
            )
        return self
