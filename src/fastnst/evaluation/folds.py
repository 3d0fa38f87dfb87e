"""Photographs in parts, and folders of links to all parts but one, for cross-validation."""

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

from fastnst.machine import UserError, whole_file


def split(files: Sequence[Path], count: int, folds: int, seed: int) -> list[list[Path]]:
    """Choose photographs by chance and share them out; each is in one fold.

    Args:
        files: the photographs, in an order that is always the same.
        count: to choose, at most as many as there are.
        folds: of which none is more than one photograph larger than another.
        seed: of the choice.

    Raises:
        UserError: if there are too few to train on and to hold out in each fold.
    """
    if len(files) < 2 * folds:
        raise UserError(
            f"There are {len(files)} photographs for folds={folds}, and each fold takes two: give "
            f"a data.root with more of them, or fewer folds."
        )
    chosen = random.Random(seed).sample(files, min(count, len(files)))
    return [chosen[first::folds] for first in range(folds)]


def link_training_sets(folds: Sequence[Sequence[Path]], folder: Path) -> list[Path]:
    """For each fold make a folder of links to the photographs of all the others.

    Links that are there already are kept. Where the system gives no links these are copies.

    Returns:
        The folders.
    """
    return [_link(folds, held_out, folder) for held_out in range(len(folds))]


def _link(folds: Sequence[Sequence[Path]], held_out: int, folder: Path) -> Path:
    training_set = folder / f"without_fold{held_out + 1}"
    training_set.mkdir(parents=True, exist_ok=True)
    for fold, files in enumerate(folds):
        for number, file in enumerate(files):
            # numbered, as files of different folders may have the same name
            link = training_set / f"{fold + 1}_{number:04d}_{file.name}"
            if fold == held_out or link.is_file():
                continue
            try:
                link.symlink_to(file.absolute())
            except OSError:
                with whole_file(link) as temporary:
                    shutil.copy2(file, temporary)  # with its time, by which a change is noticed
    return training_set
