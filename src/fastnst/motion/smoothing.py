"""Less flicker: each painted frame is blended with the one before, moved as the source moved."""

from typing import NamedTuple

import numpy as np

from fastnst.motion.flow import FLOW_SIDE, find_motion, flicker


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

    def __call__(self, source: np.ndarray, painted: np.ndarray) -> np.ndarray:
        """Smooth the next frame; one of another size begins another scene.

        Args:
            source: the frame that was painted, uint8 RGB or RGBA, `(H, W, 3 or 4)`.
            painted: the same, of the same size; its transparency stays.
        """
        alpha = painted[..., 3:]
        source, painted = (np.ascontiguousarray(it[..., :3]) for it in (source, painted))
        before, motion = self._source, None
        if before is not None and before.shape == source.shape:
            motion = find_motion(before, source, self.side)
        smoothed = painted.astype(np.float32)
        if motion is not None:
            share = self.strength * motion.trust[..., None]
            smoothed += share * (motion.warp(self._smoothed) - smoothed)
        result = np.rint(smoothed).clip(0, 255).astype(np.uint8)
        if motion is not None:
            self._measured[0] += flicker(self._painted, painted, motion)
            self._measured[1] += flicker(self._result, result, motion)
            self._pairs += 1
        # not rounded: small differences would stay for ever
        self._source, self._painted, self._smoothed = source, painted, smoothed
        self._result = result
        return np.concatenate([result, alpha], -1)

    @property
    def flicker(self) -> Flicker | None:
        """Mean of `flicker` over the frames so far, without and with smoothing."""
        return Flicker(*(sum_ / self._pairs for sum_ in self._measured)) if self._pairs else None
