"""Finds what hangs: a call of a stage that does not return, in a driver or a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from live_sentiment.core.clock import Clock
from live_sentiment.streams.gauges import Gauges

Group = TypeVar("Group")

TICK_S = 0.5
"""Time between two looks."""


class Watchdog(Generic[Group]):
    """Looks now and then whether one call has been under way for too long.

    Only time counts in which the watchdog itself runs: a process that was stopped, or a machine that is too
    busy to run anything, has not hung.

    Args:
        gauges: of the stages.
        groups: names of the stages of each group; no two of a group run at once.
        bound_s: a call that takes longer hangs.
        clock: measures it.
    """

    def __init__(
        self, gauges: Gauges, groups: Mapping[Group, Sequence[str]], bound_s: float, clock: Clock
    ) -> None:
        self._stages = {group: [gauges.stage(name) for name in names] for group, names in groups.items()}
        self._bound_s, self._clock = bound_s, clock
        self._looked_s = clock.now_s()
        self._calls: dict[Group, tuple[float, float]] = {}
        """When the call under way began, and for how long it was seen to last."""
        self._hanging: set[Group] = set()

    def look(self) -> Iterator[tuple[Group, bool]]:
        """The groups of which it has changed whether they hang."""
        now_s = self._clock.now_s()
        passed_s, self._looked_s = min(now_s - self._looked_s, 2 * TICK_S), now_s
        for group, stages in self._stages.items():
            began_s = next((s.began_s for s in stages if s.began_s is not None), None)
            before_s, lasted_s = self._calls.pop(group, (None, 0.0))
            if began_s is not None:
                lasted_s = lasted_s + passed_s if began_s == before_s else 0.0
                self._calls[group] = began_s, lasted_s
            hangs = began_s is not None and lasted_s >= self._bound_s
            if hangs != (group in self._hanging):
                self._hanging ^= {group}
                yield group, hangs
