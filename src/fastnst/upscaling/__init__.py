"""Pictures in, larger ones out: super-resolution with a trained network.

In: a network that enlarges; pictures as files, Pillow images or arrays. Out: Pillow images of 2, 4
or 8 times the size.
"""

from fastnst.upscaling.histograms import match_histograms, matching_table
from fastnst.upscaling.upscaler import Upscaler

__all__ = ["Upscaler", "match_histograms", "matching_table"]
