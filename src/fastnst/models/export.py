"""Exporting: a trained network as one ONNX file, checked against PyTorch."""

import base64
import importlib
import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from fastnst.drawing import draw_dead_leaves
from fastnst.machine import UserError, whole_file
from fastnst.models.model_file import Enlarger, Model, is_enlarger, read_enlarger
from fastnst.models.onnx_graph import EnlargingGraph, Graph
from fastnst.models.onnx_network import (
    ENLARGED,
    INPUT,
    OUTPUT,
    STYLE,
    OnnxNetwork,
    enlarging_session,
)
from fastnst.models.read import read_model
from fastnst.models.style_file import fingerprint
from fastnst.networks import SMALLEST_SIDE, has_styles, style_of
from fastnst.version import VERSION

# Until 2026 onnxruntime had padding of opset 19 and later for the CPU only, with copies to and
# fro: https://github.com/microsoft/onnxruntime/issues/26393
OPSET = 18
IR_VERSION = 8  # what came with that opset, for the programs of its time
CHECKED_SIZES = ((2, 48, 64), (1, 61, 83), (1, 17, 16))  # batch, height, width
TOLERANCE = {torch.float32: 1e-3, torch.float16: 1e-2}  # of [0, 1]


def export_onnx(
    checkpoint: str | Path,
    target: str | Path,
    uint8: bool = False,
    float16: bool = False,
    any_style: bool = False,
) -> float:
    """Write a trained network as one `.onnx` file: `images` in, `stylized` out, of any batch,
    height and width from 16; of a network for super-resolution `enlarged`.

    Args:
        checkpoint: what `read_model` or `read_enlarger` reads.
        target: the file; it appears whole and checked, or not at all.
        uint8: take and give `(N, H, W, 3)`, uint8 RGB in 0..255, as cameras and the web have it,
            instead of `(N, 3, H, W)`, float32 RGB in [0, 1].
        float16: compute in float16, in a file of half the size; input and output stay as they are.
        any_style: a second input, `style`, float32 `(K,)`: the numbers of the style to paint in, as
            style files have them, or a mixture; so that one file serves all styles of a network.

    Returns:
        The largest difference from PyTorch in float32 found in the check, of [0, 1].

    Raises:
        UserError: if the checkpoint is none, or has no styles for `any_style`; the target ends in
            something else; a library is missing; the file does not compute what it should.
    """
    for library in ("onnx", "onnxscript", "onnxruntime"):
        try:
            importlib.import_module(library)
        except ImportError as error:
            raise UserError(f"Exporting takes {library}: pip install 'fastnst[onnx]'.") from error
    target = Path(target)
    if target.suffix != ".onnx":
        raise UserError(f"{target} would be an ONNX file: give it a name that ends in .onnx.")
    enlarges = is_enlarger(checkpoint)
    if enlarges and any_style:
        raise UserError(f"{checkpoint} enlarges pictures and has no style: leave out --any-style.")
    model = read_enlarger(checkpoint) if enlarges else read_model(checkpoint)
    if any_style and not has_styles(model.network):
        raise UserError(
            f"{checkpoint} has no instance normalisations, which are what styles change."
        )
    dtype = torch.float16 if float16 else torch.float32
    with whole_file(target) as temporary:
        temporary.write_bytes(_to_onnx(model, uint8, dtype, any_style))
        run = enlarging_session(temporary, uint8) if enlarges else OnnxNetwork(temporary, "cpu")
        difference = _largest_difference(model.network, run)
        allowed = TOLERANCE[dtype] + uint8 * 0.5 / 255  # half a step of what was rounded
        if not difference <= allowed:  # nor NaN
            raise UserError(
                f"The export of {checkpoint} is wrong: onnxruntime is off PyTorch by "
                f"{difference:.2g} of [0, 1], more than {allowed:.2g}; other versions of torch, "
                f"onnxscript or onnxruntime may do better."
            )
    return difference


def _to_onnx(model: Model | Enlarger, uint8: bool, dtype: torch.dtype, any_style: bool) -> bytes:
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
    enlarges = isinstance(model, Enlarger)
    graph_of = EnlargingGraph if enlarges else Graph
    try:
        program = torch.onnx.export(
            graph_of(model.network, uint8, dtype),
            (images, style_of(model.network)) if any_style else (images,),
            dynamo=True,
            dynamic_shapes=(sizes, None) if any_style else (sizes,),
            input_names=[INPUT, STYLE] if any_style else [INPUT],
            output_names=[ENLARGED if enlarges else OUTPUT],
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
    if enlarges:
        for size in graph.output[0].type.tensor_type.shape.dim:
            if size.dim_param in ("height", "width"):
                size.dim_param = f"enlarged_{size.dim_param}"
    del graph.value_info[:]  # as are those in between
    for part in (graph, *graph.input, *graph.output, *graph.node):
        del part.metadata_props[:]  # of the exporter, such as which source file a node came from
    metadata = _metadata(model, uint8, dtype) | (_style_metadata(model) if any_style else {})
    for key, value in metadata.items():
        file.metadata_props.add(key=key, value=value)
    return file.SerializeToString()


def _metadata(model: Model | Enlarger, uint8: bool, dtype: torch.dtype) -> dict[str, str]:
    form = "uint8 (N, H, W, 3), RGB in 0..255" if uint8 else "float32 (N, 3, H, W), RGB in [0, 1]"
    if isinstance(model, Enlarger):
        what = {"scale": str(model.network.scale)}
    else:
        what = {"style": json.dumps(model.style)}
    return {
        "format": "fastnst",
        "fastnst": VERSION,
        "architecture": json.dumps(model.architecture),
        **what,
        "pixels": f"{form}, sRGB as in picture files; H and W at least {SMALLEST_SIDE}",
        "precision": str(dtype).removeprefix("torch."),
        "reach": str(model.network.reach),
    }


def _style_metadata(model: Model | Enlarger) -> dict[str, str]:
    """The network's own style, for who gives no other, and what style files know the network by."""
    numbers = style_of(model.network).numpy().tobytes()
    return {
        "network": fingerprint(model.network),
        "numbers": base64.b64encode(numbers).decode(),
    }


@torch.inference_mode()
def _largest_difference(network: nn.Module, exported: Callable[[Tensor], Tensor]) -> float:
    """Between what the two make of synthetic pictures, of the sizes above."""
    differences: list[Tensor] = []
    for batch, height, width in CHECKED_SIZES:
        pictures = [draw_dead_leaves(max(height, width), 0, i) for i in range(batch)]
        images = torch.stack([torch.from_numpy(picture) for picture in pictures])
        images = images[:, :height, :width].permute(0, 3, 1, 2).float() / 255
        differences.append((exported(images) - network(images)).abs().max())
    return torch.stack(differences).max().item()
