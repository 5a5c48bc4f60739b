"""What a live session does about load: quality goes down and up, and what is skipped is told."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from live_sentiment.core.config import OverloadConfig
from live_sentiment.core.types import MODALITIES, Event, Modality
from live_sentiment.runtime.degradation import Degradation
from live_sentiment.runtime.governor import LoadGovernor

BEGIN, OVER = "overload", "overload-over"
"""Kinds of the events."""

_SKIPPED = {
    "text": "words are skipped from here on, whole utterances at a time",
    "voice": "the voice is skipped from here on",
    "vision": "the face is skipped from here on",
}
_NOUNS = {"text": "words", "voice": "the voice", "vision": "the face"}
_JOINED_S = 0.05
"""Stretches closer together than this are one."""


@dataclass(slots=True)
class _Tally:
    stretches: int = 0
    seconds: float = 0.0
    end_s: float = -math.inf


class SkipLog:
    """Merges what is skipped under load into two events: one where it begins, one with the sum.

    Args:
        quiet_s: an overload is over when nothing has been skipped for so long.
    """

    def __init__(self, quiet_s: float) -> None:
        self._quiet_s = quiet_s
        self._tallies: dict[Modality, _Tally] = {}
        self._began_s = self._last_s = 0.0
        self.pieces = 0
        """Told so far, in the whole session."""

    def add(self, now_s: float, modality: Modality, start_s: float, end_s: float) -> Iterator[Event]:
        """A stretch of session time of one modality, or a piece of one, was skipped."""
        if not self._tallies:
            self._began_s = start_s
            yield Event(start_s, BEGIN, f"{_SKIPPED[modality]}: the computer cannot keep up")
        tally = self._tallies.setdefault(modality, _Tally())
        if start_s > tally.end_s + _JOINED_S:
            tally.stretches += 1
        tally.seconds += max(end_s - max(start_s, tally.end_s), 0.0)
        tally.end_s = max(tally.end_s, end_s)
        self._last_s = now_s
        self.pieces += 1

    def over(self, now_s: float, *, ended: bool = False) -> Iterator[Event]:
        """The sum, once nothing has been skipped for long enough, or the session has ended."""
        if self._tallies and (ended or now_s - self._last_s >= self._quiet_s):
            parts = [
                f"{_NOUNS[modality]} {tally.stretches} {'time' if tally.stretches == 1 else 'times'} "
                f"({tally.seconds:.1f} s)"
                for modality in MODALITIES
                if (tally := self._tallies.get(modality)) is not None
            ]
            until = "up to the end" if ended else "the computer keeps up again"
            message = f"{until}; skipped since {self._began_s:.1f} s: {', '.join(parts)}"
            yield Event(max(tally.end_s for tally in self._tallies.values()), OVER, message)
            self._tallies.clear()


class Overload:
    """Looks at the load now and then, and says what to tell.

    Args:
        config: the thresholds.
        quality: what can be given up before anything is skipped.
    """

    def __init__(self, config: OverloadConfig, quality: Degradation) -> None:
        self.quality = quality
        self._governor = LoadGovernor(config, len(quality))
        self._skips = SkipLog(config.recovery_s)
        self._lost = 0

    def skipped(self, now_s: float, modality: Modality, start_s: float, end_s: float) -> Iterator[Event]:
        """A stretch of session time of one modality was skipped."""
        return self._skips.add(now_s, modality, start_s, end_s)

    def observe(
        self, now_s: float, backlog_s: float, overruns: int, *, ended: bool = False
    ) -> Iterator[Event]:
        """Take the backlog of this moment and the items let go so far; quality follows."""
        lost = overruns + self._skips.pieces
        level = self._governor.observe(now_s, backlog_s, lost=lost > self._lost)
        self._lost = lost
        for said in self.quality.set_level(level):
            yield Event(now_s, "quality", said)
        yield from self._skips.over(now_s, ended=ended)
