"""The groups of the configuration: which keys each has and which values are allowed."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from fastnst.config.types import (
    Count,
    File,
    ImageSide,
    LayerWeights,
    NoBool,
    Positive,
    Share,
    Weight,
    Workers,
)
from fastnst.losses import STYLE_LOSSES
from fastnst.models import LONGEST_NAME
from fastnst.networks import Blocks, Norm, Upsample, Width

AUTO = "auto"  # of `resume`: the newest good checkpoint of the run folder


class Group(BaseModel):
    """A group of settings: unknown keys and non-finite numbers are refused, values are fixed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, coerce_numbers_to_str=True
    )


class Style(Group):
    """A painting: `configs/style/`."""

    name: Annotated[str, Field(pattern=r"^[\w-]+$", max_length=LONGEST_NAME)]
    title: str
    artist: str
    year: str
    rights: str
    image: File | None
    size: ImageSide
    # configs/loss/relative.yaml takes these from there
    style_weight: Weight | None = None
    tv_weight: Weight | None = None


class ResNetSettings(Group):
    """`configs/network/resnet.yaml`."""

    name: Literal["resnet"]
    width: Annotated[Width, NoBool]
    blocks: Annotated[Blocks, NoBool]
    norm: Norm
    upsample: Upsample


class LightSettings(Group):
    """`configs/network/light.yaml`."""

    name: Literal["light"]
    width: Annotated[Width, NoBool]
    blocks: Annotated[Blocks, NoBool]


class Johnson2016Settings(Group):
    """`configs/network/johnson2016.yaml`, which leaves nothing to choose."""

    name: Literal["johnson2016"]


class VGGSettings(Group):
    """`configs/loss_network/vgg16.yaml` and `vgg19.yaml`."""

    name: Literal["vgg16", "vgg19"]
    weights: File
    normalization: Literal["imagenet", "caffe"]
    pooling: Literal["max", "avg"]


class CompactSettings(Group):
    """`configs/loss_network/compact.yaml`."""

    name: Literal["compact"]
    weights: File


class Loss(Group):
    """What is minimised: `configs/loss/`."""

    measure: Literal["relative", "johnson2016"]
    style_loss: Literal[STYLE_LOSSES]  # pyright: ignore[reportInvalidTypeForm]  # names from a table
    content_weight: Weight
    style_weight: Weight
    tv_weight: Weight
    temporal_weight: Weight = 0.0  # the first checkpoints have neither
    temporal_feature_weight: Weight = 0.0
    content_layers: LayerWeights
    style_layers: LayerWeights

    def perceptual(self) -> dict[str, Any]:
        """What `PerceptualLoss` takes of it, by its arguments."""
        return self.model_dump(exclude={"temporal_weight", "temporal_feature_weight"})


class NoMotion(Group):
    """`configs/motion/none.yaml`."""

    name: Literal["none"]


class SyntheticMotion(Group):
    """A second frame of each picture: `configs/motion/synthetic.yaml`."""

    name: Literal["synthetic"]
    temporal_weight: Positive  # configs/loss takes it from there, and the next
    temporal_feature_weight: Weight = 0.0  # the first checkpoints have none
    shift: Share
    zoom: Share
    turn: Annotated[float, NoBool, Field(ge=0, le=45)]
    perspective: Annotated[float, NoBool, Field(ge=0, le=0.4)]
    things: Share
    light: Share
    noise: Share
    compression: Share


class Data(Group):
    """What all sources of training pictures have."""

    image_size: ImageSide
    batch_size: Count
    hflip: bool
    workers: Workers
    cache: Literal["none", "disk", "device"]
    prepared: File
    val_images: Count


class DeadLeavesData(Data):
    """Pictures that are drawn: `configs/data/dead_leaves.yaml`."""

    name: Literal["dead_leaves"]
    images: Count
    grain: bool = True  # the first checkpoints have none


class FolderData(Data):
    """Any folder of photographs: `configs/data/folder.yaml`."""

    name: Literal["folder"]
    root: File
    max_bad: Share
    resize: Literal["crop", "squash"]
    limit: Count | None


class CocoData(Data):
    """COCO: `configs/data/coco.yaml`."""

    name: Literal["coco"]
    root: File
    annotations: File | None
    categories: list[str] | None
    licenses: list[int] | None
    max_bad: Share
    resize: Literal["crop", "squash"]
    limit: Count | None


class OptimizerSettings(Group):
    """What all optimizers have."""

    lr: Positive
    clip: Positive | None
    schedule: Literal["constant", "cosine"]


class AdamSettings(OptimizerSettings):
    """`configs/optimizer/adam.yaml`."""

    name: Literal["adam"]


class SGDSettings(OptimizerSettings):
    """`configs/optimizer/sgd.yaml`."""

    name: Literal["sgd"]
    momentum: Annotated[float, NoBool, Field(ge=0, lt=1)]
