"""What is minimised, and the frozen network that sees.

In: batches of images, `(N, 3, H, W)`, RGB in [0, 1]. Out: scalars, raw and weighted. Needs PyTorch
and torchvision only: use it in a training loop of your own.
"""

from fastnst.losses.compact import EXPOSED, MEAN, STD, WEIGHTS, compact_features
from fastnst.losses.functional import (
    feature_loss,
    gram_matrix,
    relative_feature_loss,
    relative_style_loss,
    style_loss,
    total_variation,
)
from fastnst.losses.network import LAYERS, LossNetwork, MaxPool2d, compact_layer_indices
from fastnst.losses.normalized import normalize_network
from fastnst.losses.perceptual import PerceptualLoss
from fastnst.losses.pixels import PIXEL_LOSSES, pixel_loss, relative_pixel_loss
from fastnst.losses.style import (
    SAMPLED,
    STATISTICS,
    STYLE_LOSSES,
    StyleLoss,
    build_style_loss,
)
from fastnst.losses.super_resolution import SuperResolutionLoss
from fastnst.losses.teacher import TeacherLoss
from fastnst.losses.temporal import TemporalLoss
from fastnst.losses.weights import build_loss_network, downloaded, local_weights, weights_file

__all__ = [
    "EXPOSED",
    "LAYERS",
    "MEAN",
    "PIXEL_LOSSES",
    "SAMPLED",
    "STATISTICS",
    "STD",
    "STYLE_LOSSES",
    "WEIGHTS",
    "LossNetwork",
    "MaxPool2d",
    "PerceptualLoss",
    "StyleLoss",
    "SuperResolutionLoss",
    "TeacherLoss",
    "TemporalLoss",
    "build_loss_network",
    "build_style_loss",
    "compact_features",
    "compact_layer_indices",
    "downloaded",
    "feature_loss",
    "gram_matrix",
    "local_weights",
    "normalize_network",
    "pixel_loss",
    "relative_feature_loss",
    "relative_pixel_loss",
    "relative_style_loss",
    "style_loss",
    "total_variation",
    "weights_file",
]
