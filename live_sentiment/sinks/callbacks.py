"""Callbacks of a program, as a transport of an outlet: called one at a time, on the outlet's thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from live_sentiment.core.types import Event, TimelinePoint, Transcript, Word

if TYPE_CHECKING:
    from live_sentiment.timeline.timeline import Segment

_log = logging.getLogger("live_sentiment")


class Callbacks:
    """Calls what a program wants called; one that raises is reported once and not called any more."""

    def __init__(
        self,
        provisional: bool,
        on_point: Callable[[TimelinePoint], object] | None,
        on_words: Callable[[tuple[Word, ...]], object] | None,
        on_segment: Callable[[Segment], object] | None,
        on_event: Callable[[Event], object] | None,
    ) -> None:
        self._provisional = provisional
        self._wanted: dict[str, Callable[[Any], object] | None] = {
            "on_point": on_point,
            "on_words": on_words,
            "on_segment": on_segment,
            "on_event": on_event,
        }
        self._trouble: Callable[[str], None] = lambda message: None

    def begin(self, now_s: Callable[[], float], trouble: Callable[[str], None]) -> None:
        """Take where to report a callback that raises."""
        self._trouble = trouble

    def point(self, point: TimelinePoint) -> None:
        """A tick."""
        if point.final or self._provisional:
            self._call("on_point", point)

    def segment(self, segment: Segment) -> None:
        """An episode or a turning point."""
        self._call("on_segment", segment)

    def event(self, event: Event) -> None:
        """Something that happened."""
        self._call("on_event", event)

    def words(self, transcript: Transcript) -> None:
        """Words; the callback gets the newly committed ones."""
        if transcript.committed:
            self._call("on_words", transcript.committed)

    def close(self, *, complete: bool) -> None:
        """Nothing to let go of."""

    def _call(self, name: str, told: object) -> None:
        wanted = self._wanted[name]
        if wanted is None:
            return
        try:
            wanted(told)
        except BaseException as error:
            self._wanted[name] = None
            message = f"{name} raised {type(error).__name__} and is not called any more"
            _log.exception(message)
            self._trouble(message)
