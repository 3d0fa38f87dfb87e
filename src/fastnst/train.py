"""The training command: one configuration, one run folder."""

import logging
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import hydra
import pytorch_lightning as pl
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities import rank_zero_only

from fastnst import compilation
from fastnst.callbacks import Checkpoints, ProgressBar, SampleSheets, Speed
from fastnst.data import PhotographData
from fastnst.errors import UserError, one_sentence_errors
from fastnst.files import load_plain
from fastnst.hardware import allow_tf32, choose_device, computes_bf16, keep_freed_memory
from fastnst.model_file import read_model
from fastnst.perceptual_loss import PerceptualLoss
from fastnst.settings import Settings, read_settings
from fastnst.style_image import load_style_image
from fastnst.training import StyleTransfer
from fastnst.vgg_weights import build_loss_network

log = logging.getLogger(__name__)

PACKAGED = Path(__file__).parent / "configs"
CONFIGS = PACKAGED if PACKAGED.is_dir() else Path(__file__).parents[2] / "configs"
SHEET_PHOTOGRAPHS = 4


def train(settings: Settings, folder: Path) -> None:
    """Train one style.

    Args:
        settings: the run's.
        folder: where the run's files go.

    Raises:
        UserError: for anything in the settings that cannot be had: pictures, weights, checkpoint.
    """
    resume = None if settings.resume is None else Path(settings.resume).expanduser()
    if resume is not None:
        _check_resume(resume, settings)  # before the slow parts
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # no advertisements
    device = _device(settings.trainer.get("accelerator", "auto"))
    if device.type == "cpu":
        keep_freed_memory()
    allow_tf32(settings.tf32)
    pl.seed_everything(settings.seed, workers=True, verbose=False)
    style = load_style_image(settings.style.name, settings.style.image, settings.style.size)
    data = PhotographData(settings.data, settings.seed)
    loss = PerceptualLoss(
        build_loss_network(
            settings.loss_network.name,
            settings.loss_network.weights,
            settings.loss_network.normalization,
            settings.loss_network.pooling,
            settings.seed,
        ),
        style,
        **settings.loss.model_dump(),
    )
    batches = settings.trainer["max_steps"] * settings.trainer["accumulate_grad_batches"]
    pixels = batches * settings.data.batch_size * settings.data.image_size**2
    module = StyleTransfer(
        settings,
        loss,
        compiled=compilation.pays(settings.compile, device, pixels),
        cuda_graphs=_one_gpu(settings, device),
    )
    sheets = SampleSheets(folder, style, data.sheet_photographs(SHEET_PHOTOGRAPHS))
    callbacks: list[pl.Callback] = [
        Checkpoints(folder, settings.checkpoint_every),
        sheets,
        Speed(settings.log_every, settings.data.batch_size),
    ]
    if settings.trainer.get("enable_progress_bar", True):
        callbacks.append(ProgressBar(settings.style.name, settings.log_every))
    trainer = _trainer(settings, device, folder, callbacks)
    log.info(
        "Learning %s on %s from %d pictures; everything goes to %s",
        settings.style.title,
        trainer.strategy.root_device,
        len(data.train_set),
        folder,
    )
    with warnings.catch_warnings():
        _ignore_what_does_not_apply()
        try:
            trainer.fit(module, data, ckpt_path=resume, weights_only=True)
        except torch.OutOfMemoryError as error:
            raise UserError(
                "The accelerator's memory is full: make data.batch_size or data.image_size smaller."
            ) from error
        except RuntimeError as error:
            if compilation.is_compiler_error(error):
                raise UserError(
                    f"torch.compile does not work here ({error}): set compile=false."
                ) from error
            raise
        if sheets.last_step != trainer.global_step:  # fit() did not end with a validation
            trainer.validate(module, data, verbose=False, weights_only=True)
    model = folder / "model.safetensors"
    if not model.is_file() and trainer.is_global_zero:
        raise UserError(
            f"No step was done, as trainer.max_time={settings.trainer['max_time']} is over, which "
            f"counts the time of a resumed run too: give more."
        )
    _say_where(sheets.last, model)


def _check_resume(path: Path, settings: Settings) -> None:
    """Refuse a checkpoint that this run cannot go on from."""
    read_model(path)
    if path.suffix == ".safetensors":
        raise UserError(f"{path} is a finished model: resume=<run>/checkpoints/last.ckpt goes on.")
    checkpoint = load_plain(path)
    then = checkpoint["hyper_parameters"]
    for key, now in (
        ("network", settings.network.model_dump()),
        ("optimizer", settings.optimizer.model_dump()),
    ):
        if then.get(key) != now:
            raise UserError(
                f"{path} was trained with {key} {then.get(key)}, not {now}: set the same."
            )
    steps = checkpoint["global_step"]
    if steps >= settings.trainer["max_steps"]:
        raise UserError(
            f"{path} has done {steps} steps already: give more with trainer.max_steps=<steps>."
        )


def _device(accelerator: str) -> torch.device:
    """What Lightning will take, as far as speed depends on it."""
    if accelerator in ("auto", "gpu"):
        return choose_device("auto")
    return torch.device(accelerator if accelerator in ("cuda", "mps") else "cpu")


def _one_gpu(settings: Settings, device: torch.device) -> bool:
    """Whether each step is one batch on one GPU, which is what CUDA graphs are used for."""
    trainer = settings.trainer
    asked = trainer.get("devices", "auto")
    devices = torch.cuda.device_count() if asked in ("auto", -1, "-1") else asked
    alone = devices in (1, "1") or (isinstance(devices, list) and len(devices) == 1)
    # DDP would put its own work in between, even for one
    alone = alone and trainer.get("num_nodes", 1) == 1 and trainer.get("strategy") in (None, "auto")
    return device.type == "cuda" and alone and trainer["accumulate_grad_batches"] == 1


def _trainer(
    settings: Settings, device: torch.device, folder: Path, callbacks: list[pl.Callback]
) -> pl.Trainer:
    options = dict(settings.trainer)
    if options.get("precision") == "auto":
        options["precision"] = "bf16-mixed" if computes_bf16(device) else "32-true"
    try:
        return pl.Trainer(
            default_root_dir=folder,
            logger=TensorBoardLogger(folder, name="", version="", default_hp_metric=False),
            callbacks=callbacks,
            enable_checkpointing=False,  # Checkpoints writes to a temporary name first
            # Lightning counts batches here
            val_check_interval=settings.sample_every * settings.trainer["accumulate_grad_batches"],
            check_val_every_n_epoch=None,  # by steps alone: there are no epochs
            log_every_n_steps=settings.log_every,
            gradient_clip_val=settings.optimizer.clip,
            use_distributed_sampler=False,  # EndlessShuffle shares the batches out itself
            **options,
        )
    except (ValueError, TypeError, pl.utilities.exceptions.MisconfigurationException) as error:
        raise UserError(f"Lightning's Trainer refuses the trainer settings: {error}") from error


def _ignore_what_does_not_apply() -> None:
    for message in (
        "You're resuming from a checkpoint that ended before",  # EndlessShuffle does resume
        r"Found \d+ module\(s\) in eval mode",  # the loss network, on purpose
        ".*does not have many workers",  # none for the few held-out pictures
        "It is recommended to use .*sync_dist",  # all processes validate on the same pictures
        # https://github.com/Lightning-AI/pytorch-lightning/issues/21326
        r"`isinstance\(treespec, LeafSpec\)` is deprecated",
    ):
        warnings.filterwarnings("ignore", message=message)


@rank_zero_only
def _say_where(sheet: Path | None, model: Path) -> None:
    if sheet is not None:  # there is none with trainer.limit_val_batches=0
        print(f"sample sheet: {sheet}")
    print(f"model:        {model}\nTensorBoard:  tensorboard --logdir {model.parent}")


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train")
def _run(config: DictConfig) -> None:
    with one_sentence_errors():  # here as well: Hydra adds a line to what gets past this function
        settings = read_settings(config)
        folder = Path(HydraConfig.get().runtime.output_dir)
        OmegaConf.save(config, folder / "config.yaml", resolve=True)
        train(settings, folder)


def run_command(run: Callable[[], None]) -> None:
    """Call what `hydra.main` made; every mistake of the user ends in one sentence."""
    # Hydra shall hand its errors on, not print them itself with half a traceback
    os.environ["HYDRA_FULL_ERROR"] = "1"
    with one_sentence_errors():
        try:
            run()
        except MissingConfigException as error:
            known = f"there are {', '.join(error.options)}" if error.options else error
            raise UserError(f"There is no {error.missing_cfg_file}: {known}.") from error
        except (HydraException, OmegaConfBaseException) as error:
            raise UserError(str(error)) from error


def main() -> None:
    """Run the command line `train.py key=value ...`."""
    run_command(_run)
