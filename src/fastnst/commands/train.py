"""`fastnst train`: one configuration, one run folder."""

import sys

import hydra
from omegaconf import DictConfig, OmegaConf

from fastnst.config import CONFIGS, Settings, one_run, run_command, run_name
from fastnst.streams import prepare_streams
from fastnst.training import newest_run, train


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train")
def _run(config: DictConfig) -> None:
    with one_run(config, Settings) as (settings, folder):
        train(settings, folder)


def main() -> None:
    """Run the command line `fastnst train key=value ...`."""
    keys = [word.partition("=")[0] for word in sys.argv]
    if "trunk" in keys and "experiment" not in keys and "trunk=null" not in sys.argv:
        # what takes a whole network hours takes a style in a trained one minutes
        sys.argv.insert(keys.index("trunk"), "experiment=new_style")
    OmegaConf.register_new_resolver("run_name", run_name, replace=True)
    OmegaConf.register_new_resolver("newest_run", newest_run, use_cache=True, replace=True)
    run_command(_run)


if __name__ == "__main__":  # as Lightning starts the other processes of a run
    prepare_streams()
    main()
