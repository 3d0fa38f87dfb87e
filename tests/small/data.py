"""Training data on so little that it takes no time, with a stand-in for Lightning's Trainer."""

import json
import os
from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image
from pytorch_lightning.plugins.precision import Precision

from fastnst.config.groups import CocoData, DeadLeavesData, FolderData
from fastnst.data.module import PhotographData
from fastnst.data.prepared import INDEX
from fastnst.drawing.dead_leaves import draw_dead_leaves

COMMON = {
    "image_size": 32,
    "batch_size": 2,
    "hflip": True,
    "workers": 0,
    "cache": "none",
    "prepared": "nowhere",
    "val_images": 3,
}
PHOTOGRAPHS = {"resize": "crop", "limit": None, "max_bad": 0.05, **COMMON}
CHOICES = {"annotations": None, "categories": None, "licenses": None}
STYLES = ("red_fuji", "irises", "the_kiss")


def write_paintings(cwd):
    """Pictures for `STYLES`, where a training in this folder looks for them."""
    folder = cwd / "data" / "styles"
    folder.mkdir(parents=True)
    for number, name in enumerate(STYLES):
        picture = Image.fromarray(draw_dead_leaves(64, 9, number))
        picture.rotate(90 * number).save(folder / f"{name}.png")


def folder_data(root, seed=0, **changes):
    settings = {"name": "folder", "root": str(root), **PHOTOGRAPHS}
    return PhotographData(FolderData(**settings | changes), seed)


def coco_data(root, seed=0, **changes):
    settings = {"name": "coco", "root": str(root), **PHOTOGRAPHS, **CHOICES}
    return PhotographData(CocoData(**settings | changes), seed)


def dead_leaves_data(seed=0, **changes):
    settings = {"name": "dead_leaves", "images": 5, **COMMON}
    return PhotographData(DeadLeavesData(**settings | changes), seed)


def attach(data, device="cpu", **changes):
    """What Lightning does with a LightningDataModule before the training."""
    usual = {
        "accumulate_grad_batches": 1,
        "global_step": 0,
        "max_steps": 6,
        "global_rank": 0,
        "world_size": 1,
        "training": True,
        "is_global_zero": True,
        "strategy": SimpleNamespace(root_device=torch.device(device)),
        "precision_plugin": Precision(),
    }
    data.trainer = SimpleNamespace(**usual | changes)
    data.prepare_data()
    data.setup("fit")


def given(data, loader):
    """The pictures of a loader's batches as the training steps get them."""
    device = data.trainer.strategy.root_device
    bare = (data.on_before_batch_transfer(batch, 0) for batch in loader)
    moved = (tuple(part.to(device) for part in batch) for batch in bare)
    return [data.on_after_batch_transfer(batch, 0)[0] for batch in moved]


def batches(data, **changes):
    attach(data, **changes)
    return given(data, data.train_dataloader())


def rows(data):
    return np.array(data.prepare().rows)


def expected(data):
    """What the rows should be, one picture after the other."""
    return np.stack([data.train_set[index] for index in range(len(data.train_set))])


def index(data):
    return json.loads((data.prepare().folder / INDEX).read_text())


def touch(photos):
    for file in photos.rglob("*.jpg"):
        os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
