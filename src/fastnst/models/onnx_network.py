"""An exported network, run by onnxruntime in place of PyTorch."""

import base64
import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from fastnst.images import to_bytes
from fastnst.machine import UserError, from_home
from fastnst.models.model_file import check_style
from fastnst.networks import ENLARGERS, TransformationNetwork, check_size

INPUT, STYLE, OUTPUT, ENLARGED = "images", "style", "stylized", "enlarged"
LARGEST = 2**29  # bytes of a file
FARTHEST = 1000  # pixels: more than the reach of any network here
# what the exporter writes for our networks, and what versions of it may write instead: all of them
# compute with tensors and do nothing else
OPERATORS = {
    "Add", "BatchNormalization", "Cast", "Clip", "Concat", "Constant", "Conv", "ConvTranspose",
    "DepthToSpace", "Div", "Expand", "Gather", "Identity", "InstanceNormalization", "Max", "Min",
    "Mod", "Mul", "Pad", "Range", "Relu", "Reshape", "Resize", "Round", "Shape", "Sigmoid", "Slice",
    "Split", "Squeeze", "Sub", "Tanh", "Transpose", "Unsqueeze",
}  # fmt: skip


class OnnxNetwork(TransformationNetwork):
    """A transformation network from a `.onnx` file: RGB in [0, 1], `(N, 3, H, W)`, in and out.

    It has no parameters, and tensors of any device are brought to where onnxruntime works. It uses
    as many threads as PyTorch.

    Args:
        path: what `export_onnx` wrote, of either kind.
        device: `auto` takes CUDA if the onnxruntime installed offers it, `cpu` does not.

    Attributes:
        architecture: of the network it was exported from, as `build_network` takes it.
        style: plain facts about the style.
        reach: how far an input pixel's influence goes, statistics aside, in pixels.
        numbers: `(K,)` of the style that it paints in, which may be set; None where there is one
            style for good.

    Raises:
        UserError: if onnx or onnxruntime is not installed, or the file is not there or something
            else: one that refers to other files, or has operators that no export has.
    """

    def __init__(self, path: str | Path, device: Literal["auto", "cpu"] = "auto") -> None:
        super().__init__()
        onnx, onnxruntime = _import("onnx"), _import("onnxruntime")
        path = from_home(path)
        if not path.is_file():
            raise UserError(f"There is no checkpoint {path}: check the name.")
        try:
            if path.stat().st_size > LARGEST:
                raise ValueError("larger than any network of fastnst")
            content = path.read_bytes()
            _check(onnx.load_model_from_string(content))
            self.session = _open(onnxruntime, content, device)
            metadata = self.session.get_modelmeta().custom_metadata_map
            _check_paints(path, metadata)
            self.architecture, self.style, self.reach = _read(metadata)
            (input_, *others), (output,) = self.session.get_inputs(), self.session.get_outputs()
            self.uint8 = _takes_uint8(input_, output)
            self.numbers = _own_style(others, metadata)
        except UserError:  # which says more
            raise
        except Exception as error:  # each of onnxruntime's is derived from Exception alone
            raise UserError(
                f"{path} is not an ONNX file of fastnst that onnxruntime "
                f"{onnxruntime.__version__} can run: give one that fastnst export wrote."
            ) from error

    def forward(self, images: Tensor) -> Tensor:
        """Stylize.

        Args:
            images: `(N, 3, H, W)`, RGB in [0, 1], H and W at least 16.

        Returns:
            The same shape, in [0, 1], float32. A file for bytes rounds to multiples of 1/255.

        Raises:
            ValueError: if a side is smaller than 16 pixels.
            RuntimeError: if onnxruntime fails, as when memory is full.
        """
        check_size(images)
        style = {} if self.numbers is None else {STYLE: self.numbers.numpy()}
        try:
            return _run(self.session, OUTPUT, images, self.uint8, style)
        except Exception as error:  # as above
            raise RuntimeError(str(error)) from error


def enlarging_session(path: Path, uint8: bool) -> Callable[[Tensor], Tensor]:
    """What a file that `export_onnx` has just written makes of pictures, if it enlarges them:
    `(N, 3, H, W)` in [0, 1] -> `(N, 3, scale H, scale W)`."""
    session = _open(_import("onnxruntime"), path.read_bytes(), "cpu")
    return lambda images: _run(session, ENLARGED, images, uint8, {})


def _run(
    session: Any, output: str, images: Tensor, uint8: bool, style: Mapping[str, np.ndarray]
) -> Tensor:
    pixels = to_bytes(images) if uint8 else images.detach().float().cpu().numpy()
    (values,) = session.run([output], {INPUT: pixels, **style})
    result = torch.from_numpy(values).to(images.device)
    return result.permute(0, 3, 1, 2).float() / 255 if uint8 else result


def _import(library: str) -> ModuleType:
    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise UserError(
            f"Running a .onnx file takes {library}: pip install 'fastnst[onnx]'."
        ) from error


def _check(model: Any) -> None:
    """Raise a `ValueError` unless a file is one graph of known operators and their weights."""
    graph = model.graph
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    tensors = [*graph.initializer]
    for attribute in attributes:
        tensors += [attribute.t, *attribute.tensors]
    if any(node.domain or node.op_type not in OPERATORS for node in graph.node):
        raise ValueError("other operators")
    if (
        model.functions
        or model.training_info
        or graph.sparse_initializer
        or any(one.HasField("g") or one.graphs for one in attributes)
        or any(one.HasField("sparse_tensor") or one.sparse_tensors for one in attributes)
    ):
        raise ValueError("more than one graph")
    if any(tensor.data_location or tensor.external_data for tensor in tensors):
        raise ValueError("weights in other files")


def _open(onnxruntime: ModuleType, content: bytes, device: str) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4  # errors come as exceptions: do not print them as well
    wanted = ["CUDAExecutionProvider"] * (device == "auto") + ["CPUExecutionProvider"]
    there = onnxruntime.get_available_providers()
    providers = [provider for provider in wanted if provider in there]
    return onnxruntime.InferenceSession(content, options, providers)


def _check_paints(path: Path, metadata: dict[str, str]) -> None:
    if json.loads(metadata["architecture"]).get("name") in ENLARGERS:
        raise UserError(
            f"{path} enlarges pictures and paints none: fastnst upscale takes the checkpoint that "
            f"it was made from."
        )


def _read(metadata: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any], int]:
    if metadata["format"] != "fastnst":
        raise ValueError("another program's file")
    architecture, style = json.loads(metadata["architecture"]), json.loads(metadata["style"])
    check_style(style)
    reach = int(metadata["reach"])
    if not 0 <= reach <= FARTHEST:
        raise ValueError("no reach that a network has")
    return architecture, style, reach


def _own_style(inputs: Sequence[Any], metadata: dict[str, str]) -> Tensor | None:
    if not inputs:
        return None
    (style,) = inputs
    own = np.frombuffer(base64.b64decode(metadata["numbers"], validate=True), np.float32)
    if (style.name, style.type, style.shape) != (STYLE, "tensor(float)", [len(own)]):
        raise ValueError("another second input")
    return torch.from_numpy(own.copy())


def _takes_uint8(input_: Any, output: Any) -> bool:
    if (input_.name, output.name) != (INPUT, OUTPUT):
        raise ValueError("other inputs or outputs")
    form = {input_.type, output.type}
    channels = {input_.shape[1], output.shape[1]}, {input_.shape[3], output.shape[3]}
    if form == {"tensor(float)"} and channels[0] == {3}:
        return False
    if form == {"tensor(uint8)"} and channels[1] == {3}:
        return True
    raise ValueError(f"images of another form: {input_.type} {input_.shape}")
