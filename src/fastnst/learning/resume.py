"""Which checkpoint a run goes on from, and whether it can."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastnst.config import AUTO, RunSettings, flat
from fastnst.learning.checkpoint_files import FOLDER, has_checkpoints, newest_good, read_checkpoint
from fastnst.machine import UserError, from_home, is_claimed

RUNS = Path("runs")

# What a checkpoint holds, in the optimizer's settings: the rest may change from run to run.
FIXED = ("name", "momentum", "schedule")

# What decides about the numbers of a run beside the network: a change is told.
DECISIVE = ("seed", "loss", "loss_network", "data", "style.image", "style.size",
            "motion", "teacher", "blur",
            "optimizer.lr", "optimizer.clip",
            "trainer.precision", "trainer.accumulate_grad_batches")  # fmt: skip
# of them what the first checkpoints have not
BEFORE = {
    "task": "style_transfer",
    "motion.name": "none",
    "motion.temporal_feature_weight": 0.0,
    "loss.temporal_weight": 0.0,
    "loss.temporal_feature_weight": 0.0,
    "teacher": None,
}
INDIFFERENT = ("data.workers", "data.cache", "data.prepared", "data.max_bad")


def newest_run(style: str, resume: str | None, otherwise: str) -> str:
    """Name of the folder in `runs/<style>`: with `resume=auto` that of the run that is going on
    there, or of the newest one, else, and if there is none, `otherwise`."""
    if resume != AUTO:
        return otherwise
    folders = [*(RUNS / style).glob("*")]
    living = [run.name for run in folders if is_claimed(run)]
    if living:  # there may be no checkpoint yet
        return living[0]
    runs = [run for run in folders if has_checkpoints(run)]
    return max(runs, key=lambda run: (run / FOLDER).stat().st_mtime, default=Path(otherwise)).name


def checkpoint_to_resume(resume: str | None, run: Path) -> Path | None:
    """The checkpoint that a run starts from, None for a new run.

    Args:
        resume: None, `auto` for the newest good checkpoint of the run folder, or a path.
        run: the run folder.

    Raises:
        UserError: if that would write over another run, or all checkpoints are damaged.
    """
    if resume == AUTO:
        return newest_good(run)
    path = None if resume is None else from_home(resume)
    if has_checkpoints(run) and (path is None or run.resolve() not in path.resolve().parents):
        raise UserError(
            f"{run} holds a run already: go on with it (resume=auto hydra.run.dir={run}), or give "
            f"another folder (hydra.run.dir=<folder>)."
        )
    return path


def check_resume(path: Path, settings: RunSettings) -> tuple[int, list[str], str | None]:
    """Refuse a checkpoint that a run cannot go on from.

    Returns:
        Its number of steps, what is set otherwise than it was, and what its `init` was.

    Raises:
        UserError: if it is damaged, of another network or optimizer, or began with another `init`
            than is given now.
    """
    checkpoint = read_checkpoint(path)
    then, now = checkpoint["hyper_parameters"], settings.model_dump()
    task = then.get("task", BEFORE["task"])
    if task != now["task"]:
        raise UserError(f"{path} is of a training with task={task}, not {now['task']}: set it.")
    for key, kept in (("network", now["network"]), ("optimizer", FIXED)):
        before = then.get(key)
        before = before if isinstance(before, Mapping) else {}
        was = {name: before.get(name) for name in kept if name in now[key]}
        new = {name: now[key][name] for name in was}
        if was != new:
            raise UserError(f"{path} was trained with {key} {was}, not {new}: set the same.")
    for key, was, new in (
        ("styles", _names(then.get("styles")), _names(now.get("styles"))),
        ("trunk", then.get("trunk"), now.get("trunk")),
        ("scale", then.get("scale"), now.get("scale")),
    ):
        if was != new:
            raise UserError(
                f"{path} was trained with {key}={was}, not {new}: set the same, or give another "
                f"folder for a new run (hydra.run.dir=<folder>)."
            )
    init = then.get("init")
    if settings.init not in (None, init):
        raise UserError(
            f"init={settings.init}: {path} is gone on from, which began with "
            f"{init or 'random weights'}; leave out init, or give another folder for a new run "
            f"(hydra.run.dir=<folder>)."
        )
    decided = BEFORE | dict(flat(then))
    changes = [
        f"{key} was {decided[key]}, is {value}"
        for key, value in flat(now)
        if key.startswith(DECISIVE) and key not in INDIFFERENT and decided.get(key, value) != value
    ]
    changes += [
        f"{style['name']}: {key} was {before[key]}, is {style[key]}"
        for before, style in zip(then.get("styles") or [], now.get("styles") or [], strict=True)
        for key in ("image", "size", "style_weight", "tv_weight")
        if before[key] != style[key]
    ]
    return checkpoint["global_step"], changes, init


def is_complete(sheet: Path, results: Sequence[Path], checkpoint: Path) -> bool:
    """Whether a run that has done its last step has written all that comes after it."""
    there = sheet.is_file() and all(result.is_file() for result in results)
    # a run that was stopped on the way has earlier ones
    saved = checkpoint.stat().st_mtime
    return there and all(result.stat().st_mtime >= saved for result in results)


def _names(styles: Sequence[Mapping[str, Any]] | None) -> str | None:
    return None if styles is None else f"[{','.join(style['name'] for style in styles)}]"
