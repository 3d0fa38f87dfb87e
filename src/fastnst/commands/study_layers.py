"""`fastnst study-layers`: what the choice of layers does, on one sheet."""

import hydra
from omegaconf import DictConfig

from fastnst.config import CONFIGS, run_command, run_in_folder
from fastnst.optimization import LayerStudySettings, study_layers


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="study_layers")
def _run(config: DictConfig) -> None:
    run_in_folder(config, LayerStudySettings, study_layers, "give a smaller size")


def main() -> None:
    """Run the command line `fastnst study-layers key=value ...`."""
    run_command(_run)
