"""Archives: any number of files, painted each once, here or on many machines.

In: folders, shards of WebDataset and object stores, and what paints. Out: the results in such a
place, and a journal of what was done, with which a run that was killed goes on.
"""

from fastnst.archives.brushes import Brushes, OneStyle, RandomStyles
from fastnst.archives.crew import Crew
from fastnst.archives.journal import Journal
from fastnst.archives.listing import Listing
from fastnst.archives.places import TAR, is_address, is_empty
from fastnst.archives.run import paint_archive
from fastnst.archives.shard import WHOLE, shard
from fastnst.archives.worker import Worker

__all__ = [
    "TAR",
    "WHOLE",
    "Brushes",
    "Crew",
    "Journal",
    "Listing",
    "OneStyle",
    "RandomStyles",
    "Worker",
    "is_address",
    "is_empty",
    "paint_archive",
    "shard",
]
