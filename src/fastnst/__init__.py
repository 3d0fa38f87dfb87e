"""fastnst: train and use fast (feed-forward) neural style transfer networks."""

from fastnst.stylizer import Stylizer

__all__ = ["Stylizer"]
__version__ = "0.1.0"
