"""Pictures in, painted pictures out, of any size.

In: trained networks; pictures as files, Pillow images or arrays. Out: Pillow images or files.
"""

from fastnst.stylizing.files import Files, Job, paint_files
from fastnst.stylizing.mask import Mask
from fastnst.stylizing.stylizer import Stylizer

__all__ = ["Files", "Job", "Mask", "Stylizer", "paint_files"]
