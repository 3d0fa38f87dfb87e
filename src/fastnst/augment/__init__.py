"""Random styles as augmentation, for those who train networks that see: classifiers and the like.

In: photographs, `(N, 3, H, W)` or one, `(3, H, W)`, of bytes or of floats in [0, 1]. Out: the same
shape and type, some of them painted, each in a style of its own. Needs PyTorch and torchvision, and
neither Lightning nor Hydra.
"""

from fastnst.augment.random_style import RandomStyle
from fastnst.augment.style_space import Draw

__all__ = ["Draw", "RandomStyle"]
