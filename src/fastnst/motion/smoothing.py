"""Less flicker: each painted frame is blended with the one before, moved as the source moved."""

from typing import NamedTuple

import numpy as np

from fastnst.motion.flow import FLOW_SIDE, Motion, find_motion, flicker


class Flicker(NamedTuple):
    """Mean change from frame to frame that motion does not explain, of 255."""

    before: float
    after: float


class TemporalSmoother:
    """Smooths painted frames, which come one after the other.

    Args:
        strength: 0 (none) to 1: share of the frame before, where the motion is to be trusted.
        side: at which motion is looked for, see `find_motion`.
    """

    def __init__(self, strength: float, side: int = FLOW_SIDE) -> None:
        self.strength, self.side = strength, side
        self._source: np.ndarray | None = None
        self._measured: list[float] = [0.0, 0.0]
        self._pairs = 0

    def forget(self) -> None:
        """Take the next frame for the first of another scene."""
        self._source = None

    def motion_to(self, source: np.ndarray) -> Motion | None:
        """From the frame before to the next one, uint8 RGB or RGBA, `(H, W, 3 or 4)`; None where it
        begins another scene, as one of another size does."""
        before, source = self._source, np.ascontiguousarray(source[..., :3])
        self._source = source
        if before is None or before.shape != source.shape:
            return None
        return find_motion(before, source, self.side)

    def after(self, motion: Motion | None, painted: np.ndarray) -> np.ndarray:
        """Smooth a frame, painted, with the motion to it; as large, and its transparency stays."""
        smoothed = painted[..., :3].astype(np.float32)
        if motion is not None:
            share = self.strength * motion.trust[..., None]
            smoothed += share * (motion.warp(self._smoothed) - smoothed)
        self._smoothed = smoothed  # not rounded: small differences would stay for ever
        result = np.rint(smoothed).clip(0, 255).astype(np.uint8)
        return np.concatenate([result, painted[..., 3:]], -1)

    def __call__(self, source: np.ndarray, painted: np.ndarray) -> np.ndarray:
        """Both of these, and how much flicker there was is kept.

        Args:
            source: the frame that was painted.
            painted: the same, of the same size.
        """
        motion = self.motion_to(source)
        result = self.after(motion, painted)
        frames = [np.ascontiguousarray(it[..., :3]) for it in (painted, result)]
        if motion is not None:
            for place, (before, now) in enumerate(zip(self._frames, frames, strict=True)):
                self._measured[place] += flicker(before, now, motion)
            self._pairs += 1
        self._frames = frames
        return result

    @property
    def flicker(self) -> Flicker | None:
        """Mean of `flicker` over the frames so far, without and with smoothing."""
        return Flicker(*(sum_ / self._pairs for sum_ in self._measured)) if self._pairs else None
