"""What packets say of their times, before and after it was decided what to believe."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

_STEADY_S = Fraction(1)
"""A stream of pictures, whose durations may be anything, goes on steadily with steps of up to this."""

_STANDING_S = Fraction(60)
"""A first picture stands no longer than this."""


@dataclass(slots=True)
class Claim:
    """What one packet says of its time, in seconds of session time."""

    stream: int
    dts: Fraction | None
    pts: Fraction | None
    duration: Fraction
    """0 where unknown."""
    payload: Any = None
    size: int = 0
    """In bytes."""
    dts_s: float = field(init=False)
    duration_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.dts_s = math.nan if self.dts is None else float(self.dts)
        self.duration_s = float(self.duration)


@dataclass(frozen=True, slots=True)
class Settled:
    """A packet whose time is settled."""

    claim: Claim
    dts: Fraction | None
    pts: Fraction | None
    """None: none was stated, or what was stated is false."""
    false: bool = False
    """Whether a stamp was not believed."""
    restarted: bool = False
    """Whether another clock begins here."""


def first_time(times: list[Fraction], others: list[Fraction]) -> Fraction:
    """When a stream begins, as its first stamp says or, where that is false, as the next ones tell.

    A picture may stand for long at the beginning; so a first stamp that is too early is false only if another
    stream begins when the second one does, or if it is out of all proportion.

    Args:
        times: the first stamps of the stream, in seconds; one at least, and no more than three count.
        others: those of other streams.
    """
    first, *following = times[:3]
    if len(following) < 2:
        return first
    second, step = following[0], abs(following[1] - following[0])
    if step > _STEADY_S or abs(second - first) <= _STEADY_S + step:
        return first
    alone = not any(abs(other - first) <= _STEADY_S for other in others)
    beside = any(abs(other - second) <= _STEADY_S for other in others)
    if second < first or (alone and (beside or second - first > _STANDING_S)):
        return min(following) - step
    return first


def comes_back(off: Fraction, head: Claim, following: list[Claim], tolerance: Fraction) -> bool:
    """Whether the stream, after it has leapt by `off`, leaps back to where it was due.

    What is between is counted by its own steps, so that rounded durations do not add up.
    """
    # In floats: this may be asked of every packet, and microseconds do not matter.
    leapt, limit, left = float(off), float(tolerance), float(off)
    near, steady = min(limit, abs(leapt) / 2), max(limit, float(_STEADY_S))
    pictures = tolerance >= _STEADY_S
    before = head
    for index, claim in enumerate(following):
        leap = _leap(before, claim)
        before = claim
        if abs(leap) <= limit:
            continue
        left += leap
        contradicted = pictures and leapt > 0 and leap < 0 <= left + limit and left < leapt
        if abs(left) <= near or contradicted:
            after = following[index + 1 : index + 2]
            if all(abs(_leap(claim, another)) <= steady for another in after):
                return True
    return False


def _leap(before: Claim, claim: Claim) -> float:
    return claim.dts_s - before.dts_s - before.duration_s
