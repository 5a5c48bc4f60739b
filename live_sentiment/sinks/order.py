"""Which of many timed things fit together, where some state a false time.

One false time costs the thing that states it, and none of those around it: what is kept is always the largest
set that is consistent.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence


def out_of_order(times_s: Sequence[float]) -> list[int]:
    """The places that must be left out for the others to rise strictly; as few as possible.

    The rest is a longest increasing subsequence (Fredman 1975), in O(n log n).
    """
    ends_s, ends, before = array("d"), array("q"), array("q")
    for place, time_s in enumerate(times_s):
        length = bisect_left(ends_s, time_s)
        before.append(ends[length - 1] if length else -1)
        if length == len(ends):
            ends.append(place)
            ends_s.append(time_s)
        elif time_s < ends_s[length]:  # of two that are the same the first stays
            ends[length], ends_s[length] = place, time_s
    if len(ends) == len(times_s):
        return []
    kept = bytearray(len(times_s))
    place = ends[-1] if ends else -1
    while place >= 0:
        kept[place] = 1
        place = before[place]
    return [place for place, keep in enumerate(kept) if not keep]


def overlapping(stretches: Sequence[tuple[float, float]]) -> list[int]:
    """The places of stretches (start, end) to leave out for no two to overlap; as few as possible."""
    left_out: list[int] = []
    reached_s = float("-inf")
    # Taking what ends first leaves the most room for the rest.
    for place in sorted(range(len(stretches)), key=lambda place: stretches[place][1]):
        start_s, end_s = stretches[place]
        if start_s < reached_s:
            left_out.append(place)
        else:
            reached_s = end_s
    return sorted(left_out)
