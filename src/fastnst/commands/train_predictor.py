"""`fastnst train-predictor`: a style for any painting at once, for a network that many share."""

import hydra
from omegaconf import DictConfig

from fastnst.config import CONFIGS, run_command, run_in_folder, with_styles
from fastnst.predictor_training import PredictorSettings, train_predictor


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train_predictor")
def _run(config: DictConfig) -> None:
    advice = "give a smaller data.batch_size, drawn or size"
    run_in_folder(with_styles(config), PredictorSettings, train_predictor, advice)


def main() -> None:
    """Run the command line `fastnst train-predictor key=value ...`."""
    run_command(_run)
