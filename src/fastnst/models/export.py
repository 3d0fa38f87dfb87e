"""Exporting: a trained network as one ONNX file, checked against PyTorch."""

import copy
import importlib
import json
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fastnst.drawing import draw_dead_leaves
from fastnst.machine import UserError, whole_file
from fastnst.models.model_file import Model
from fastnst.models.onnx_network import INPUT, OUTPUT, OnnxNetwork
from fastnst.models.read import read_model
from fastnst.networks import (
    SMALLEST_SIDE,
    FewOutputsConv2d,
    InstanceNorm2d,
    UpsampleConv2d,
    UpsampleToRGB,
)
from fastnst.version import VERSION

# Until 2026 onnxruntime had padding of opset 19 and later for the CPU only, with copies to and
# fro: https://github.com/microsoft/onnxruntime/issues/26393
OPSET = 18
IR_VERSION = 8  # what came with that opset, for the programs of its time
CHECKED_SIZES = ((2, 48, 64), (1, 61, 83), (1, 17, 16))  # batch, height, width
TOLERANCE = {torch.float32: 1e-3, torch.float16: 1e-2}  # of [0, 1]


def export_onnx(
    checkpoint: str | Path, target: str | Path, uint8: bool = False, float16: bool = False
) -> float:
    """Write a trained network as one `.onnx` file: `images` in, `stylized` out, of any batch,
    height and width from 16.

    Args:
        checkpoint: what `read_model` reads.
        target: the file; it appears whole and checked, or not at all.
        uint8: take and give `(N, H, W, 3)`, uint8 RGB in 0..255, as cameras and the web have it,
            instead of `(N, 3, H, W)`, float32 RGB in [0, 1].
        float16: compute in float16, in a file of half the size; input and output stay as they are.

    Returns:
        The largest difference from PyTorch in float32 found in the check, of [0, 1].

    Raises:
        UserError: if the checkpoint is none, the target ends in something else, a library is
            missing, or the file does not compute what the checkpoint does.
    """
    for library in ("onnx", "onnxscript", "onnxruntime"):
        try:
            importlib.import_module(library)
        except ImportError as error:
            raise UserError(f"Exporting takes {library}: pip install 'fastnst[onnx]'.") from error
    target = Path(target)
    if target.suffix != ".onnx":
        raise UserError(f"{target} would be an ONNX file: give it a name that ends in .onnx.")
    model = read_model(checkpoint)
    dtype = torch.float16 if float16 else torch.float32
    with whole_file(target) as temporary:
        temporary.write_bytes(_to_onnx(model, uint8, dtype))
        difference = _largest_difference(model.network, OnnxNetwork(temporary, "cpu"))
        allowed = TOLERANCE[dtype] + uint8 * 0.5 / 255  # half a step of what was rounded
        if not difference <= allowed:  # nor NaN
            raise UserError(
                f"The export of {checkpoint} is wrong: onnxruntime is off PyTorch by "
                f"{difference:.2g} of [0, 1], more than {allowed:.2g}; other versions of torch, "
                f"onnxscript or onnxruntime may do better."
            )
    return difference


def _to_onnx(model: Model, uint8: bool, dtype: torch.dtype) -> bytes:
    batch, height, width = CHECKED_SIZES[0]
    images = torch.rand(batch, 3, height, width)
    if uint8:
        images = images.mul(255).byte().permute(0, 2, 3, 1)
    names = ("batch", "height", "width", None) if uint8 else ("batch", None, "height", "width")
    sizes = {
        place: torch.export.Dim(name, min=1 if name == "batch" else SMALLEST_SIDE)
        for place, name in enumerate(names)
        if name
    }
    try:
        program = torch.onnx.export(
            _Graph(model.network, uint8, dtype),
            (images,),
            dynamo=True,
            dynamic_shapes=(sizes,),
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=OPSET,
            verbose=False,
        )
    except torch.onnx.OnnxExporterError as error:
        raise UserError(
            f"PyTorch {torch.__version__} cannot export the network with the onnxscript "
            f"installed: install newer ones ({str(error).splitlines()[0]})."
        ) from error
    assert program is not None  # it is what dynamo=True gives
    file = program.model_proto
    file.ir_version = IR_VERSION
    graph = file.graph
    graph.output[0].type.CopyFrom(graph.input[0].type)  # whose sizes are formulas otherwise
    del graph.value_info[:]  # as are those in between
    for part in (graph, *graph.input, *graph.output, *graph.node):
        del part.metadata_props[:]  # of the exporter, such as which source file a node came from
    for key, value in _metadata(model, uint8, dtype).items():
        file.metadata_props.add(key=key, value=value)
    return file.SerializeToString()


def _metadata(model: Model, uint8: bool, dtype: torch.dtype) -> dict[str, str]:
    form = "uint8 (N, H, W, 3), RGB in 0..255" if uint8 else "float32 (N, 3, H, W), RGB in [0, 1]"
    return {
        "format": "fastnst",
        "fastnst": VERSION,
        "architecture": json.dumps(model.architecture),
        "style": json.dumps(model.style),
        "pixels": f"{form}, sRGB as in picture files; H and W at least {SMALLEST_SIDE}",
        "precision": str(dtype).removeprefix("torch."),
        "reach": str(model.network.reach),
    }


class _Graph(nn.Module):
    """What goes into the file: a copy of the network, and around it all that depends on the size
    of the pictures, or on their form."""

    def __init__(self, network: nn.Module, uint8: bool, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = _replaced(copy.deepcopy(network), _plain).to(dtype)
        if dtype != torch.float32:
            self.network = _replaced(self.network, _in_float32)
        self.uint8, self.dtype = uint8, dtype
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        if self.uint8:
            images = images.permute(0, 3, 1, 2).float() / 255
        height, width = images.shape[-2:]
        # The network does this itself, but decides by the size it is exported with. Written so
        # that the exporter sees multiples of 4, it is faster than with the remainder.
        right, bottom = (4 * ((length + 3) // 4) - length for length in (width, height))
        padded = F.pad(images, (0, right, 0, bottom), "reflect").to(self.dtype)
        painted = self.network(padded)[..., :height, :width].float()
        if self.uint8:
            painted = painted.mul(255).round().to(torch.uint8).permute(0, 2, 3, 1)
        return painted


def _replaced(module: nn.Module, replace: Callable[[nn.Module], nn.Module | None]) -> nn.Module:
    """The module with each part replaced for which there is something else."""
    for name, child in module.named_children():
        setattr(module, name, replace(child) or _replaced(child, replace))
    return module


def _plain(module: nn.Module) -> nn.Module | None:
    """What runtimes have fast code for, in place of what is fast in PyTorch."""
    if isinstance(module, InstanceNorm2d):
        return _take(nn.InstanceNorm2d(module.num_features, module.eps, affine=True), module)
    if isinstance(module, FewOutputsConv2d):
        height, width = module.kernel_size
        plain = nn.Conv2d(module.in_channels, module.out_channels, (height, width))
        return _take(plain, module)
    if isinstance(module, UpsampleToRGB):
        return _plain_upsample_to_rgb(module)
    return _PlainUpsampleConv2d(module) if isinstance(module, UpsampleConv2d) else None


def _take(module: nn.Module, other: nn.Module) -> nn.Module:
    module.load_state_dict(other.state_dict())
    return module


def _plain_upsample_to_rgb(module: UpsampleToRGB) -> nn.Module:
    """The four kernels, made beforehand."""
    weight, bias = (values.detach() for values in module.four_kernels())
    plain = nn.Conv2d(module.in_channels, len(bias), 3)
    plain.load_state_dict({"weight": weight, "bias": bias})
    return nn.Sequential(nn.ReplicationPad2d(1), plain, nn.PixelShuffle(2))


class _PlainUpsampleConv2d(nn.Module):
    """`UpsampleConv2d` step by step."""

    def __init__(self, module: UpsampleConv2d) -> None:
        super().__init__()
        self.weight, self.bias = module.weight, module.bias

    def forward(self, features: Tensor) -> Tensor:
        larger = F.interpolate(features, scale_factor=2, mode="nearest")
        return F.conv2d(F.pad(larger, (1, 1, 1, 1), "reflect"), self.weight, self.bias)


def _in_float32(module: nn.Module) -> nn.Module | None:
    norm = isinstance(module, nn.InstanceNorm2d | nn.BatchNorm2d)
    return _InFloat32(module) if norm else None


class _InFloat32(nn.Module):
    """A normalisation whose sums and squares float16 could not hold."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module.float()

    def forward(self, features: Tensor) -> Tensor:
        return self.module(features.float()).to(features.dtype)


@torch.inference_mode()
def _largest_difference(network: nn.Module, exported: nn.Module) -> float:
    """Between what the two make of synthetic pictures, of the sizes above."""
    differences: list[Tensor] = []
    for batch, height, width in CHECKED_SIZES:
        pictures = [draw_dead_leaves(max(height, width), 0, i) for i in range(batch)]
        images = torch.stack([torch.from_numpy(picture) for picture in pictures])
        images = images[:, :height, :width].permute(0, 3, 1, 2).float() / 255
        differences.append((exported(images) - network(images)).abs().max())
    return torch.stack(differences).max().item()
