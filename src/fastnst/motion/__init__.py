"""Two frames of a film that was never taken, made of a still picture.

In: batches of images, `(N, 3, S, S)`, RGB in [0, 1], and a number for each that decides about its
motion. Out: the first and the second frame, where each pixel of the second lies in the first, which
of them both show, and how their light changed. Exact, as the motion is known and not looked for.
"""

from fastnst.motion.chance import further
from fastnst.motion.frames import Frames, Ranges, make_frames
from fastnst.motion.views import follow

__all__ = ["Frames", "Ranges", "follow", "further", "make_frames"]
