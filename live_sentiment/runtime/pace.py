"""How far each stream of a session has got, and what a live one skips so as not to fall behind."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from live_sentiment.core.clock import Clock
from live_sentiment.core.types import AudioBlock, Modality, SpeechActivity
from live_sentiment.runtime.skipping import UtteranceSkipper

VOICE_SHARE = 0.4
"""Part of the backlog that the voice may use up; its delay is the transcriber's too, which has the rest."""
TEXT_SHARE = 0.75
"""Part of the backlog that words may use up."""
OVERDUE_SHARE = 0.8
"""Part of the backlog from which on a stream is given up to the present, lest it exceed the whole."""
OVERDUE_AFTER_S = 0.1
"""It has to be behind for so long: after a while without anything, the time of a device leaps forward."""
LONGEST_SKIP_S: Mapping[Modality, float] = {"voice": 4.0, "text": 15.0}
"""Speech without a pause is skipped for so long at most."""


class Pace:
    """Positions of the streams, and the decisions that keep them within the backlog.

    Args:
        captured_s: session time up to which each stream has been captured.
        clock: of the session.
        backlog_s: the most that may have been captured and not yet perceived; None: whatever there is waits.
    """

    def __init__(
        self, captured_s: Callable[[], Mapping[Modality, float]], clock: Clock, backlog_s: float | None
    ) -> None:
        self._captured_s, self._clock = captured_s, clock
        self._overdue_s = math.inf
        self._skippers: dict[Modality, UtteranceSkipper] = {}
        if backlog_s is not None:
            self._overdue_s = OVERDUE_SHARE * backlog_s
            shares: Mapping[Modality, float] = {"voice": VOICE_SHARE, "text": TEXT_SHARE}
            for modality, share in shares.items():
                self._skippers[modality] = UtteranceSkipper(share * backlog_s, LONGEST_SKIP_S[modality])
        self._positions: dict[Modality, float] = {}
        self._overdue_since_s: dict[Modality, float] = {}
        self._given_up_s: dict[Modality, float] = {}
        self._ended_s = 0.0

    @property
    def positions_s(self) -> Mapping[Modality, float]:
        """Session time up to which each stream that has not ended has been perceived or skipped."""
        return dict(self._positions)

    @property
    def position_s(self) -> float:
        """Session time up to which every stream has been perceived or skipped."""
        return min(self.positions_s.values(), default=self._ended_s)

    @property
    def behind_s(self) -> Mapping[Modality, float]:
        """What has been captured of each stream and neither perceived nor skipped, in seconds of media."""
        captured_s = self._captured_s()
        return {
            modality: max(captured_s[modality] - position_s, 0.0)
            for modality, position_s in self.positions_s.items()
            if modality in captured_s
        }

    def reach(self, modality: Modality, time_s: float) -> None:
        """A stream has got so far; it never goes back."""
        self._positions[modality] = max(time_s, self._positions.get(modality, 0.0))

    def end(self, modality: Modality) -> None:
        """A stream has ended."""
        self._ended_s = max(self._ended_s, self._positions.pop(modality, 0.0))

    def skips(
        self,
        modality: Modality,
        block: AudioBlock,
        activity: SpeechActivity,
        waiting_s: float,
        upstream_s: float = 0.0,
    ) -> bool:
        """Whether a stage must skip a block of sound.

        Args:
            modality: what the stage gives.
            block, activity: the next ones.
            waiting_s: sound that waits for the stage behind the block.
            upstream_s: sound that waits for a stage before this one.
        """
        skipper = self._skippers.get(modality)
        if skipper is None:
            return False
        if self.is_given_up(modality, block.end_s):
            upstream_s = math.inf
        return skipper.skips(block, activity, waiting_s, upstream_s)

    @contextmanager
    def timed(self, modality: Modality) -> Iterator[None]:
        """Learn how long a stage takes for what happens inside."""
        start_s = self._clock.now_s()
        yield
        if modality in self._skippers:
            self._skippers[modality].took(self._clock.now_s() - start_s)

    def is_given_up(self, modality: Modality, time_s: float) -> bool:
        """Whether nobody waits any more for what a stream says of this moment."""
        return time_s <= self._given_up_s.get(modality, -math.inf)

    def overdue(self) -> Iterator[tuple[Modality, float, float]]:
        """Streams that are behind by nearly the whole backlog, each with the stretch that it is given up for.

        However long a stage takes for one item, the stream is at the present again.
        """
        now_s = self._clock.now_s()
        for modality, behind_s in self.behind_s.items():
            if behind_s <= self._overdue_s:
                self._overdue_since_s.pop(modality, None)
            elif now_s - self._overdue_since_s.setdefault(modality, now_s) >= OVERDUE_AFTER_S:
                start_s = self._positions[modality]
                self._given_up_s[modality] = start_s + behind_s
                self.reach(modality, start_s + behind_s)
                yield modality, start_s, start_s + behind_s
