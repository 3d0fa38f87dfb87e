"""fastnst: train and use fast (feed-forward) neural style transfer networks."""

__version__ = "0.1.0"
