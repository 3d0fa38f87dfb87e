"""How the compact loss network is made from a VGG.

In: a teacher and pictures. Out: a file of weights that sees nearly as the teacher does.
"""

from fastnst.distillation.run import distill
from fastnst.distillation.settings import CheckDistillation, DistillSettings

__all__ = ["CheckDistillation", "DistillSettings", "distill"]
