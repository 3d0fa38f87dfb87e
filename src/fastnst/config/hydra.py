"""Commands that Hydra configures: where their configuration is, and how they are called."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf
from pydantic import BaseModel
from pytorch_lightning.utilities import rank_zero_only

from fastnst.config.errors import check_flags, hydra_sentence
from fastnst.config.path_words import quote_paths
from fastnst.machine import UserError, one_sentence_errors, whole_file

PACKAGED = Path(__file__).parents[1] / "configs"
CONFIGS = PACKAGED if PACKAGED.is_dir() else Path(__file__).parents[3] / "configs"


@rank_zero_only
def write_settings(settings: BaseModel, path: Path) -> None:
    """Write what a run was told, resolved, as YAML; of several processes the first one does."""
    with whole_file(path) as temporary:
        OmegaConf.save(OmegaConf.create(settings.model_dump()), temporary)


def is_sweep() -> bool:
    """Whether this is one of several runs of a `--multirun`: the others go on when it fails."""
    return HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN


def run_command(run: Callable[[], None]) -> None:
    """Call what `hydra.main` made; every mistake of the user ends in one sentence."""
    # Hydra shall hand its errors on, not print them itself with half a traceback
    os.environ["HYDRA_FULL_ERROR"] = "1"
    with one_sentence_errors():
        check_flags(sys.argv[1:])
        sys.argv[1:] = quote_paths(sys.argv[1:])
        try:
            run()
        except Exception as error:
            sentence = hydra_sentence(error, sys.argv[1:], CONFIGS)
            if sentence is None:
                raise
            raise UserError(sentence) from error
