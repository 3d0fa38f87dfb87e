"""Learning styles: the step, and a run of it.

In: settings and a run folder. Out: `model.safetensors` and style files, and what every run leaves.
"""

from fastnst.training.checks import CheckSettings
from fastnst.training.run import train
from fastnst.training.step import StyleTransfer

__all__ = ["CheckSettings", "StyleTransfer", "train"]
