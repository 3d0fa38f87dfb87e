"""Learning to enlarge pictures: the other half of Johnson, Alahi, Fei-Fei 2016.

In: settings and a run folder. Out: `model.safetensors`, which `fastnst upscale` takes, and what
every run leaves.
"""

from fastnst.super_resolution.checks import CheckSuperResolution
from fastnst.super_resolution.quality import measure_quality
from fastnst.super_resolution.run import train_super_resolution
from fastnst.super_resolution.settings import SuperResolutionSettings

__all__ = [
    "CheckSuperResolution",
    "SuperResolutionSettings",
    "measure_quality",
    "train_super_resolution",
]
