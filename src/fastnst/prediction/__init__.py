"""A style for any painting at once, and learnt on from there.

In: a painting, `(1, 3, H, W)`, RGB in [0, 1]. Out: the numbers of its style, `(K,)`, for a network
that many styles share.
"""

from fastnst.prediction.finish import LOSS, Progress, finish
from fastnst.prediction.predictor import WEIGHTS, Predictor, read_predictor, write_predictor
from fastnst.prediction.statistics import directions, kinds_of_statistics, painting_statistics

__all__ = [
    "LOSS",
    "WEIGHTS",
    "Predictor",
    "Progress",
    "directions",
    "finish",
    "kinds_of_statistics",
    "painting_statistics",
    "read_predictor",
    "write_predictor",
]
