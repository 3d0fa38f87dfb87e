"""The configuration, read and validated: what `configs/` may say and which values are allowed."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from pydantic import Field, ValidationError, field_validator, model_validator

from fastnst.config.combinations import check_loss, check_trainer
from fastnst.config.errors import close_to, reference_sentence, value_sentence
from fastnst.config.groups import (
    AUTO,
    AdamSettings,
    CocoData,
    CompactSettings,
    DeadLeavesData,
    FolderData,
    Group,
    Johnson2016Settings,
    LightSettings,
    Loss,
    NoMotion,
    ResNetSettings,
    SGDSettings,
    Style,
    SyntheticMotion,
    VGGSettings,
)
from fastnst.config.trainer_options import TrainerOptions, check_names
from fastnst.config.types import (
    Count,
    File,
    NoBool,
    Positive,
)
from fastnst.losses import LAYERS
from fastnst.machine import UserError


def check_layer(network: str, where: str, layer: str) -> None:
    """Refuse a layer that a loss network, by its name, does not have.

    Args:
        network: of `LAYERS`.
        where: it was given.
        layer: its name.

    Raises:
        ValueError: naming those that it has.
    """
    known = LAYERS[network]
    if layer not in known:
        raise ValueError(
            f"{where}: {network} has no layer {layer}{close_to(layer, known)}; it has "
            f"{', '.join(known)}"
        )


class Seen(Group):
    """A loss, and the network that it looks through."""

    loss_network: Annotated[VGGSettings | CompactSettings, Field(discriminator="name")]
    loss: Loss

    @model_validator(mode="after")
    def _layers_exist(self) -> "Seen":
        for key in ("content_layers", "style_layers"):
            for layer in getattr(self.loss, key):
                check_layer(self.loss_network.name, f"loss.{key}.{layer}", layer)
        return self

    @model_validator(mode="after")
    def _two_frames(self) -> "Seen":
        motion = getattr(self, "motion", None)
        keys = "temporal_weight", "temporal_feature_weight"
        weights = {key: weight for key in keys if (weight := getattr(self.loss, key))}
        if weights and not isinstance(motion, SyntheticMotion):
            key, weight = next(iter(weights.items()))
            raise ValueError(
                f"loss.{key}={weight:g} compares two frames, which fastnst train makes with "
                f"motion=synthetic, and nothing else does; leave it out, or give 0"
            )
        if isinstance(motion, SyntheticMotion) and not weights:
            raise ValueError(
                "motion=synthetic makes second frames, which nothing compares with the first ones: "
                "give loss.temporal_weight or loss.temporal_feature_weight, or motion=none"
            )
        return self


class Objective(Seen):
    """What training and optimisation have in common."""

    style: Style


class RunSettings(Group):
    """What every training run reads, whatever it learns."""

    data: Annotated[CocoData | FolderData | DeadLeavesData, Field(discriminator="name")]
    optimizer: Annotated[AdamSettings | SGDSettings, Field(discriminator="name")]
    trainer: TrainerOptions
    seed: Annotated[int, NoBool, Field(ge=0, lt=2**32)]
    resume: File | None
    init: File | None = None  # the first checkpoints have none
    compile: Literal["auto", True, False]
    tf32: bool
    log_every: Count
    sample_every: Count
    checkpoint_every: Count
    model_dtype: Literal["float32", "float16"]

    @property
    def label(self) -> str:
        """What is learnt, for the progress bar."""
        raise NotImplementedError

    @field_validator("trainer")
    @classmethod
    def _lightning_has_them(cls, trainer: TrainerOptions) -> TrainerOptions:
        check_names(trainer)
        return trainer

    @model_validator(mode="after")
    def _one_beginning(self) -> "RunSettings":
        check_trainer(self.trainer)
        if self.init is not None and self.resume not in (None, AUTO):
            raise ValueError(
                f"init={self.init} with resume={self.resume}: a checkpoint that is gone on from "
                f"has weights already; leave out one of the two"
            )
        return self


class Settings(Objective, RunSettings):
    """All that `fastnst train` reads to learn styles."""

    network: Annotated[
        ResNetSettings | LightSettings | Johnson2016Settings, Field(discriminator="name")
    ]
    # the first checkpoints have none of these
    task: Literal["style_transfer", "super_resolution"] = "style_transfer"
    motion: Annotated[NoMotion | SyntheticMotion, Field(discriminator="name")] = NoMotion(
        name="none"
    )
    styles: Annotated[list[Style], Field(min_length=1)] | None = None
    trunk: File | None = None
    teacher: File | None = None
    teacher_weight: Positive = 5.0

    @model_validator(mode="after")
    def _possible_together(self) -> "Settings":
        if self.task != "style_transfer":  # it has settings of its own
            raise ValueError(f"task={self.task} is to be on the command line of fastnst train")
        check_loss(self.loss)
        if self.init is not None and self.trunk is not None:
            raise ValueError(
                f"init={self.init} with trunk={self.trunk}: the network is that of trunk; leave "
                f"out init"
            )
        shared = self.styles is not None or self.trunk is not None
        if shared and (
            self.network.name == "johnson2016" or getattr(self.network, "norm", "") == "batch"
        ):
            raise ValueError(
                "styles share a network by its instance normalisations, which network=johnson2016 "
                "and network.norm=batch do not have; take network=resnet or network=light"
            )
        return self

    @property
    def label(self) -> str:
        """The name of the style, or that there are many."""
        return self.style.name

    @property
    def paintings(self) -> list[Style]:
        """The styles that the run learns."""
        return [self.style] if self.styles is None else self.styles

    def of_style(self, style: Style) -> "Settings":
        """The same, with `style` and the weights of the loss as one of many styles has them."""
        if self.styles is None:
            return self
        own = {key: getattr(style, key) for key in ("style_weight", "tv_weight")}
        weights = {key: value for key, value in own.items() if value is not None}
        return self.model_copy(
            update={"style": style, "loss": self.loss.model_copy(update=weights)}
        )


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
            plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
            config = cast(dict[str, Any], plain)
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


def flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each setting by its name in full, such as `style.size`; layers with their weights are one."""
    for key, value in settings.items():
        if isinstance(value, Mapping) and not key.endswith("_layers"):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
