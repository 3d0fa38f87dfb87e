"""`fastnst optimize`: one photograph, one style, the slow way."""

import hydra
from omegaconf import DictConfig

from fastnst.config import CONFIGS, run_command, run_in_folder
from fastnst.optimization import OptimizeSettings, optimize_photograph


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="optimize")
def _run(config: DictConfig) -> None:
    run_in_folder(config, OptimizeSettings, optimize_photograph, "give smaller scales")


def main() -> None:
    """Run the command line `fastnst optimize key=value ...`."""
    run_command(_run)
