"""A live window: what the camera sees, beside it painted.

In: `Stylizer`s and the number of a camera. Out: a window, until it is closed.
"""

from fastnst.webcam.window import run_webcam

__all__ = ["run_webcam"]
