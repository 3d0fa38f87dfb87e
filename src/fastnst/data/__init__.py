"""Training pictures: from COCO, a folder or drawn; decoded once, shuffled without end.

In: the `data` group of the settings. Out: batches `(N, 3, S, S)`, RGB in [0, 1].
"""

from fastnst.data.bad_pictures import BadPictures
from fastnst.data.module import PhotographData
from fastnst.data.photo_files import BUNDLED, folder_files
from fastnst.data.pictures import DeadLeaves, Photographs, Pictures, to_pixels
from fastnst.data.preparation import prepare
from fastnst.data.prepared import INDEX, read_note

__all__ = [
    "BUNDLED",
    "INDEX",
    "BadPictures",
    "DeadLeaves",
    "PhotographData",
    "Photographs",
    "Pictures",
    "folder_files",
    "prepare",
    "read_note",
    "to_pixels",
]
