"""`fastnst train`: one configuration, one run folder."""

from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from fastnst.config import CONFIGS, is_sweep, read_settings, run_command
from fastnst.machine import one_sentence_errors
from fastnst.streams import prepare_streams
from fastnst.training import newest_run, train


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train")
def _run(config: DictConfig) -> None:
    # here as well: Hydra adds a line to what gets past this function
    with one_sentence_errors(leave=not is_sweep()):
        train(read_settings(config), Path(HydraConfig.get().runtime.output_dir))


def main() -> None:
    """Run the command line `fastnst train key=value ...`."""
    OmegaConf.register_new_resolver("newest_run", newest_run, use_cache=True, replace=True)
    run_command(_run)


if __name__ == "__main__":  # as Lightning starts the other processes of a run
    prepare_streams()
    main()
