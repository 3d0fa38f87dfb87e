"""The slow way: the pixels of one picture are what is learnt.

In: a photograph, a style and the loss that trains networks. Out: pictures, and how the loss fell.
"""

from fastnst.optimization.checks import CheckOptimization, CheckStudy
from fastnst.optimization.layer_study import study_layers
from fastnst.optimization.layer_study_settings import LayerStudySettings
from fastnst.optimization.pixels import optimize
from fastnst.optimization.problem import optimize_photograph
from fastnst.optimization.settings import OptimizeSettings

__all__ = [
    "CheckOptimization",
    "CheckStudy",
    "LayerStudySettings",
    "OptimizeSettings",
    "optimize",
    "optimize_photograph",
    "study_layers",
]
