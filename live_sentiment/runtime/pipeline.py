"""The threads of one session, from a feed through perception to the analysis: start, stop and failure.

A feed (a file's decoder, or camera and microphone) fills two bounded channels from threads of its own;
pictures, sound and speech are perceived on a thread each, which live here; everything they say goes through
one more channel to the thread that called `run`, where the analysis lives.

With files every channel waits, so nothing is dropped and thread timing changes no result. Live, nothing that
captures or listens waits for what is slower: the oldest picture gives way to a new one, words are skipped by
whole utterances, and the voice goes on where the words do not. A stream that falls behind all the same is
given up to the present (see `pace`). Nothing is skipped silently.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from live_sentiment.core.errors import describe
from live_sentiment.core.types import (
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
from live_sentiment.runtime.allocator import GIVE_BACK_EVERY_S, give_back_memory
from live_sentiment.runtime.analysis import Analysis
from live_sentiment.runtime.hanging import Hanging
from live_sentiment.runtime.pace import Pace
from live_sentiment.runtime.watchdog import TICK_S, Watchdog
from live_sentiment.sources.feed import Feed, FeedOutputs
from live_sentiment.streams.channel import Channel, Full
from live_sentiment.streams.gauges import Gauges
from live_sentiment.streams.worker import Worker, described

if TYPE_CHECKING:
    from live_sentiment.perception.face.analyze import Box
    from live_sentiment.runtime.stages import Stages

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
LIVE_SOUND_SHARE = 0.75
"""In a live session, the part of the backlog that sound may wait before the voice stage."""
LIVE_MESSAGES = 32
"""In a live session: a second of them."""
CUT_S = 0.1
"""A word that ends so shortly before the sound was cut off may have been cut itself."""
SKIPPED = "skipped"
"""Cause of a drop: the computer could not keep up, and the stage was not run."""

SOUND: tuple[Modality, ...] = ("voice", "text")
"""Modalities that sound carries."""
STAGES_BY_THREAD = (
    ("face",),
    ("voice activity", "voice"),
    ("speech to text", "text"),
    ("fusion", "sinks"),
)
"""Which gauges time the work of which thread: they run side by side, and the busiest sets the pace."""
STAGES_OF: Mapping[Modality, tuple[str, ...]] = {
    "vision": STAGES_BY_THREAD[0],
    "voice": STAGES_BY_THREAD[1],
    "text": STAGES_BY_THREAD[2],
}

JOIN_S = 10.0
"""A thread that has not ended so long after the session is left behind; it is a daemon."""

Message = Callable[[], None]


class Pipeline:
    """Analyses one feed to its end.

    Args:
        feed: gives pictures and sound.
        stages: loaded perception; it is reset first.
        analysis: receives what the stages say; its sinks tell the results.
        gauges: observe queues and stages, by the clock that everything waits on.
        backlog_s: the most that may have been captured and not yet analysed, in seconds of media, before
            something is skipped; None skips nothing and makes the feed wait.
        hang_s: a call of a stage that takes longer is taken to hang: see `hanging`.
        on_frame: called with each frame that was analysed and every face in it, from that thread.
        on_message: called from the thread of `run` after whatever a stage had to say.
        on_skip: told, on that thread, a modality and the stretch of session time that was captured and is
            not analysed.
    """

    def __init__(
        self,
        feed: Feed,
        stages: Stages,
        analysis: Analysis,
        gauges: Gauges,
        *,
        backlog_s: float | None = None,
        hang_s: float = math.inf,
        on_frame: Callable[[VideoFrame, Sequence[Box]], None] | None = None,
        on_message: Callable[[], None] | None = None,
        on_skip: Callable[[Modality, float, float], None] | None = None,
    ) -> None:
        self._feed, self._stages, self._analysis = feed, stages, analysis
        self._gauges = gauges
        self._on_frame, self._on_message, self._on_skip = on_frame, on_message, on_skip
        live = backlog_s is not None
        self.pace = Pace(lambda: feed.captured_s, gauges.clock, backlog_s)
        self._frames: Channel[VideoFrame | Bound] = Channel(
            LIVE_FRAMES if live else FRAMES,
            Full.DROP_OLDEST if live else Full.WAIT,
            capacity_bytes=FRAME_BYTES,
            size_bytes=_bytes,
            gauge=gauges.queue("frames"),
            clock=gauges.clock,
        )
        self._lost_s = -math.inf
        """End of the sound that was let go last, for want of room."""
        self._sound: Channel[AudioBlock] = Channel(
            BLOCKS,
            Full.DROP_ALL if live else Full.WAIT,
            # Reached only where not even the voice activity can be followed.
            capacity_s=SOUND_S if backlog_s is None else LIVE_SOUND_SHARE * backlog_s,
            duration_s=_length_s,
            on_drop=self._on_lost,
            gauge=gauges.queue("sound"),
            clock=gauges.clock,
        )
        self._speech: Channel[tuple[AudioBlock, SpeechActivity]] = Channel(
            BLOCKS,
            Full.DROP_OLDEST if live else Full.WAIT,
            # Reached only by a transcriber that hangs: any other skips before.
            capacity_s=SOUND_S if backlog_s is None else 2 * backlog_s,
            duration_s=lambda item: _length_s(item[0]),
            gauge=gauges.queue("speech"),
            clock=gauges.clock,
        )
        self._messages: Channel[Message] = Channel(
            LIVE_MESSAGES if live else MESSAGES, gauge=gauges.queue("messages"), clock=gauges.clock
        )
        self._hanging = Hanging(
            analysis,
            self.pace,
            {"vision": self._frames, "voice": self._sound, "text": self._speech},
            returns=live,
        )
        self._watchdog = Watchdog(gauges, STAGES_OF, hang_s, gauges.clock)
        self._over = threading.Event()

    def run(self) -> None:
        """Analyse everything; returns when every stream has ended and every sink is closed.

        Whatever ends it early, Ctrl-C included, the sinks are told and closed first.

        Raises:
            RunError: a sink cannot go on (disk full). What was written stays.
        """
        self._stages.reset()
        clock = self._gauges.clock
        workers = {
            modality: Worker(work.__name__.strip("_"), work, clock=clock) for modality, work in self._works()
        }
        watchdog = Worker("watchdog", self._watch, clock=clock)
        complete = False
        try:
            for worker in (*workers.values(), watchdog):
                worker.start()
            self._feed.start(FeedOutputs(self._frames, self._sound, self.event, self.absent, self.back))
            while not self._analysis.complete:
                self._messages.get()()
                for modality, start_s, end_s in self.pace.overdue():
                    self._skip(modality, start_s, end_s)
                if self._on_message is not None:
                    self._on_message()
            complete = True
        except Exception as error:
            at_s = self.pace.position_s
            message = f"the analysis failed at {at_s:.2f} s and ends there: {describe(error)}"
            self._analysis.event(Event(at_s, "failed", message))
            raise
        finally:
            self._over.set()
            self._feed.stop()
            for channel in (self._frames, self._sound, self._speech, self._messages):
                channel.cancel()
            self._feed.join()
            watchdog.join(JOIN_S)
            ended = [
                worker.join(0.0 if modality in self._hanging.over else JOIN_S)
                for modality, worker in workers.items()
            ]
            if not all(ended):
                self._stages.discard_models()
            self._analysis.finish(complete=complete)

    def absent(self, absence: Absence) -> None:
        """A modality is missing from a moment on; from any thread."""
        self._post(partial(self._analysis.absent, absence))

    def back(self, modality: Modality, reason: str, at_s: float) -> None:
        """It is back; from any thread."""
        self._post(partial(self._analysis.back, modality, reason, at_s))

    def _works(self) -> Iterator[tuple[Modality, Callable[[], None]]]:
        if "vision" not in self._feed.absent:
            yield "vision", self._face
        if "voice" not in self._feed.absent:
            yield "voice", self._voice
            yield "text", self._transcribe

    def _watch(self) -> None:
        given_back_s = self._gauges.clock.now_s()
        while not self._gauges.clock.sleep(TICK_S, self._over):
            if (now_s := self._gauges.clock.now_s()) - given_back_s >= GIVE_BACK_EVERY_S:
                given_back_s = now_s
                give_back_memory()
            for modality, hangs in self._watchdog.look():
                self._post(partial(self._hanging.begin if hangs else self._hanging.end, modality))
            # Where every stage hangs, nobody else has anything to say.
            self._post(self._hanging.pass_time)

    def _face(self) -> None:
        looking = self._gauges.stage("face")
        with self._stream("vision", self._frames, "video ended") as reach:
            for frame in self._frames:
                if self.pace.is_given_up("vision", frame.time_s):
                    continue
                if isinstance(frame, Bound):
                    say = partial(self._analysis.observe, "vision", StageOutput((), frame.time_s))
                else:
                    looked_at = self._stages.face.frames_analysed
                    with looking.timed():
                        output = self._stages.face(frame)
                    if self._on_frame is not None and self._stages.face.frames_analysed > looked_at:
                        self._on_frame(frame, self._stages.face.boxes)
                    say = partial(self._analysis.look, frame.time_s, output)
                reach(frame.time_s, say)

    def _voice(self) -> None:
        with self._stream("voice", self._sound, "sound ended") as reach:
            end_s = 0.0
            for block in self._sound:
                activity = self._detect(block)
                if self.pace.skips("voice", block, activity, self._sound.waiting_s):
                    self._gauges.queue("sound").dropped(SKIPPED)
                    reach(block.end_s, partial(self._skip_voice, activity))
                else:
                    reach(block.end_s, self._hear(block, activity))
                self._speech.put((block, activity))
                end_s = block.end_s
            tail = AudioBlock(np.zeros(0, np.float32), end_s), self._stages.activity.finish()
            reach(end_s, self._hear(*tail))
            self._speech.put(tail)
            reach(end_s, partial(self._analysis.observe, "voice", self._stages.voice.finish()))
        self._speech.close()

    def _detect(self, block: AudioBlock) -> SpeechActivity:
        with self._gauges.stage("voice activity").timed():
            return self._stages.activity(block)

    def _hear(self, block: AudioBlock, activity: SpeechActivity) -> Message:
        with self._gauges.stage("voice").timed(), self.pace.timed("voice"):
            output = self._stages.voice(block, activity)
        return partial(self._analysis.hear, activity, output)

    def _transcribe(self) -> None:
        with self._stream("text", self._speech, "sound ended") as reach:
            heard, end_s = False, 0.0
            for block, activity in self._speech:
                waiting_s, upstream_s = self._speech.waiting_s, self._sound.waiting_s
                if end_s < self._lost_s <= block.start_s + CUT_S:
                    # A sentence with a hole in it is skipped to its end.
                    upstream_s = math.inf
                end_s = block.end_s
                if self.pace.skips("text", block, activity, waiting_s, upstream_s):
                    if heard:
                        reach(block.start_s, self._break_off(block.start_s))
                    heard = False
                    self._gauges.queue("speech").dropped(SKIPPED)
                    reach(block.end_s, partial(self._skip, "text", block.start_s, block.end_s))
                else:
                    heard = True
                    reach(block.end_s, self._read(self._transcribed(block, activity)))
            reach(0.0, self._read(self._finished()))

    def _transcribed(self, block: AudioBlock, activity: SpeechActivity) -> Transcript | None:
        with self._gauges.stage("speech to text").timed(), self.pace.timed("text"):
            return self._stages.transcriber(block, activity)

    def _finished(self) -> Transcript:
        with self._gauges.stage("speech to text").timed(), self.pace.timed("text"):
            return self._stages.transcriber.finish()

    def _break_off(self, at_s: float) -> Message:
        """End the transcriber's work where what follows is skipped."""
        transcript = None
        if not self.pace.is_given_up("text", at_s):
            transcript = self._finished()
            whole = tuple(word for word in transcript.committed if word.end_s <= at_s - CUT_S)
            transcript = replace(transcript, committed=whole)
        self._stages.transcriber.break_off()
        return self._read(transcript)

    def _read(self, transcript: Transcript | None) -> Message:
        if transcript is None:
            return _nothing
        with self._gauges.stage("text").timed():
            output = self._stages.text(transcript.committed)
        return partial(self._analysis.read, transcript, output)

    @contextmanager
    def _stream(
        self, modality: Modality, channel: Channel[Any], ended: str
    ) -> Iterator[Callable[[float, Message], None]]:
        """Run a worker's loop; when it ends or fails, say so and let the other streams go on.

        Gives what the worker hands its results to, each with the session time that is reached with it.
        """
        end_s = 0.0
        self.pace.reach(modality, end_s)

        def reach(time_s: float, message: Message) -> None:
            nonlocal end_s
            end_s = max(time_s, end_s)
            self._put(partial(self._take, modality, end_s, message))

        reason = ended
        try:
            yield reach
        except BaseException as error:
            reason = f"{modality} failed"
            if modality not in self._hanging.over:
                message = f"{reason} at {end_s:.2f} s and is absent from there on: {described(error)}"
                self.event(Event(end_s, "stage-failed", message))
            channel.cancel()
        self._put(partial(self._end, modality, end_s, reason))

    def _take(self, modality: Modality, time_s: float, message: Message) -> None:
        if modality not in self._hanging.over:
            message()
            self.pace.reach(modality, time_s)

    def _end(self, modality: Modality, end_s: float, reason: str) -> None:
        if modality not in self._hanging.over:
            self.pace.end(modality)
            self._analysis.end(modality, end_s, self._hanging.reasons.get(modality, reason))

    def _skip(self, modality: Modality, start_s: float, end_s: float) -> None:
        if modality in self._hanging.reasons:
            self._analysis.give_up(modality, end_s)
            return
        self._analysis.skip(modality, start_s, end_s)
        if self._on_skip is not None:
            self._on_skip(modality, start_s, end_s)

    def _skip_voice(self, activity: SpeechActivity) -> None:
        self._analysis.hear(activity, StageOutput((), activity.start_s))
        self._skip("voice", activity.start_s, activity.end_s)

    def event(self, event: Event) -> None:
        """Something that happened; from any thread."""
        self._post(partial(self._analysis.event, event))

    def _put(self, message: Message) -> None:
        self._messages.put(message)

    def _post(self, message: Message) -> None:
        """Without waiting: by a thread that captures, or by a sink on the very thread that takes messages."""
        self._messages.put(message, wait=False)

    def _on_lost(self, blocks: Sequence[AudioBlock]) -> None:
        """Sound that was let go, in one stretch: what follows treats it as missing."""
        if any(map(_length_s, blocks)):
            self._lost_s = blocks[-1].end_s
            self._post(partial(self._lose, blocks[0].start_s, blocks[-1].end_s))

    def _lose(self, start_s: float, end_s: float) -> None:
        for modality in SOUND:
            self._analysis.missed(modality, start_s, end_s)
            if self._on_skip is not None:
                self._on_skip(modality, start_s, end_s)


def _nothing() -> None:
    """Nothing new, but the time that is reached with it."""


def _length_s(block: AudioBlock) -> float:
    return block.end_s - block.start_s


def _bytes(frame: VideoFrame | Bound) -> int:
    return frame.image.nbytes if isinstance(frame, VideoFrame) else 0
