"""How the predictor of styles is made.

In: a network that many styles share, paintings and pictures. Out: a file that predicts the numbers
of a style from its painting.
"""

from fastnst.predictor_training.run import train_predictor
from fastnst.predictor_training.settings import CheckPredictorTraining, PredictorSettings

__all__ = ["CheckPredictorTraining", "PredictorSettings", "train_predictor"]
