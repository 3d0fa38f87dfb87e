"""`fastnst search-tv`: which weight of total variation suits a style, by cross-validation."""

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from fastnst.config import CONFIGS, one_run, run_command
from fastnst.evaluation import SearchSettings, find_style_file, search


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="search_tv")
def _run(config: DictConfig) -> None:
    with one_run(config, SearchSettings) as (settings, folder):
        style_file = find_style_file(HydraConfig.get()) if settings.write else None
        search(settings, folder, style_file)


def main() -> None:
    """Run the command line `fastnst search-tv key=value ...`."""
    run_command(_run)
