"""`fastnst prepare`: the training pictures of a configuration, made before the training."""

import time

import hydra
from omegaconf import DictConfig

from fastnst.config import CONFIGS, Settings, read_settings, run_command, with_styles
from fastnst.data import INDEX, PhotographData, read_note
from fastnst.machine import one_sentence_errors, readable_size


def prepare(settings: Settings) -> None:
    """Prepare the training pictures and print what there is now, whatever `data.cache` says.

    Raises:
        UserError: if there are no pictures, or they cannot be prepared.
    """
    started = time.monotonic()
    pictures = PhotographData(settings.data, settings.seed).prepare()
    seconds = time.monotonic() - started
    bad = read_note(pictures.folder / INDEX)["bad"]
    side = settings.data.image_size
    print(f"pictures: {len(pictures)} of {side}x{side}; {len(bad)} could not be read")
    print(f"folder:   {pictures.folder} ({readable_size(pictures.rows.nbytes)})")
    print(f"time:     {seconds:.0f} s")


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="prepare")
def _run(config: DictConfig) -> None:
    with one_sentence_errors():  # here as well: Hydra adds a line to what gets past this function
        prepare(read_settings(with_styles(config)))


def main() -> None:
    """Run the command line `fastnst prepare key=value ...`."""
    run_command(_run)
