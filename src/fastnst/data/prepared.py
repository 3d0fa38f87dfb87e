"""Training pictures made beforehand, read as they are: an array of bytes in a file.

A folder of prepared pictures holds `pictures.npy`, uint8 `(N, S, S, 3)`, and `index.json`, which
says what they are and is written last: a folder without it is not finished.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from fastnst.data.pictures import Batch, Drawn, to_batch

PICTURES, INDEX = "pictures.npy", "index.json"


class PreparedPictures(Dataset[Batch]):
    """The pictures of a finished folder, see `fastnst.data.preparation`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: np.ndarray = np.load(folder / PICTURES, mmap_mode="r")

    def __reduce__(self) -> tuple[Any, ...]:
        # a loader process opens the file itself, instead of being sent what is in it
        return PreparedPictures, (self.folder,)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitems__(self, drawn: Sequence[Drawn]) -> Batch:
        """Pictures by their numbers."""
        pictures = np.asarray(self.rows[[one.number for one in drawn]])
        return to_batch(torch.from_numpy(pictures), drawn)


def read_note(path: Path) -> dict[str, Any]:
    """The content of a JSON file, nothing if it is not there or is damaged."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}


def is_finished(folder: Path, state: str) -> bool:
    """Whether a folder holds all pictures of a source in this state."""
    index, file = read_note(folder / INDEX), folder / PICTURES
    # somebody may have deleted or copied in part what is large
    return index.get("state") == state and file.is_file() and file.stat().st_size == index["bytes"]
