"""Which weight of total variation suits a style, by cross-validation."""

import json
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import cast

import torch

from fastnst.config import flat
from fastnst.data import BadPictures, Drawn, PhotographData, Photographs, read_note, to_pixels
from fastnst.evaluation.folds import link_training_sets, split
from fastnst.evaluation.style_file import write_tv_weight
from fastnst.evaluation.tv_scores import Candidate, Score, choose, measure, table
from fastnst.evaluation.tv_search_settings import SearchSettings, training_settings
from fastnst.images import labelled_grid, to_image, write_image
from fastnst.learning import INDIFFERENT, MODEL, training_device
from fastnst.losses import PerceptualLoss, build_loss_network
from fastnst.machine import UserError, allow_tf32, whole_file
from fastnst.models import read_model
from fastnst.styles import load_style_image
from fastnst.training import train

SHEET_ROWS = 4  # photographs
# what may be another when a search goes on; the last two it sets itself
MAY_CHANGE = ("tv_weights", "write", *INDIFFERENT, "loss.tv_weight", "style.tv_weight")


class Search:
    """Trainings for each weight and fold, in one folder.

    Args:
        settings: of the command.
        folder: for everything; what an earlier call has done in it is not done again.

    Raises:
        UserError: for anything in the settings that cannot be had, or if the folder holds a search
            with other settings.
    """

    def __init__(self, settings: SearchSettings, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        data = PhotographData(settings.data, settings.seed)
        assert isinstance(data.train_set, Photographs)
        files = sorted([*data.train_set.files, *data.val_set.files])
        self.folds = split(files, settings.photographs, settings.folds, settings.seed)
        self._note()
        training_sets = link_training_sets(self.folds, folder)
        self.trainings = {
            (weight, fold): training_settings(settings, weight, training_sets[fold])
            for weight, fold in product(settings.tv_weights, range(settings.folds))
        }
        style = settings.style
        self.style = load_style_image(style.name, style.image, style.size)
        self.style = self.style.to(training_device(settings.trainer["accelerator"]))
        self.device = self.style.device  # with its number, which training may make another default
        network = build_loss_network(**settings.loss_network.model_dump(), seed=settings.seed)
        network.to(self.device)
        torch.manual_seed(settings.seed)  # some style losses draw positions
        self.loss = PerceptualLoss(network, [self.style], **settings.loss.perceptual())

    def run(self) -> list[Candidate]:
        """Train and score what is still missing.

        Raises:
            UserError: naming the training that failed.
        """
        missing = [key for key in self.trainings if self._score(*key) is None]
        started, count = time.monotonic(), len(self.trainings)
        for number, (weight, fold) in enumerate(missing, start=count - len(missing) + 1):
            done = number - 1 - (count - len(missing))
            seconds = (time.monotonic() - started) / max(done, 1) * (len(missing) - done)
            left = f"; about {timedelta(seconds=round(seconds))} left" if done else ""
            which = f"tv_weight {weight:g}, fold {fold + 1} of {len(self.folds)}"
            print(f"training {number} of {count}: {which}{left}", flush=True)
            if fold == 0:  # the compiler gives up after eight different weights in one process
                torch.compiler.reset()
            try:
                train(self.trainings[weight, fold], self._place(weight, fold))
                self._measure(weight, fold)
            except (UserError, OSError) as error:
                raise UserError(
                    f"The training with {which} failed: {error} Without {weight:g} in tv_weights "
                    f"the search goes on."
                ) from error
        folds = range(len(self.folds))
        return [
            Candidate(weight, cast(list[Score], [self._score(weight, fold) for fold in folds]))
            for weight in self.settings.tv_weights
        ]

    def write_sheet(self, path: Path) -> None:
        """Photographs of the first fold as the networks paint them that have not seen them."""
        photographs = self._held_out(0)
        rows = range(min(SHEET_ROWS, len(photographs)))
        batch = photographs.__getitems__([Drawn(row) for row in rows])
        columns = [to_pixels(batch.pictures, batch.mirrored)]
        for weight in self.settings.tv_weights:
            network = read_model(self._place(weight, 0) / MODEL).network.to(self.device)
            with torch.no_grad():
                columns.append(torch.cat([network(x[None].to(self.device)) for x in columns[0]]))
        labels = ["photograph", *(f"tv_weight {weight:g}" for weight in self.settings.tv_weights)]
        cells = [[to_image(column[row]) for column in columns] for row in rows]
        write_image(labelled_grid(cells, labels, [""] * len(rows)), path)

    def _note(self) -> None:
        """Write down what the search is of; refuse to go on with one of something else."""
        path = self.folder / "search.json"
        kept = [
            (key, value) for key, value in flat(self.settings.model_dump()) if key not in MAY_CHANGE
        ]
        photographs = [[str(file.absolute()) for file in fold] for fold in self.folds]
        now = json.loads(json.dumps(dict(kept) | {"the photographs found": photographs}))
        before = read_note(path)
        other = [key for key in now if before and before.get(key, now[key]) != now[key]]
        if other:
            raise UserError(
                f"{self.folder} holds a search with something else in {', '.join(other)}: set it "
                f"as it was, or give another folder with hydra.run.dir=<folder>."
            )
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(now, indent=1))

    def _place(self, weight: float, fold: int) -> Path:
        return self.folder / f"tv{weight}_fold{fold + 1}"

    def _score(self, weight: float, fold: int) -> Score | None:
        noted = read_note(self._place(weight, fold) / "score.json")
        return Score(**noted) if noted else None

    def _measure(self, weight: float, fold: int) -> None:
        network = read_model(self._place(weight, fold) / MODEL).network.to(self.device)
        photographs = self._held_out(fold)
        bad = BadPictures("held-out", len(photographs), self.settings.data.max_bad)
        torch.manual_seed(self.settings.seed)
        allow_tf32(False)  # whatever the training did
        score = measure(network, self.loss, self.style, photographs, bad)
        with whole_file(self._place(weight, fold) / "score.json") as temporary:
            temporary.write_text(json.dumps(score._asdict()))

    def _held_out(self, fold: int) -> Photographs:
        data = self.settings.data
        return Photographs(self.folds[fold], data.image_size, data.resize)


def search(settings: SearchSettings, folder: Path, style_file: Path | None) -> None:
    """Compare the weights and print what was found.

    Args:
        settings: of the command.
        folder: for the trainings, `results.json` and `sheet.png`.
        style_file: to write the choice into, if that is wanted.

    Raises:
        UserError: for anything in the settings that cannot be had, or if a training fails.
    """
    trainings = Search(settings, folder)
    photographs = sum(map(len, trainings.folds))
    print(
        f"{len(trainings.trainings)} trainings of {settings.trainer['max_steps']} steps, with "
        f"{photographs} photographs in {settings.folds} folds; everything goes to {folder}"
    )
    try:
        candidates = trainings.run()
    except (SystemExit, KeyboardInterrupt):
        print("The search goes on from here when the command is given again.", file=sys.stderr)
        raise
    best = choose(candidates)
    _write_results(candidates, best, folder / "results.json")
    trainings.write_sheet(folder / "sheet.png")
    weights = [candidate.tv_weight for candidate in candidates]
    at_the_end = best.tv_weight in (min(weights), max(weights))
    beyond = ", at the end of those compared: try others beyond it" if at_the_end else ""
    if style_file is not None:
        write_tv_weight(style_file, best.tv_weight)
    print(f"\n{table(candidates)}\n\nbest:    tv_weight {best.tv_weight:g}{beyond}")
    print(f"sheet:   {folder / 'sheet.png'}\nresults: {folder / 'results.json'}")
    if style_file is None:
        print(f"use it:  loss.tv_weight={best.tv_weight}, or write=true for the style's file")
    else:
        print(f"written: tv_weight: {best.tv_weight} in {style_file}")


def _write_results(candidates: Sequence[Candidate], best: Candidate, path: Path) -> None:
    rows = [
        {
            "tv_weight": candidate.tv_weight,
            "mean": {name: candidate.mean(name) for name in Score._fields},
            "deviation": {name: candidate.spread(name) for name in Score._fields},
            "folds": [fold._asdict() for fold in candidate.folds],
        }
        for candidate in candidates
    ]
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps({"best": best.tv_weight, "weights": rows}, indent=1))
