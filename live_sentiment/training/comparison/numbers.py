"""Numbers as tables have them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from live_sentiment.training.evaluation.intervals import Estimate

NOTHING = "–"


def percent(value: float | None, decimals: int = 1) -> str:
    """A share as percent, without the sign: "76.9"."""
    return NOTHING if value is None or not math.isfinite(value) else f"{100 * value:.{decimals}f}"


def number(value: float | None, decimals: int = 3) -> str:
    """A plain number."""
    return NOTHING if value is None or not math.isfinite(value) else f"{value:.{decimals}f}"


def spread(values: Sequence[float]) -> str:
    """Mean ± standard deviation over seeds (n − 1), in percent: "76.9 ± 0.4"; one seed has no deviation."""
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return NOTHING
    if len(known) == 1:
        return percent(known[0])
    return f"{100 * np.mean(known):.1f} ± {100 * np.std(known, ddof=1):.1f}"


def interval(estimate: Estimate, *, share: bool = True) -> str:
    """A figure with its interval: "76.9 [73.1, 80.2]" in percent, or as it is."""
    shown = percent if share else number
    if not math.isfinite(estimate.low):
        return shown(estimate.value)
    return f"{shown(estimate.value)} [{shown(estimate.low)}, {shown(estimate.high)}]"
