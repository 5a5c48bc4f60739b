"""Everything behind perception: windows, fusion, timeline and sinks, as a pure function of stamped items.

Called from one thread. Nothing here looks at a clock: the same items give the same finals, in the same order,
however the streams interleave on their way in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from live_sentiment.align.aligner import WindowAligner
from live_sentiment.align.finite import FiniteOnly
from live_sentiment.core.types import (
    MODALITIES,
    Absence,
    Affect,
    Event,
    Modality,
    SpeechActivity,
    StageOutput,
    TimelinePoint,
    Transcript,
    Window,
)
from live_sentiment.fusion.speaker import SpeakerSelector, people
from live_sentiment.fusion.tolerant import Fuse
from live_sentiment.sinks.protocol import Sink
from live_sentiment.streams.gauges import Gauges
from live_sentiment.timeline.timeline import Timeline

NOT_UNDERSTOOD = "not understood"
"""Why words are absent that are too unlikely to have been said, as those of another language are."""

SKIPPED = "not analysed: overload"
"""Why a modality is absent that was captured and not analysed, because the computer cannot keep up."""

ROUNDING_S = 1e-6


class Analysis:
    """Takes what perception says, in any interleaving of the streams, and tells the sinks the story.

    Args:
        aligner, fusion, timeline: the parts, fresh or reset.
        sinks: who is told; each hears finals in order, and provisionals as they come.
        absent: modalities that never come, with the reason.
        gauges: observes the time spent.
    """

    def __init__(
        self,
        aligner: WindowAligner,
        fusion: Fuse,
        timeline: Timeline,
        sinks: Sequence[Sink],
        *,
        absent: Mapping[Modality, str],
        gauges: Gauges,
    ) -> None:
        self._aligner, self._fusion, self._timeline = aligner, fusion, timeline
        self._finite = FiniteOnly()
        self._speaker = SpeakerSelector()
        self._sinks = sinks
        self._open = set(MODALITIES) - set(absent)
        self._skipped_s: dict[Modality, float] = {}
        """Up to where a modality was skipped: what comes of it all the same comes too late."""
        self._events: list[Event] = []
        self._fusing = gauges.stage("fusion")
        self._writing = gauges.stage("sinks")
        self._clock = gauges.clock
        self.first_result_s: float | None = None
        """Clock time at which the first point was told, for the bench."""

    @property
    def complete(self) -> bool:
        """Whether every stream has been closed."""
        return not self._open

    def observe(self, modality: Modality, output: StageOutput) -> None:
        """Take a stage's output of one modality and its watermark."""
        for event in output.events:
            self.event(event)
        skipped_s = self._skipped_s.get(modality, -math.inf)
        finite = self._finite.observations(output.observations)
        self._aligner.add(*(item for item in finite if item.time_s > skipped_s))
        self._aligner.advance(modality, output.watermark_s)
        self._publish()

    def look(self, time_s: float, output: StageOutput) -> None:
        """Take the face stage's output of the frame of this session time."""
        self._aligner.frame_seen(time_s)
        self.observe("vision", output)

    def hear(self, activity: SpeechActivity, output: StageOutput) -> None:
        """Take the voice stage's output together with the voice activity it rests on."""
        self._aligner.add(_behind(activity, self._skipped_s.get("voice", -math.inf)))
        self.observe("voice", output)

    def read(self, transcript: Transcript, output: StageOutput) -> None:
        """Take words, partial and committed, and the text stage's reading of the committed ones."""
        skipped_s = self._skipped_s.get("text", -math.inf)
        in_time = tuple(word for word in transcript.committed if not word.end_s <= skipped_s)
        transcript = replace(transcript, committed=self._finite.words(in_time))
        self._aligner.add(*transcript.committed)
        for since_s, understood in transcript.understood:
            self._note_understanding(since_s, understood)
        for sink in self._sinks:
            sink.words(transcript)
        self.observe("text", StageOutput(output.observations, transcript.watermark_s, output.events))

    def _note_understanding(self, since_s: float, understood: bool) -> None:
        if understood:
            self.back("text", NOT_UNDERSTOOD, since_s)
            self.event(Event(since_s, "understood", "what is said is understood again"))
        else:
            self.absent(Absence("text", since_s, NOT_UNDERSTOOD, masked=True))
            message = (
                "what is said is hardly understood and its words count for nothing until it is: "
                "another language than perception.speech.language, or no speech?"
            )
            self.event(Event(since_s, NOT_UNDERSTOOD.replace(" ", "-"), message))

    def event(self, event: Event) -> None:
        """Take an event; it is told before the first final that ends after it."""
        self._events.append(event)

    def absent(self, absence: Absence) -> None:
        """A modality is missing from a moment on: its device is lost, or it was switched off."""
        self._aligner.absent(absence)

    def back(self, modality: Modality, reason: str, at_s: float) -> None:
        """An absence, told by its reason, ends at session time `at_s`."""
        self._aligner.back(modality, reason, at_s)

    def missed(self, modality: Modality, start_s: float, end_s: float) -> None:
        """What was captured of a modality in this stretch of session time is not analysed."""
        self.absent(Absence(modality, start_s, SKIPPED))
        self.back(modality, SKIPPED, end_s)

    def skip(self, modality: Modality, start_s: float, end_s: float) -> None:
        """Likewise, and nothing of that time is waited for any more."""
        self.missed(modality, start_s, end_s)
        self.give_up(modality, end_s)

    def give_up(self, modality: Modality, end_s: float) -> None:
        """Nothing of a modality up to this session time is waited for any more."""
        self._skipped_s[modality] = end_s
        self._aligner.advance(modality, end_s)
        self._publish()

    def end(self, modality: Modality, end_s: float, reason: str) -> None:
        """Close a modality's stream at session time `end_s`."""
        self._aligner.close(modality, end_s, reason)
        self._open.discard(modality)
        self._publish()

    def finish(self, *, complete: bool) -> None:
        """Tell what is left and close the sinks; `complete` is False when the session was cut short."""
        for dropped, count in sorted(self._aligner.dropped.items()):
            self._events.append(Event(0.0, f"{dropped}-items", f"{count} {dropped} items were not used"))
        self._events += (*self._finite.events(), *self._finite.sums())
        told = False
        try:
            self._tell_events(float("inf"))
            segments = self._timeline.finish()
            for sink in self._sinks:
                for segment in segments:
                    sink.segment(segment)
            told = True
        finally:
            with ExitStack() as closing:
                for sink in self._sinks:
                    closing.callback(sink.close, complete=complete and told)

    def _publish(self) -> None:
        for window in self._aligner.windows():
            if window.final:
                self._publish_final(window)
            else:
                person = self._speaker.peek(window)
                fused, affect = self._fused(window, person)
                self._post(self._timeline.provisional(fused, affect, people(window, person)))

    def _publish_final(self, window: Window) -> None:
        person = self._speaker.select(window)
        window, affect = self._fused(window, person)
        point, segments = self._timeline.final(window, affect, people(window, person))
        self._tell_events(window.end_s)
        self._post(point)
        for sink in self._sinks:
            for segment in segments:
                sink.segment(segment)

    def _fused(self, window: Window, person: int | None) -> tuple[Window, Affect | None]:
        with self._fusing.timed():
            affect = self._fusion(window, person)
        window, affect = self._finite.fused(window, affect)
        self._events += self._finite.events()
        return window, affect

    def _post(self, point: TimelinePoint) -> None:
        if self.first_result_s is None:
            self.first_result_s = self._clock.now_s()
        with self._writing.timed():
            for sink in self._sinks:
                sink.point(point)

    def _tell_events(self, before_s: float) -> None:
        due = sorted((e for e in self._events if e.time_s < before_s), key=lambda e: (e.time_s, e.kind))
        self._events = [e for e in self._events if e.time_s >= before_s]
        for event in due:
            for sink in self._sinks:
                sink.event(event)


def _behind(activity: SpeechActivity, time_s: float) -> SpeechActivity:
    """The chunks that end later; what the sum of their lengths rounds away does not make one late."""
    ends_s = activity.start_s + activity.chunk_s * np.arange(1, len(activity.active) + 1)
    first = int(np.searchsorted(ends_s, time_s + ROUNDING_S))
    if not first:
        return activity
    start_s = activity.start_s + first * activity.chunk_s
    return replace(
        activity,
        start_s=start_s,
        probability=activity.probability[first:],
        active=activity.active[first:],
    )
