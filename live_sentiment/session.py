"""One session: threads from a source through perception to the analysis, with start, stop and failure.

Threads live only here. The decoder feeds two bounded channels; pictures, sound and speech are perceived on a
thread each; everything they say goes through one more channel to the thread that called `run`, where the
analysis lives. With files every channel waits, so nothing is dropped and thread timing changes no result.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from live_sentiment.analysis import Analysis
from live_sentiment.sources.decoder import spawn_decoder
from live_sentiment.streams.channel import Channel
from live_sentiment.streams.gauges import Gauges
from live_sentiment.types import (
    AudioBlock,
    Event,
    Modality,
    SpeechActivity,
    Transcript,
    VideoFrame,
)

if TYPE_CHECKING:
    from live_sentiment.sources.media import MediaSource
    from live_sentiment.sources.pacing import Pacer
    from live_sentiment.stages import Stages

FRAMES = 16
"""Pictures that may wait between the decoder and the face stage."""
SOUND_S = 8.0
"""Sound that may wait before the voice stage, and again before the transcriber."""
MESSAGES = 256
"""Stage outputs that may wait for the analysis."""

Message = Callable[[], None]


class Session:
    """Analyses one source to its end.

    Args:
        source: the opened media.
        stages: loaded perception; it is reset first.
        analysis: receives what the stages say; its sinks tell the results.
        gauges: observe queues and stages.
        pacer: delays delivery to the media's own pace; None is as fast as possible.
    """

    def __init__(
        self, source: MediaSource, stages: Stages, analysis: Analysis, gauges: Gauges, pacer: Pacer | None
    ) -> None:
        self._source, self._stages, self._analysis, self._pacer = source, stages, analysis, pacer
        self._gauges = gauges
        self._frames: Channel[VideoFrame] = Channel(FRAMES, gauge=gauges.queue("frames"))
        self._sound: Channel[AudioBlock] = Channel(
            1000, capacity_s=SOUND_S, duration_s=_length_s, gauge=gauges.queue("sound")
        )
        self._speech: Channel[tuple[AudioBlock, SpeechActivity]] = Channel(
            1000, capacity_s=SOUND_S, duration_s=lambda item: _length_s(item[0]), gauge=gauges.queue("speech")
        )
        self._messages: Channel[Message] = Channel(MESSAGES, gauge=gauges.queue("messages"))
        self._positions: dict[Modality, float] = {}
        """Of the streams that have not ended."""
        self._ended_s = 0.0

    @property
    def position_s(self) -> float:
        """Session time up to which every stream has been perceived."""
        return min(list(self._positions.values()), default=self._ended_s)

    def run(self) -> None:
        """Analyse everything; returns when every stream has ended and every sink is closed.

        Whatever ends it early, Ctrl-C included, the sinks are told and closed first.

        Raises:
            RunError: a sink cannot go on (disk full). What was written stays.
        """
        self._stages.reset()
        workers = [threading.Thread(target=work, name=work.__name__.strip("_")) for work in self._works()]
        for worker in workers:
            worker.start()
        decoder = spawn_decoder(self._source, self._frames, self._sound, self._event, self._pacer)
        complete = False
        try:
            while not self._analysis.complete:
                self._messages.get()()
            complete = True
        finally:
            decoder.stop()
            for channel in (self._frames, self._sound, self._speech, self._messages):
                channel.cancel()
            decoder.join()
            for worker in workers:
                worker.join()
            self._analysis.finish(complete=complete)

    def _works(self) -> Iterator[Callable[[], None]]:
        if self._source.info.has_video:
            yield self._look
        if self._source.info.has_audio:
            yield self._listen
            yield self._transcribe

    def _look(self) -> None:
        looking = self._gauges.stage("face")
        with self._stream("vision", self._frames, "video ended") as reach:
            for frame in self._frames:
                with looking.timed():
                    output = self._stages.face(frame)
                reach(frame.time_s)
                self._say(partial(self._analysis.observe, "vision", output))

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
        except Exception as error:
            reason = f"{modality} failed"
            at_s = self._positions[modality]
            message = f"{reason} at {at_s:.2f} s and is absent from there on: {error!r}"
            self._event(Event(at_s, "stage-failed", message))
            channel.cancel()
        end_s = self._positions.pop(modality)
        self._ended_s = max(self._ended_s, end_s)
        self._say(partial(self._analysis.end, modality, end_s, reason))

    def _event(self, event: Event) -> None:
        self._say(partial(self._analysis.event, event))

    def _say(self, message: Message) -> None:
        self._messages.put(message)

    def _abandon(self) -> None:
        for channel in (self._frames, self._sound, self._speech, self._messages):
            channel.cancel()


def _length_s(block: AudioBlock) -> float:
    return block.end_s - block.start_s
