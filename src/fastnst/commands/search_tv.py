"""`fastnst search-tv`: which weight of total variation suits a style, by cross-validation."""

from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from fastnst.config import CONFIGS, is_sweep, read_settings, run_command
from fastnst.evaluation import SearchSettings, search
from fastnst.machine import one_sentence_errors
from fastnst.styles import find_style_file


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="search_tv")
def _run(config: DictConfig) -> None:
    # here as well: Hydra adds a line to what gets past this function
    with one_sentence_errors(leave=not is_sweep()):
        settings = read_settings(config, SearchSettings)
        style_file = find_style_file(HydraConfig.get()) if settings.write else None
        search(settings, Path(HydraConfig.get().runtime.output_dir), style_file)


def main() -> None:
    """Run the command line `fastnst search-tv key=value ...`."""
    run_command(_run)
