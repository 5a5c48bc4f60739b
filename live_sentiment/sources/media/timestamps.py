"""Timestamps of packets as claims: which are believed, which are repaired, and where a new clock begins.

A stamp that leaps is not believed until those behind it agree: the packets that follow are held back and
looked at. Four things look alike at first:

- **false stamps**, of one packet, or of all in one cluster or PES packet: the stream comes back to where it
  was due. What was due takes their place.
- **a hole**: the stream goes on from the later time. It is left as it is.
- **another clock**, where recordings were joined or a counter was reset: time goes back, or forward by more
  than any hole. What follows is shifted, all streams alike, so that it joins what came before.
- **sound that comes twice**: it goes back by less than a second and is left to whoever counts samples.

A presentation time is believed if it lies behind its own decoding time, and not behind those of all packets
that a decoder could have to wait for (ITU-T H.264, max_num_reorder_frames).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from live_sentiment.sources.media.claims import Claim, Settled, comes_back, first_time

RESTART_S = Fraction(1)
"""A stream whose decoding timestamps go back by more than this, and stay there, has started over."""
HELD_S = Fraction(10)
"""So much of a stream is looked at before a leap is believed: more than the clusters and fragments that
recorders write."""
_HELD_PACKETS = 3000
_HELD_BYTES = 32 * 2**20
_LONGEST_HOLE_S = {False: Fraction(3600), True: Fraction(600)}
"""A longer leap forward is no hole; by whether the format's clock may change."""
_BEYOND_END_S = Fraction(1)
_IN_STEP_S = Fraction(10)
"""Streams that change to another clock by so much apart change to the same one."""
_STAMPED_S = Fraction(1, 2)
"""An MPEG stream stamps its sound at least this often; what is between is counted by FFmpeg, in the first
format that it met, so that the stamps leap where the sound has another one."""
_REORDERED = 17
"""No decoder holds back more frames than that."""
_USUAL_S = Fraction(1, 50)
"""Taken for the duration of a packet that states none, where it is only a matter of how long to wait."""


@dataclass(slots=True)
class _Line:
    """Where a stream is."""

    tolerance: Fraction
    """A step that differs from the duration by less is no leap."""
    due: Fraction | None = None
    """When the next packet is due."""
    step: Fraction = Fraction(0)
    """From one packet to the next ..."""
    observed: Fraction = Fraction(0)
    """... as it was observed last. Where no durations are stated, the smaller of the last two counts."""
    part: int = 0
    """Which clock it follows."""
    delay: Fraction | None = None
    """Presentation less decoding time of the last packet believed."""
    held: Fraction = Fraction(0)
    """Duration of what is held back of it ..."""
    held_count: int = 0
    """... and how many packets that are."""


class TimestampRepair:
    """Settles the times of packets, in the order in which they come.

    Args:
        tolerance: of each stream, in seconds: how far a stamp may be off what was due without being a leap.
        length: session time of the end as the file states it; None where it does not.
        clock_may_change: whether the format is one whose clock may be replaced by another (MPEG's streams).
    """

    def __init__(
        self,
        tolerance: dict[int, Fraction],
        *,
        length: Fraction | None = None,
        clock_may_change: bool = False,
    ) -> None:
        self._lines = {stream: _Line(seconds) for stream, seconds in tolerance.items()}
        self._length, self._clock_may_change = length, clock_may_change
        self._queue: deque[Claim] = deque()
        self._bytes = 0
        self._shifts = [Fraction(0)]
        self._reached = Fraction(0)

    def add(self, claim: Claim) -> Iterator[Settled]:
        """Take the next packet; gives those that are settled by now."""
        self._queue.append(claim)
        self._bytes += claim.size
        line = self._lines[claim.stream]
        line.held += claim.duration or _USUAL_S
        line.held_count += 1
        yield from self._settle(last=False)

    def finish(self) -> Iterator[Settled]:
        """No more will come."""
        yield from self._settle(last=True)

    def _settle(self, *, last: bool) -> Iterator[Settled]:
        while self._queue:
            head = self._queue[0]
            line = self._lines[head.stream]
            if not last and not self._decidable(head, line):
                return
            settled = self._decide(head, line, self._later(head), last=last)
            self._queue.popleft()
            self._bytes -= head.size
            line.held -= head.duration or _USUAL_S
            line.held_count -= 1
            yield settled

    def _decidable(self, head: Claim, line: _Line) -> bool:
        if head.dts is None:
            return True
        if self._in_line(self._off(head, line), line) and self._usual(head, line):
            return True
        return (
            (line.due is None and line.held_count > 2)
            or (self._in_line(self._off(head, line), line) and line.held_count > _REORDERED)
            or line.held > HELD_S
            or len(self._queue) > _HELD_PACKETS
            or self._bytes > _HELD_BYTES
            or any(other.held > HELD_S for other in self._lines.values())
        )

    def _later(self, head: Claim) -> Iterator[Claim]:
        return (
            claim
            for claim in islice(self._queue, 1, None)
            if claim.stream == head.stream and claim.dts is not None
        )

    def _off(self, claim: Claim, line: _Line) -> Fraction | None:
        """By how much it is later than due; None where nothing is due yet."""
        if line.due is None or claim.dts is None:
            return None
        return claim.dts + self._shifts[line.part] - line.due

    @staticmethod
    def _in_line(off: Fraction | None, line: _Line) -> bool:
        return off is not None and abs(off) <= line.tolerance

    @staticmethod
    def _usual(claim: Claim, line: _Line) -> bool:
        """Whether its presentation time is about as far from the decoding time as the last one's."""
        if claim.pts is None or claim.dts is None or line.delay is None:
            return True
        return abs(claim.pts - claim.dts - line.delay) <= RESTART_S

    def _decide(self, head: Claim, line: _Line, later: Iterator[Claim], *, last: bool) -> Settled:
        shift = self._shifts[line.part]
        if head.dts is None:
            if line.due is None and head.pts is None:
                line.due = Fraction(0)  # Matroska's times before zero reach nobody: it begins where it begins
            return self._place(head, line, line.due, shift, last=last)
        off = self._off(head, line)
        if off is None:
            return self._first(head, line, list(islice(later, 2)), last=last)
        if self._in_line(off, line):
            return self._place(head, line, head.dts + shift, shift, last=last)
        following = list(later)
        if comes_back(off, head, following, line.tolerance) or (
            last and not following and not self._credible_end(head.dts + shift, off)
        ):
            return self._place(head, line, line.due, shift, last=last, false=True)
        if -RESTART_S <= off < 0 or (off > 0 and self._is_hole(head.dts + shift, off)):
            return self._place(head, line, head.dts + shift, shift, last=last)
        restarted = self._begin_part(head.dts, line, alone=off > 0 and not self._clock_may_change)
        shift = self._shifts[line.part]
        return self._place(head, line, head.dts + shift, shift, last=last, restarted=restarted)

    def _first(self, head: Claim, line: _Line, following: list[Claim], *, last: bool) -> Settled:
        """The first stamp of a stream is false if what is behind it contradicts it."""
        times = [claim.dts for claim in (head, *following) if claim.dts is not None]
        others = [c.dts for c in self._queue if c.stream != head.stream and c.dts is not None]
        shift, time = self._shifts[line.part], first_time(times, others)
        if following and following[-1].pts is not None and following[-1].dts is not None:
            line.delay = following[-1].pts - following[-1].dts
        return self._place(head, line, time + shift, shift, last=last, false=time != times[0])

    def _place(
        self,
        head: Claim,
        line: _Line,
        dts: Fraction | None,
        shift: Fraction,
        *,
        last: bool,
        false: bool = False,
        restarted: bool = False,
    ) -> Settled:
        if head.duration:
            line.step = head.duration
        elif dts is not None and line.due is not None and not false:
            observed = min(max(dts - line.due + line.step, Fraction(0)), RESTART_S)
            line.step, line.observed = min(observed, line.observed or observed), observed
        pts = None
        if head.pts is not None:
            pts = head.pts + shift
            if dts is not None and head.dts is not None:
                pts = self._presentation(head, line, dts, shift, last=last)
                false = false or pts is None
        if dts is not None:
            line.due = dts + line.step
            self._reached = max(self._reached, line.due)
        return Settled(head, dts if head.dts is not None else None, pts, false, restarted)

    def _presentation(
        self, head: Claim, line: _Line, dts: Fraction, shift: Fraction, *, last: bool
    ) -> Fraction | None:
        """When it is shown; None where what is stated cannot be."""
        assert head.pts is not None
        assert head.dts is not None
        if line.delay is None:
            line.delay = head.pts - head.dts
        usual = dts + line.delay
        # Where the decoding time is false, the presentation time may be so as well, or not.
        candidates = {head.pts + shift, head.pts - head.dts + dts}
        for pts in sorted(candidates, key=lambda pts: abs(pts - usual)):
            unusual = abs(pts - usual) > RESTART_S
            if not unusual or self._waited_for(head, dts, pts, shift, last=last):
                line.delay = pts - dts
                return pts
        return None

    def _waited_for(self, head: Claim, dts: Fraction, pts: Fraction, shift: Fraction, *, last: bool) -> bool:
        """Whether a decoder that holds back this picture, as long as it may, shows it in time."""
        if pts < dts:
            return False
        waiting = list(islice(self._later(head), _REORDERED))
        if last and len(waiting) < _REORDERED and self._length is not None:
            return pts <= self._length + _BEYOND_END_S
        return any(claim.dts + shift >= pts for claim in waiting if claim.dts is not None)

    def _is_hole(self, time: Fraction, off: Fraction) -> bool:
        """Whether a leap forward that lasts is a hole in the recording, and not another clock."""
        if self._length is not None:
            return time <= self._length + _BEYOND_END_S
        return off <= _LONGEST_HOLE_S[self._clock_may_change]

    def _credible_end(self, time: Fraction, off: Fraction) -> bool:
        """Whether the last stamp of a stream, which leaps, may be true: nothing behind it can tell."""
        if self._clock_may_change and abs(off) <= _STAMPED_S:
            return True
        if off < 0:
            return False
        return self._length is not None and time <= self._length + _BEYOND_END_S

    def _begin_part(self, dts: Fraction, line: _Line, *, alone: bool) -> bool:
        """The stream follows the next clock; whether that is a new one, not one that another stream began."""
        due = line.due
        assert due is not None
        for part in range(line.part + 1, len(self._shifts)):
            if abs(dts + self._shifts[part] - due) <= _IN_STEP_S:
                line.part = part
                return False
        line.part = len(self._shifts)
        self._shifts.append((due if alone else self._reached) - dts)
        return True
