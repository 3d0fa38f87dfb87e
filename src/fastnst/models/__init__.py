"""Trained networks as files: written, read without running code, exported; the finished styles.

In: a transformation network, its plain description and its style. Out: the same, from a file.
"""

from fastnst.models.export import CHECKED_SIZES, OPSET, export_onnx
from fastnst.models.model_file import (
    LONGEST_NAME,
    Enlarger,
    Model,
    in_run_folder,
    read_enlarger,
    read_network,
    write_model,
)
from fastnst.models.onnx_network import OnnxNetwork
from fastnst.models.page import OTHERS, cards_page
from fastnst.models.read import (
    Mixture,
    find_mixture,
    find_painting,
    find_regions,
    find_style,
    is_painting,
    read_model,
)
from fastnst.models.style_file import (
    StyleFile,
    check_numbers,
    fingerprint,
    read_style,
    same_network,
    style_file_path,
    styles_beside,
    write_style,
)
from fastnst.models.zoo import (
    CALM,
    ENDING,
    ENLARGER,
    LIGHT,
    MODELS,
    TRUNK,
    TRUNKS,
    Card,
    finished_enlarger,
    finished_model,
    finished_styles,
    in_network,
    listing,
    read_cards,
    thumbnail_file,
)

__all__ = [
    "CALM",
    "CHECKED_SIZES",
    "ENDING",
    "ENLARGER",
    "LIGHT",
    "LONGEST_NAME",
    "MODELS",
    "OPSET",
    "OTHERS",
    "TRUNK",
    "TRUNKS",
    "Card",
    "Enlarger",
    "Mixture",
    "Model",
    "OnnxNetwork",
    "StyleFile",
    "cards_page",
    "check_numbers",
    "export_onnx",
    "find_mixture",
    "find_painting",
    "find_regions",
    "find_style",
    "fingerprint",
    "finished_enlarger",
    "finished_model",
    "finished_styles",
    "in_network",
    "in_run_folder",
    "is_painting",
    "listing",
    "read_cards",
    "read_enlarger",
    "read_model",
    "read_network",
    "read_style",
    "same_network",
    "style_file_path",
    "styles_beside",
    "thumbnail_file",
    "write_model",
    "write_style",
]
