"""What `fastnst study-layers` reads."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fastnst.config import Count, File, ImageSide, NoBool, Objective, check_layer

Layers = Annotated[list[str], Field(min_length=1)]


class LayerStudySettings(Objective):
    """The keys of `configs/study_layers.yaml`."""

    content: File
    init: File
    content_layers: Layers
    style_layers: Layers
    style_counts: Annotated[list[Count], Field(min_length=1)]
    size: ImageSide
    iterations: Count
    seed: Annotated[int, NoBool, Field(ge=0, lt=2**32)]
    device: Literal["auto", "cpu", "cuda", "mps"]

    @model_validator(mode="after")
    def _there_are_such_layers(self) -> "LayerStudySettings":
        for key in ("content_layers", "style_layers"):
            layers = getattr(self, key)
            for layer in layers:
                check_layer(self.loss_network.name, f"{key}={layer}", layer)
                if layers.count(layer) > 1:
                    raise ValueError(f"{key}: {layer} is there twice, name it once")
        most = len(self.style_layers)
        for count in self.style_counts:
            if count > most:
                raise ValueError(
                    f"style_counts={count}: should be at most {most}, as style_layers has no more"
                )
        return self

    @model_validator(mode="after")
    def _both_terms_count(self) -> "LayerStudySettings":
        for key in ("content_weight", "style_weight"):
            if getattr(self.loss, key) == 0:
                raise ValueError(f"loss.{key}=0: both terms are studied, give them weight")
        return self
