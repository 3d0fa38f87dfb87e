"""Training pictures: from COCO, a folder or drawn; decoded once, shuffled without end.

In: the `data` group of the settings. Out: batches `(N, 3, S, S)`, RGB in [0, 1], with the
number of the style that each is to be painted in.
"""

from fastnst.data.bad_pictures import BadPictures
from fastnst.data.module import PhotographData
from fastnst.data.photo_files import BUNDLED, folder_files
from fastnst.data.pictures import DeadLeaves, Drawn, Photographs, Pictures, to_pixels
from fastnst.data.preparation import prepare
from fastnst.data.prepared import INDEX, read_note

__all__ = [
    "BUNDLED",
    "INDEX",
    "BadPictures",
    "DeadLeaves",
    "Drawn",
    "PhotographData",
    "Photographs",
    "Pictures",
    "folder_files",
    "prepare",
    "read_note",
    "to_pixels",
]
