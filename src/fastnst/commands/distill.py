"""`fastnst distill`: the weights of the compact loss network, from a VGG and pictures."""

import hydra
from omegaconf import DictConfig

from fastnst.config import CONFIGS, run_command, run_in_folder
from fastnst.distillation import DistillSettings, distill


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="distill")
def _run(config: DictConfig) -> None:
    run_in_folder(
        config, DistillSettings, distill, "give a smaller data.batch_size, crop or first_pictures"
    )


def main() -> None:
    """Run the command line `fastnst distill key=value ...`."""
    run_command(_run)
