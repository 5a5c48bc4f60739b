"""How times and figures are written on the page."""

from __future__ import annotations

_SPACE = "\N{NO-BREAK SPACE}"


def moment(time_s: float) -> str:
    """Minutes and seconds with tenths, and hours where there are any: 0:07.5, 1:02:03.0."""
    minutes, tenths = divmod(round(time_s * 10), 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{tenths // 10:02}.{tenths % 10}"
    return f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"


def length(duration_s: float) -> str:
    """A duration, with tenths where it is short: 0.5 s, 14 s, 3 min 20 s, 1 h 05 min."""
    if 0 < duration_s < 9.95:
        return f"{duration_s:.1f}{_SPACE}s"
    seconds = round(duration_s)
    if seconds < 60:
        return f"{seconds}{_SPACE}s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}{_SPACE}min {seconds:02}{_SPACE}s"
    hours, minutes = divmod(round(duration_s / 60), 60)
    return f"{hours}{_SPACE}h {minutes:02}{_SPACE}min"


def percent(part: float) -> str:
    """A part in [0, 1] as a percentage."""
    return f"{round(part * 100)}{_SPACE}%"


def signed(value: float) -> str:
    """A value in [-1, 1] with its sign and two decimals."""
    return f"{value + 0.0:+.2f}".replace("-", "−")
