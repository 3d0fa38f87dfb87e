"""The transformation network of pytorch/examples, for the many trained ones that people share."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from fastnst.networks.resnet import ResNet

# Their layers -> ours, in order
_CONVS = {
    **{"conv1": "downsample.0.1", "conv2": "downsample.3.1", "conv3": "downsample.6.1"},
    **{f"res{i + 1}.conv1": f"residual.{i}.body.0.1" for i in range(5)},
    **{f"res{i + 1}.conv2": f"residual.{i}.body.3.1" for i in range(5)},
    **{"deconv1": "upsample.0", "deconv2": "upsample.3", "deconv3": "to_rgb.1"},
}
_NORMS = {
    **{"in1": "downsample.1", "in2": "downsample.4", "in3": "downsample.7"},
    **{f"res{i + 1}.in1": f"residual.{i}.body.1" for i in range(5)},
    **{f"res{i + 1}.in2": f"residual.{i}.body.4" for i in range(5)},
    **{"in4": "upsample.1", "in5": "upsample.4"},
}
_FIRST = "conv1.conv2d.weight"
_MODULES = {f"{theirs}.conv2d": ours for theirs, ours in _CONVS.items()} | _NORMS


class PyTorchExamples(ResNet):
    """`TransformerNet` of pytorch/examples, fast_neural_style: a `ResNet` with linear output.

    Theirs takes and gives RGB in 0..255; `convert` puts that into the weights.
    """

    def __init__(self) -> None:
        super().__init__()

    def into_range(self, output: Tensor) -> Tensor:
        """Clip, as their script does when it saves a picture."""
        return output.clamp(0, 1)


def find_theirs(content: object, depth: int = 3) -> dict[str, Any] | None:
    """The state of such a network in what a file holds; None if there is none.

    It may lie in dictionaries, as under `state_dict`, and have something before each key, as
    `module.` of `DataParallel` and `_orig_mod.` of `torch.compile`.
    """
    if not isinstance(content, Mapping) or depth == 0:
        return None
    state = {key: value for key, value in content.items() if isinstance(key, str)}
    if firsts := [key for key in state if key.endswith(_FIRST)]:
        # the shortest: the residual blocks have a conv1 too
        prefix = min(firsts, key=len).removesuffix(_FIRST)
        if not prefix or prefix.endswith("."):
            return {
                key.removeprefix(prefix): value
                for key, value in state.items()
                if key.startswith(prefix)
            }
    inside = (find_theirs(value, depth - 1) for value in state.values())
    return next((found for found in inside if found is not None), None)


def convert(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state of a `TransformerNet` -> that of `PyTorchExamples`, for RGB in [0, 1].

    The running statistics that old files hold were never used: its instance normalisations take
    the statistics of each picture.

    Raises:
        KeyError: if a layer is missing.
    """
    ours = {
        f"{module}.{kind}": state[f"{theirs}.{kind}"]
        for theirs, module in _MODULES.items()
        for kind in ("weight", "bias")
    }
    # all padding reflects the picture, so that scaling it is scaling the weights
    ours["downsample.0.1.weight"] = ours["downsample.0.1.weight"] * 255
    for kind in ("weight", "bias"):
        ours[f"to_rgb.1.{kind}"] = ours[f"to_rgb.1.{kind}"] / 255
    return ours
