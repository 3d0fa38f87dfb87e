"""`fastnst train`: one configuration, one run folder."""

import sys

import hydra
from omegaconf import DictConfig, OmegaConf

from fastnst.config import CONFIGS, Settings, one_run, run_command, run_name
from fastnst.learning import newest_run
from fastnst.streams import prepare_streams
from fastnst.super_resolution import SuperResolutionSettings, train_super_resolution
from fastnst.training import train


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train")
def _learn_style(config: DictConfig) -> None:
    with one_run(config, Settings) as (settings, folder):
        train(settings, folder)


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="super_resolution")
def _learn_to_enlarge(config: DictConfig) -> None:
    with one_run(config, SuperResolutionSettings) as (settings, folder):
        train_super_resolution(settings, folder)


# each has a configuration of its own
TASKS = {"style_transfer": _learn_style, "super_resolution": _learn_to_enlarge}


def main() -> None:
    """Run the command line `fastnst train key=value ...`."""
    keys = [word.partition("=")[0] for word in sys.argv]
    if "trunk" in keys and "experiment" not in keys and "trunk=null" not in sys.argv:
        # what takes a whole network hours takes a style in a trained one minutes
        sys.argv.insert(keys.index("trunk"), "experiment=new_style")
    OmegaConf.register_new_resolver("run_name", run_name, replace=True)
    OmegaConf.register_new_resolver("newest_run", newest_run, use_cache=True, replace=True)
    run_command(TASKS[_task(sys.argv[1:])])


def _task(words: list[str]) -> str:
    """The task that the command line names, if that is one."""
    named = [value for key, _, value in (word.partition("=") for word in words) if key == "task"]
    return named[-1] if named and named[-1] in TASKS else "style_transfer"


if __name__ == "__main__":  # as Lightning starts the other processes of a run
    prepare_streams()
    main()
