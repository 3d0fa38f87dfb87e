"""Trained networks as files: written, read without running code, exported; the finished styles.

In: a transformation network, its plain description and its style. Out: the same, from a file.
"""

from fastnst.models.export import CHECKED_SIZES, OPSET, export_onnx
from fastnst.models.model_file import LONGEST_NAME, Model, read_model, write_model
from fastnst.models.onnx_network import OnnxNetwork
from fastnst.models.zoo import (
    MODELS,
    Card,
    finished_model,
    finished_styles,
    listing,
    read_cards,
    thumbnail_file,
)

__all__ = [
    "CHECKED_SIZES",
    "LONGEST_NAME",
    "MODELS",
    "OPSET",
    "Card",
    "Model",
    "OnnxNetwork",
    "export_onnx",
    "finished_model",
    "finished_styles",
    "listing",
    "read_cards",
    "read_model",
    "thumbnail_file",
    "write_model",
]
