"""Motion: of frames that follow each other, and of frames made of a still picture.

In: frames of a film and what was painted of them. Out: how they move, less flicker, and how much
there was. Or in: batches of images, `(N, 3, S, S)`, RGB in [0, 1], with a number for each that
decides about its motion. Out: two frames of each, whose motion is known and not looked for.
"""

from fastnst.motion.chance import further
from fastnst.motion.flow import Motion, find_motion, flicker
from fastnst.motion.frames import Frames, Ranges, make_frames
from fastnst.motion.smoothing import Flicker, TemporalSmoother
from fastnst.motion.views import follow, follows

__all__ = [
    "Flicker",
    "Frames",
    "Motion",
    "Ranges",
    "TemporalSmoother",
    "find_motion",
    "flicker",
    "follow",
    "follows",
    "further",
    "make_frames",
]
