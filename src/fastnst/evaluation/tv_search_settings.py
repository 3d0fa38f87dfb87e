"""What `fastnst search-tv` reads, and what it makes of it for each training."""

from pathlib import Path
from typing import Annotated, Any, Literal

from omegaconf import DictConfig
from pydantic import Field, field_validator, model_validator

from fastnst.config import (
    CocoData,
    Count,
    FolderData,
    NoBool,
    Settings,
    Weight,
    ending_the_program,
    read_settings,
)
from fastnst.evaluation.style_file import find_style_file
from fastnst.training import CheckSettings


class SearchSettings(Settings):
    """The keys of `configs/search_tv.yaml`."""

    # narrower than in Settings, which is safe as nothing can be assigned to a frozen model
    data: Annotated[CocoData | FolderData, Field(discriminator="name")]  # pyright: ignore[reportIncompatibleVariableOverride]  # see above
    tv_weights: Annotated[list[Weight], Field(min_length=2)]
    folds: Annotated[int, NoBool, Field(ge=2)]
    photographs: Count
    write: bool
    resume: Literal["auto"]  # pyright: ignore[reportIncompatibleVariableOverride]  # see above

    @field_validator("tv_weights")
    @classmethod
    def _different(cls, tv_weights: list[float]) -> list[float]:
        if len({*tv_weights}) < len(tv_weights):
            raise ValueError("give each weight once")
        return tv_weights

    @model_validator(mode="after")
    def _can_be_searched(self) -> "SearchSettings":
        if self.styles is not None or self.trunk is not None:
            raise ValueError(
                "styles and trunk: a search is for one style with a network of its own; leave them "
                "out"
            )
        if self.loss.measure != "relative":
            raise ValueError(
                f"loss.measure={self.loss.measure}: noise can be weighed against relative losses "
                f"only; use loss=relative"
            )
        if self.photographs < 2 * self.folds:
            raise ValueError(
                f"photographs={self.photographs} with folds={self.folds}: each fold takes two "
                f"photographs at least"
            )
        if self.data.limit is not None:
            raise ValueError(
                f"data.limit={self.data.limit}: in a search photographs=<number> says how many "
                f"there are"
            )
        if self.trainer["max_time"] is not None:
            raise ValueError(
                f"trainer.max_time={self.trainer['max_time']}: trainings of different lengths "
                f"cannot be compared; trainer.max_steps says how long they are"
            )
        devices, nodes = self.trainer["devices"], self.trainer["num_nodes"]
        alone = devices == 1 or (isinstance(devices, list) and len(devices) == 1)
        if not alone or nodes > 1:
            raise ValueError(
                f"trainer.devices={devices} and trainer.num_nodes={nodes}: a search trains in one "
                f"process; set trainer.devices=1"
            )
        return self


class CheckSearch(CheckSettings):
    """The same for a search, and its style has a file to write the weight into."""

    model = SearchSettings

    def on_run_start(self, config: DictConfig, **more: Any) -> None:
        with ending_the_program():  # first: what comes then makes the folder
            if config.write:
                find_style_file(config.hydra)
        super().on_run_start(config, **more)


def training_settings(settings: SearchSettings, weight: float, photographs: Path) -> Settings:
    """Of one training of a search.

    Args:
        settings: the search's.
        weight: of total variation.
        photographs: the folder with those to train on.

    Raises:
        UserError: if such a training is impossible.
    """
    values = settings.model_dump(include={*Settings.model_fields})
    values["loss"]["tv_weight"] = weight
    folder = {"name": "folder", "root": str(photographs)}
    kept = {key: value for key, value in values["data"].items() if key in FolderData.model_fields}
    return read_settings(values | {"data": kept | folder})
