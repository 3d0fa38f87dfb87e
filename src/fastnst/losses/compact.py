"""The architecture of the compact loss network, which comes with the package."""

from pathlib import Path

from torch import nn

# Channels after each ReLU, which is named after the one of VGG that it imitates. The last of each
# block, which a loss sees, is wide: what linear maps of its channels cannot express of VGG's is
# lost from the start. One that leads there can be narrow. 2.3 of VGG16's 18.2 billion
# multiplications for 256x256 pixels, heads included.
WIDTHS = {
    "relu1_1": 16,
    "relu1_2": 16,
    "relu2_1": 36,
    "relu2_2": 72,
    "relu3_1": 80,
    "relu3_3": 88,
    "relu4_1": 160,
    "relu4_2": 160,
    "relu4_3": 352,
}
EXPOSED = {layer: WIDTHS[layer] for layer in ("relu1_2", "relu2_2", "relu3_3", "relu4_3")}
MEAN, STD = (0.45, 0.45, 0.45), (0.25, 0.25, 0.25)  # it sees `(images - mean) / std`

WEIGHTS = Path(__file__).parent / "compact_loss_network.safetensors"


def compact_features() -> nn.Sequential:
    """3x3 convolutions, ReLUs and pooling, in blocks as VGG16 has them up to relu4_3."""
    layers: list[nn.Module] = []
    channels, block = 3, "1"
    for name, width in WIDTHS.items():
        if name[4] != block:
            layers.append(nn.MaxPool2d(2, 2))
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        channels, block = width, name[4]
    return nn.Sequential(*layers)


def compact_heads() -> nn.ModuleDict:
    """For each exposed layer the linear map, of as many channels, that its distances, and those of
    its Gram matrices, are the teacher's with."""
    return nn.ModuleDict(
        {layer: nn.Conv2d(width, width, 1, bias=False) for layer, width in EXPOSED.items()}
    )
