"""The configuration, read and validated: what `configs/` may say and which values are allowed."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from fastnst.combinations import check_combinations
from fastnst.config_errors import close_to, reference_sentence, value_sentence
from fastnst.errors import UserError
from fastnst.loss_network import LAYERS
from fastnst.model_file import LONGEST_NAME
from fastnst.networks.resnet import Blocks, Norm, Upsample, Width
from fastnst.setting_types import (
    Count,
    ImageSide,
    LayerWeights,
    NoBool,
    Positive,
    Share,
    Weight,
    Workers,
)
from fastnst.style_losses import STYLE_LOSSES
from fastnst.trainer_options import TrainerOptions, check_names


class Group(BaseModel):
    """A group of settings: unknown keys and non-finite numbers are refused, values are fixed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, coerce_numbers_to_str=True
    )


class Style(Group):
    name: Annotated[str, Field(pattern=r"^[\w-]+$", max_length=LONGEST_NAME)]
    title: str
    artist: str
    year: str
    rights: str
    image: str | None
    size: ImageSide
    # configs/loss/relative.yaml takes these from there
    style_weight: Weight | None = None
    tv_weight: Weight | None = None


class ResNetSettings(Group):
    name: Literal["resnet"]
    width: Annotated[Width, NoBool]
    blocks: Annotated[Blocks, NoBool]
    norm: Norm
    upsample: Upsample


class Johnson2016Settings(Group):
    name: Literal["johnson2016"]


class VGGSettings(Group):
    name: Literal["vgg16", "vgg19"]
    weights: str
    normalization: Literal["imagenet", "caffe"]
    pooling: Literal["max", "avg"]


class CompactSettings(Group):
    name: Literal["compact"]
    weights: str


class Loss(Group):
    measure: Literal["relative", "johnson2016"]
    style_loss: Literal[STYLE_LOSSES]  # type: ignore[valid-type]
    content_weight: Weight
    style_weight: Weight
    tv_weight: Weight
    content_layers: LayerWeights
    style_layers: LayerWeights


class Data(Group):
    image_size: ImageSide
    batch_size: Count
    hflip: bool
    workers: Workers
    cache: Literal["none", "disk", "device"]
    prepared: Annotated[str, Field(min_length=1)]
    val_images: Count


class DeadLeavesData(Data):
    name: Literal["dead_leaves"]
    images: Count


class FolderData(Data):
    name: Literal["folder"]
    root: str
    max_bad: Share
    resize: Literal["crop", "squash"]
    limit: Count | None


class CocoData(Data):
    name: Literal["coco"]
    root: str
    annotations: str | None
    categories: list[str] | None
    licenses: list[int] | None
    max_bad: Share
    resize: Literal["crop", "squash"]
    limit: Count | None


class OptimizerSettings(Group):
    lr: Positive
    clip: Positive | None
    schedule: Literal["constant", "cosine"]


class AdamSettings(OptimizerSettings):
    name: Literal["adam"]


class SGDSettings(OptimizerSettings):
    name: Literal["sgd"]
    momentum: Annotated[float, NoBool, Field(ge=0, lt=1)]


class Objective(Group):
    """What training and optimisation have in common."""

    style: Style
    loss_network: Annotated[VGGSettings | CompactSettings, Field(discriminator="name")]
    loss: Loss

    @model_validator(mode="after")
    def _layers_exist(self) -> "Objective":
        for key in ("content_layers", "style_layers"):
            for layer in getattr(self.loss, key):
                self.check_layer(f"loss.{key}.{layer}", layer)
        return self

    def check_layer(self, where: str, layer: str) -> None:
        """Refuse a layer that the loss network does not have; `where` it was given is named."""
        known = LAYERS[self.loss_network.name]
        if layer not in known:
            raise ValueError(
                f"{where}: {self.loss_network.name} has no layer {layer}"
                f"{close_to(layer, known)}; it has {', '.join(known)}"
            )


class Settings(Objective):
    """All that `train.py` reads."""

    network: Annotated[ResNetSettings | Johnson2016Settings, Field(discriminator="name")]
    data: Annotated[CocoData | FolderData | DeadLeavesData, Field(discriminator="name")]
    optimizer: Annotated[AdamSettings | SGDSettings, Field(discriminator="name")]
    trainer: TrainerOptions
    seed: Annotated[int, NoBool, Field(ge=0, lt=2**32)]
    resume: str | None
    compile: Literal["auto", True, False]
    tf32: bool
    log_every: Count
    sample_every: Count
    checkpoint_every: Count
    model_dtype: Literal["float32", "float16"]

    @field_validator("trainer")
    @classmethod
    def _lightning_has_them(cls, trainer: TrainerOptions) -> TrainerOptions:
        check_names(trainer)
        return trainer

    @model_validator(mode="after")
    def _possible_together(self) -> "Settings":
        check_combinations(self)
        return self


Model = TypeVar("Model", bound=Group)


def read_settings(config: DictConfig | Mapping[str, Any], model: type[Model] = Settings) -> Model:
    """Validate a composed configuration.

    Args:
        config: composed by Hydra, or as plain values.
        model: the settings of the command.

    Raises:
        UserError: naming each key whose value is not allowed, and what is.
    """
    try:
        if isinstance(config, DictConfig):
            config = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        return model.model_validate(config)
    except MissingMandatoryValue as error:
        raise UserError(
            f"{error.full_key} has no default: give {error.full_key}=<value>."
        ) from error
    except OmegaConfBaseException as error:
        raise UserError(f"{reference_sentence(error)}.") from error
    except ValidationError as error:
        sentences = (value_sentence(mistake, config) for mistake in error.errors())
        raise UserError(f"{'; '.join(sentences)}.") from error
