"""Fusion for live sessions: a window that cannot be fused has no result, and the session goes on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from live_sentiment.core.types import Affect, Window
from live_sentiment.streams.worker import described

AGAIN_S = 60.0
"""Failures are announced no oftener than this, in session time."""

Fuse: TypeAlias = Callable[[Window, int | None], Affect | None]


class TolerantFusion:
    """Passes windows on to a fusion; one that it fails on counts as one without anything in it.

    Args:
        fusion: the one that may fail.
        on_failure: told the end of the window, in seconds of session time, and what went wrong.
    """

    def __init__(self, fusion: Fuse, on_failure: Callable[[float, str], None]) -> None:
        self._fusion, self._on_failure = fusion, on_failure
        self._announced_s = -math.inf

    def __call__(self, window: Window, person: int | None) -> Affect | None:
        """Affect of the window; None where nothing is known of it."""
        try:
            return self._fusion(window, person)
        except Exception as error:
            if window.end_s - self._announced_s >= AGAIN_S:
                self._announced_s = window.end_s
                self._on_failure(window.end_s, described(error))
            return None
