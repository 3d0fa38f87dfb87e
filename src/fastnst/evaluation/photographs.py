"""Which photographs networks are measured on: those held out from training, or a folder's."""

import logging
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from fastnst.data import Drawn, PhotographData, Photographs, to_pixels
from fastnst.evaluation.runs import Run
from fastnst.images import list_images
from fastnst.machine import UserError

log = logging.getLogger(__name__)


def held_out(runs: Sequence[Run], size: int | None) -> Tensor:
    """The photographs that the first run held out; warns where a run may have seen them.

    Args:
        runs: at least one.
        size: side that they are cropped to, in pixels; None: as the first run was trained.

    Returns:
        `(N, 3, S, S)`, RGB in [0, 1].

    Raises:
        UserError: if they are no longer where they were.
    """
    first, others = runs[0], runs[1:]
    data = first.settings.data
    if size is not None:
        data = data.model_copy(update={"image_size": size})
    try:
        found = PhotographData(data, first.settings.seed)
    except UserError as error:
        raise UserError(f"{error} Or name other photographs with --photographs.") from error
    now = len(found.train_set)
    # bad ones were left out
    if not (1 - getattr(data, "max_bad", 0)) * now <= first.pictures <= now:
        log.warning(
            "%s was trained on %d pictures and there are %d now: it may have seen some of the "
            "photographs that are taken for held-out ones; others can be named with --photographs.",
            *(first.name, first.pictures, now),
        )
    for run in others:
        if _photographs(run) not in (None, _photographs(first)):
            log.warning(
                "%s was trained on other data than %s: it may have seen some of the photographs "
                "that are taken for held-out ones; others can be named with --photographs.",
                *(run.name, first.name),
            )
    return found.sheet_photographs(data.val_images)


def _photographs(run: Run) -> dict[str, object] | None:
    """What decides which photographs a run has seen; None if it has seen drawn pictures only."""
    if run.settings.data.name == "dead_leaves":
        return None
    data = run.settings.data.model_dump()
    kept = ("name", "root", "annotations", "categories", "licenses", "val_images")
    return {key: data.get(key) for key in kept}


def photographs_in(folder: Path, size: int) -> Tensor:
    """The photographs of a folder.

    Args:
        folder: with pictures, also in folders below.
        size: side of the square that is cut from the middle, in pixels.

    Returns:
        `(N, 3, S, S)`, RGB in [0, 1], in the order of their names.

    Raises:
        UserError: if there are none, or one cannot be read.
    """
    files = list_images(folder)
    if not files:
        raise UserError(f"There are no images in {folder}: check --photographs.")
    every = [Drawn(index) for index in range(len(files))]
    batch = Photographs(files, size, "crop").__getitems__(every)
    for sentence in batch.bad.values():
        raise UserError(sentence)
    return to_pixels(batch.pictures, batch.mirrored)
