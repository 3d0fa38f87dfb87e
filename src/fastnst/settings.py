"""The configuration, read and validated: what `configs/` may say and which values are allowed."""

import inspect
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pytorch_lightning import Trainer

from fastnst.errors import UserError
from fastnst.loss_network import LAYERS
from fastnst.networks import SMALLEST_SIDE

Weight = Annotated[float, Field(ge=0)]
LayerWeights = Annotated[dict[str, Annotated[float, Field(gt=0)]], Field(min_length=1)]
ImageSide = Annotated[int, Field(ge=SMALLEST_SIDE)]

# what train.py decides for itself; the rest of Lightning's options pass through
OURS = {"self", "logger", "callbacks", "default_root_dir", "enable_checkpointing", "max_epochs",
        "min_epochs", "val_check_interval", "check_val_every_n_epoch", "log_every_n_steps",
        "gradient_clip_val", "gradient_clip_algorithm", "use_distributed_sampler",
        "reload_dataloaders_every_n_epochs"}  # fmt: skip
TRAINER_OPTIONS = sorted(inspect.signature(Trainer.__init__).parameters.keys() - OURS)


class Group(BaseModel):
    """A group of settings: unknown keys and non-finite numbers are refused, values are fixed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, coerce_numbers_to_str=True
    )


class Style(Group):
    name: Annotated[str, Field(pattern=r"^[\w-]+$")]
    title: str
    artist: str
    year: str
    rights: str
    image: str | None
    size: ImageSide


class ResNetSettings(Group):
    name: Literal["resnet"]
    width: Annotated[int, Field(ge=1)]
    blocks: Annotated[int, Field(ge=0)]
    norm: Literal["instance", "batch"]
    upsample: Literal["nearest", "transposed"]


class Johnson2016Settings(Group):
    name: Literal["johnson2016"]


class LossNetworkSettings(Group):
    name: Literal["vgg16", "vgg19"]
    weights: str
    normalization: Literal["imagenet", "caffe"]
    pooling: Literal["max", "avg"]


class Loss(Group):
    measure: Literal["relative", "johnson2016"]
    content_weight: Weight
    style_weight: Weight
    tv_weight: Weight
    content_layers: LayerWeights
    style_layers: LayerWeights


class Data(Group):
    image_size: ImageSide
    batch_size: Annotated[int, Field(ge=1)]
    hflip: bool
    workers: Annotated[int, Field(ge=0)]
    cache: Literal["none", "disk", "device"]
    prepared: Annotated[str, Field(min_length=1)]
    val_images: Annotated[int, Field(ge=1)]


class DeadLeavesData(Data):
    name: Literal["dead_leaves"]
    images: Annotated[int, Field(ge=1)]


class FolderData(Data):
    name: Literal["folder"]
    root: str
    resize: Literal["crop", "squash"]
    limit: Annotated[int, Field(ge=1)] | None


class CocoData(Data):
    name: Literal["coco"]
    root: str
    annotations: str | None
    categories: list[str] | None
    licenses: list[int] | None
    resize: Literal["crop", "squash"]
    limit: Annotated[int, Field(ge=1)] | None


class OptimizerSettings(Group):
    lr: Annotated[float, Field(gt=0)]
    clip: Annotated[float, Field(gt=0)] | None
    schedule: Literal["constant", "cosine"]


class AdamSettings(OptimizerSettings):
    name: Literal["adam"]


class SGDSettings(OptimizerSettings):
    name: Literal["sgd"]
    momentum: Annotated[float, Field(ge=0, lt=1)]


class Settings(Group):
    """All that `train.py` reads."""

    style: Style
    network: Annotated[ResNetSettings | Johnson2016Settings, Field(discriminator="name")]
    loss_network: LossNetworkSettings
    loss: Loss
    data: Annotated[CocoData | FolderData | DeadLeavesData, Field(discriminator="name")]
    optimizer: Annotated[AdamSettings | SGDSettings, Field(discriminator="name")]
    trainer: dict[str, Any]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    resume: str | None
    compile: Literal["auto", True, False]
    tf32: bool
    log_every: Annotated[int, Field(ge=1)]
    sample_every: Annotated[int, Field(ge=1)]
    checkpoint_every: Annotated[int, Field(ge=1)]
    model_dtype: Literal["float32", "float16"]

    @field_validator("trainer")
    @classmethod
    def _trainer_options(cls, trainer: dict[str, Any]) -> dict[str, Any]:
        for key in trainer:
            if key not in TRAINER_OPTIONS:
                raise ValueError(f"there is no {key}; there are {', '.join(TRAINER_OPTIONS)}")
        for key in ("max_steps", "accumulate_grad_batches"):
            value = trainer.get(key)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{key} should be an integer of at least 1")
        return trainer

    @model_validator(mode="after")
    def _layers_exist(self) -> "Settings":
        known = LAYERS[self.loss_network.name]
        for key in ("content_layers", "style_layers"):
            for layer in getattr(self.loss, key):
                if layer not in known:
                    raise ValueError(
                        f"loss.{key}.{layer}: {self.loss_network.name} has no layer {layer}; "
                        f"it has {', '.join(known)}"
                    )
        return self


def read_settings(config: DictConfig | Mapping[str, Any]) -> Settings:
    """Validate a composed configuration.

    Raises:
        UserError: naming each key whose value is not allowed, and what is.
    """
    try:
        if isinstance(config, DictConfig):
            config = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        return Settings.model_validate(config)
    except MissingMandatoryValue as error:
        raise UserError(
            f"{error.full_key} has no default: give {error.full_key}=<value>."
        ) from error
    except OmegaConfBaseException as error:
        raise UserError(f"The configuration cannot be resolved: {error}.") from error
    except ValidationError as error:
        raise UserError("; ".join(map(_sentence, error.errors())) + ".") from error


def _sentence(error: Mapping[str, Any]) -> str:
    message = error["msg"].removeprefix("Value error, ")
    # a union's error path holds the name of the chosen alternative, which is not part of the key
    choices = {"coco", "folder", "dead_leaves", "resnet", "johnson2016", "adam", "sgd"}
    key = ".".join(str(part) for part in error["loc"] if part not in choices)
    if not key:
        return message
    shown = "" if isinstance(error["input"], dict) else f"={error['input']}"
    return f"{key}{shown}: {message[0].lower()}{message[1:]}"
