"""When a live session must give up quality to keep up, and when it may have it back."""

from __future__ import annotations

import math

from live_sentiment.core.config import OverloadConfig


class LoadGovernor:
    """Steps quality down while the backlog is high and up again once it has long been low.

    Where something was let go because the backlog was full, that counts as high for `patience_s`, though the
    backlog itself has shrunk by it.

    Down after `patience_s` above `step_down_s`, up after `recovery_s` below `step_up_s`; between the two
    thresholds nothing changes. A step up that leads straight back down makes the next recovery twice as
    long (up to sixteen times), so that a load right at the limit does not make quality swing.

    Args:
        config: the thresholds.
        steps: how many steps down there are.
    """

    _LONGEST_RECOVERY = 16

    def __init__(self, config: OverloadConfig, steps: int) -> None:
        self._config, self._steps = config, steps
        self._level = 0
        self._since_s: float | None = None
        """When the backlog crossed the threshold that it is beyond now."""
        self._beyond = 0
        """1 above the upper threshold, −1 below the lower one, 0 between them."""
        self._lost_s = -math.inf
        """When something was last let go."""
        self._recovery = 1
        self._raised_s: float | None = None

    @property
    def level(self) -> int:
        """Steps down taken: 0 is full quality."""
        return self._level

    def observe(self, now_s: float, backlog_s: float, *, lost: bool = False) -> int:
        """Take the backlog of this moment, in seconds of media; returns the level from now on.

        `lost`: something was let go since the last time.
        """
        if lost:
            self._lost_s = now_s
        if now_s - self._lost_s < self._config.patience_s:
            backlog_s = math.inf
        beyond = (backlog_s > self._config.step_down_s) - (backlog_s < self._config.step_up_s)
        if beyond != self._beyond or self._since_s is None:
            self._beyond, self._since_s = beyond, now_s
        for_s = now_s - self._since_s
        if beyond > 0 and for_s >= self._config.patience_s and self._level < self._steps:
            self._step(now_s, down=True)
        elif beyond < 0 and self._level and for_s >= self._config.recovery_s * self._recovery:
            self._step(now_s, down=False)
        return self._level

    def _step(self, now_s: float, *, down: bool) -> None:
        if down:
            relapse = self._raised_s is not None and now_s - self._raised_s < self._config.recovery_s
            self._recovery = min(2 * self._recovery, self._LONGEST_RECOVERY) if relapse else 1
            self._level += 1
        else:
            self._level -= 1
            self._raised_s = now_s
        self._since_s = now_s
