"""One session: threads from a feed through perception to the analysis, with start, stop and failure.

A feed (a file's decoder, or camera and microphone) fills two bounded channels from threads of its own;
pictures, sound and speech are perceived on a thread each, which live here; everything they say goes through
one more channel to the thread that called `run`, where the analysis lives.

With files every channel waits, so nothing is dropped and thread timing changes no result. Live, the oldest
picture gives way to a new one, and sound that cannot be analysed in time is let go in one stretch, which is
announced; it never gives way silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from live_sentiment.analysis import Analysis
from live_sentiment.sources.feed import Feed, Outlets
from live_sentiment.streams.channel import Channel, Full
from live_sentiment.streams.gauges import Gauges
from live_sentiment.streams.worker import Worker, described
from live_sentiment.types import (
    Absence,
    AudioBlock,
    Bound,
    Event,
    Modality,
    SpeechActivity,
    StageOutput,
    Transcript,
    VideoFrame,
)

if TYPE_CHECKING:
    from live_sentiment.perception.face.analyze import Box
    from live_sentiment.stages import Stages

FRAMES = 16
"""Pictures that may wait between a file's decoder and the face stage."""
SOUND_S = 8.0
"""Sound of a file that may wait before the voice stage, and again before the transcriber."""
LIVE_FRAMES = 6
"""Pictures that may wait in a live session: half a second at the rate at which they are looked at."""
FRAME_BYTES = 64 * 2**20
"""What waiting pictures may take: ten of 1920 × 1080, fewer of larger ones."""
BLOCKS = 1000
"""Sound is bounded in seconds; this many blocks, with or without samples, are never reached before."""
MESSAGES = 256
"""Stage outputs that may wait for the analysis."""

STAGES_BY_THREAD = (
    ("face",),
    ("voice activity", "voice"),
    ("speech to text", "text"),
    ("fusion", "sinks"),
)
"""Which gauges time the work of which thread: they run side by side, and the busiest sets the pace."""

JOIN_S = 10.0
"""A thread that has not ended so long after the session is left behind; it is a daemon."""

Message = Callable[[], None]


class Session:
    """Analyses one feed to its end.

    Args:
        feed: gives pictures and sound.
        stages: loaded perception; it is reset first.
        analysis: receives what the stages say; its sinks tell the results.
        gauges: observe queues and stages, by the clock that everything waits on.
        backlog_s: the most that may wait, in seconds of media, before something is let go; None lets nothing
            go and makes the feed wait.
        on_look: told each picture looked at and every face in it, from the thread that looks.
        on_message: called from the thread of `run` after whatever a stage had to say.
    """

    def __init__(
        self,
        feed: Feed,
        stages: Stages,
        analysis: Analysis,
        gauges: Gauges,
        *,
        backlog_s: float | None = None,
        on_look: Callable[[VideoFrame, Sequence[Box]], None] | None = None,
        on_message: Callable[[], None] | None = None,
    ) -> None:
        self._feed, self._stages, self._analysis = feed, stages, analysis
        self._gauges = gauges
        self._on_look, self._on_message = on_look, on_message
        live = backlog_s is not None
        # Half of what may wait belongs to the passes under way: a third is left to each channel.
        sound_s = SOUND_S if backlog_s is None else backlog_s / 3
        self._frames: Channel[VideoFrame | Bound] = Channel(
            LIVE_FRAMES if live else FRAMES,
            Full.DROP_OLDEST if live else Full.WAIT,
            capacity_bytes=FRAME_BYTES,
            size_bytes=_bytes,
            gauge=gauges.queue("frames"),
            clock=gauges.clock,
        )
        self._sound: Channel[AudioBlock] = Channel(
            BLOCKS,
            Full.DROP_ALL if live else Full.WAIT,
            capacity_s=sound_s,
            duration_s=_length_s,
            on_drop=self._announce_lost,
            gauge=gauges.queue("sound"),
            clock=gauges.clock,
        )
        self._speech: Channel[tuple[AudioBlock, SpeechActivity]] = Channel(
            BLOCKS,
            capacity_s=sound_s,
            duration_s=lambda item: _length_s(item[0]),
            gauge=gauges.queue("speech"),
            clock=gauges.clock,
        )
        self._messages: Channel[Message] = Channel(
            MESSAGES, gauge=gauges.queue("messages"), clock=gauges.clock
        )
        self._positions: dict[Modality, float] = {}
        """Of the streams that have not ended."""
        self._ended_s = 0.0

    @property
    def positions_s(self) -> Mapping[Modality, float]:
        """Session time up to which each stream that has not ended has been perceived."""
        return dict(self._positions)

    @property
    def position_s(self) -> float:
        """Session time up to which every stream has been perceived."""
        return min(self.positions_s.values(), default=self._ended_s)

    def run(self) -> None:
        """Analyse everything; returns when every stream has ended and every sink is closed.

        Whatever ends it early, Ctrl-C included, the sinks are told and closed first.

        Raises:
            RunError: a sink cannot go on (disk full). What was written stays.
        """
        self._stages.reset()
        clock = self._gauges.clock
        workers = [Worker(work.__name__.strip("_"), work, clock=clock) for work in self._works()]
        complete = False
        try:
            for worker in workers:
                worker.start()
            self._feed.start(Outlets(self._frames, self._sound, self.event, self.absent, self.back))
            while not self._analysis.complete:
                self._messages.get()()
                if self._on_message is not None:
                    self._on_message()
            complete = True
        finally:
            self._feed.stop()
            for channel in (self._frames, self._sound, self._speech, self._messages):
                channel.cancel()
            self._feed.join()
            for worker in workers:
                worker.join(JOIN_S)
            self._analysis.finish(complete=complete)

    def absent(self, absence: Absence) -> None:
        """A modality is missing from a moment on; from any thread."""
        self._tell(partial(self._analysis.absent, absence))

    def back(self, modality: Modality, reason: str, at_s: float) -> None:
        """It is back; from any thread."""
        self._tell(partial(self._analysis.back, modality, reason, at_s))

    def _works(self) -> Iterator[Callable[[], None]]:
        if "vision" not in self._feed.absent:
            yield self._look
        if "voice" not in self._feed.absent:
            yield self._listen
            yield self._transcribe

    def _look(self) -> None:
        looking = self._gauges.stage("face")
        with self._stream("vision", self._frames, "video ended") as reach:
            for frame in self._frames:
                if isinstance(frame, Bound):
                    say = partial(self._analysis.observe, "vision", StageOutput((), frame.time_s))
                else:
                    looked_at = self._stages.face.frames_looked_at
                    with looking.timed():
                        output = self._stages.face(frame)
                    if self._on_look is not None and self._stages.face.frames_looked_at > looked_at:
                        self._on_look(frame, self._stages.face.boxes)
                    say = partial(self._analysis.look, frame.time_s, output)
                reach(frame.time_s)
                self._say(say)

    def _listen(self) -> None:
        with self._stream("voice", self._sound, "sound ended") as reach:
            end_s = 0.0
            for block in self._sound:
                self._hear(block, self._detect(block))
                end_s = block.end_s
                reach(end_s)
            tail = AudioBlock(np.zeros(0, np.float32), end_s)
            self._hear(tail, self._stages.activity.finish())
            self._say(partial(self._analysis.observe, "voice", self._stages.voice.finish()))
        self._speech.close()

    def _detect(self, block: AudioBlock) -> SpeechActivity:
        with self._gauges.stage("voice activity").timed():
            return self._stages.activity(block)

    def _hear(self, block: AudioBlock, activity: SpeechActivity) -> None:
        with self._gauges.stage("voice").timed():
            output = self._stages.voice(block, activity)
        self._say(partial(self._analysis.hear, activity, output))
        self._speech.put((block, activity))

    def _transcribe(self) -> None:
        hearing = self._gauges.stage("speech to text")
        with self._stream("text", self._speech, "sound ended") as reach:
            for block, activity in self._speech:
                with hearing.timed():
                    transcript = self._stages.transcriber(block, activity)
                reach(block.end_s)
                if transcript is not None:
                    self._read(transcript)
            with hearing.timed():
                transcript = self._stages.transcriber.finish()
            self._read(transcript)

    def _read(self, transcript: Transcript) -> None:
        with self._gauges.stage("text").timed():
            output = self._stages.text(transcript.committed)
        self._say(partial(self._analysis.read, transcript, output))

    @contextmanager
    def _stream(
        self, modality: Modality, channel: Channel[Any], ended: str
    ) -> Iterator[Callable[[float], None]]:
        """Run a worker's loop; when it ends or fails, say so and let the other streams go on."""
        self._positions[modality] = 0.0

        def reach(time_s: float) -> None:
            self._positions[modality] = time_s

        reason = ended
        try:
            yield reach
        except BaseException as error:
            reason = f"{modality} failed"
            at_s = self._positions[modality]
            message = f"{reason} at {at_s:.2f} s and is absent from there on: {described(error)}"
            self.event(Event(at_s, "stage-failed", message))
            channel.cancel()
        end_s = self._positions.pop(modality)
        self._ended_s = max(self._ended_s, end_s)
        self._say(partial(self._analysis.end, modality, end_s, reason))

    def event(self, event: Event) -> None:
        """Something that happened; from any thread."""
        self._tell(partial(self._analysis.event, event))

    def _say(self, message: Message) -> None:
        self._messages.put(message)

    def _tell(self, message: Message) -> None:
        """Without waiting: by a thread that captures, or by a sink on the very thread that takes messages."""
        self._messages.put(message, wait=False)

    def _announce_lost(self, blocks: Sequence[AudioBlock]) -> None:
        """Sound that was let go, in one stretch: what follows treats it as missing."""
        length_s = sum(map(_length_s, blocks))
        if length_s:
            message = f"{length_s:.1f} s of sound were not analysed: the computer cannot keep up"
            self.event(Event(blocks[0].start_s, "overload", message))


def _length_s(block: AudioBlock) -> float:
    return block.end_s - block.start_s


def _bytes(frame: VideoFrame | Bound) -> int:
    return frame.image.nbytes if isinstance(frame, VideoFrame) else 0
