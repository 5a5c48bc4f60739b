"""One session, wired once for files and for devices: source, perception, windows, fusion, timeline, sinks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from live_sentiment.align.aligner import WindowAligner
from live_sentiment.core.clock import Clock
from live_sentiment.core.config import Config
from live_sentiment.core.types import Modality, VideoFrame
from live_sentiment.fusion.fuser import EMOTION_PRIOR, POLARITY_PRIOR
from live_sentiment.fusion.tolerant import Fuse
from live_sentiment.runtime.analysis import Analysis
from live_sentiment.runtime.pipeline import Pipeline
from live_sentiment.runtime.recent import Recent
from live_sentiment.runtime.snapshot import Box, Picture, Snapshot, State, stream_healths
from live_sentiment.runtime.stages import Stages
from live_sentiment.sinks.protocol import Sink
from live_sentiment.sinks.summary import Summarizer
from live_sentiment.sources.feed import Feed
from live_sentiment.streams.gauges import Gauges
from live_sentiment.timeline.timeline import Timeline

OutcomeT = TypeVar("OutcomeT")


class BaseSession(ABC, Generic[OutcomeT]):
    """What every session is, whatever its source: `run` blocks, all else is for other threads.

    Args:
        name: what a person calls the source.
        config: the configuration that `stages` were made with.
        stages: the state of its streams, over loaded models.
        feed: gives frames and audio.
        clock: measures the time elapsed, which reaches no result.
        fusion: from a window to an affect.
        files: sinks that keep the results; told before all others.
        sinks: are told the timeline too.
        first_s: session time at which the source begins.
        backlog_s, hang_s, on_message, on_skip: see `Pipeline`.
        on_frame: called with each frame that was analysed and every face in it, from the thread that does so.
    """

    def __init__(
        self,
        name: str,
        config: Config,
        stages: Stages,
        feed: Feed,
        clock: Clock,
        *,
        fusion: Fuse,
        files: Sequence[Sink],
        sinks: Sequence[Sink],
        first_s: float = 0.0,
        backlog_s: float | None = None,
        hang_s: float,
        on_frame: Callable[[VideoFrame, Sequence[Box]], None] | None = None,
        on_message: Callable[[], None] | None = None,
        on_skip: Callable[[Modality, float, float], None] | None = None,
    ) -> None:
        self._name, self._stages, self._clock = name, stages, clock
        self._first_s, self._on_frame = first_s, on_frame
        self._recent, self._summarizer = Recent(), Summarizer()
        self.gauges = Gauges(clock)
        self._analysis = Analysis(
            WindowAligner(config.window, feed.absent, first_s=first_s),
            fusion,
            Timeline(config.timeline, np.array(EMOTION_PRIOR), np.array(POLARITY_PRIOR)),
            [*files, self._summarizer, self._recent, *sinks],
            absent=feed.absent,
            gauges=self.gauges,
        )
        self._pipeline = Pipeline(
            feed,
            stages,
            self._analysis,
            self.gauges,
            backlog_s=backlog_s,
            hang_s=hang_s,
            on_frame=self._frame_analysed,
            on_message=on_message,
            on_skip=on_skip,
        )
        self._state: State = "starting"
        self._failure: str | None = None
        self._picture: Picture | None = None
        self._began_s = clock.now_s()
        self._ended_s: float | None = None

    @property
    @abstractmethod
    def outputs(self) -> tuple[Path, ...]:
        """The files of the session."""

    @abstractmethod
    def outcome(self) -> OutcomeT:
        """What has come of it so far."""

    @property
    def first_result_s(self) -> float | None:
        """Clock time of the first result, provisional or final."""
        return self._analysis.first_result_s

    def run(self) -> OutcomeT:
        """Analyse to the end of the source, and finish every file.

        Raises:
            RunError: the files cannot be written any more; what was written stays intact. Or there is no
                result.
        """
        self._state = "running"
        try:
            self._pipeline.run()
            self._check()
            self._state = "finished"
        except BaseException as error:
            self._state, self._failure = "failed", str(error) or "interrupted"
            raise
        finally:
            self._ended_s = self._clock.now_s()
            self._finish()
        return self.outcome()

    def snapshot(self) -> Snapshot:
        """The session at this moment."""
        return self._recent.fill(
            Snapshot(
                source=self._name,
                state=self._state,
                start_s=self._first_s,
                position_s=self._pipeline.pace.position_s,
                elapsed_s=self._elapsed_s,
                streams=stream_healths(self.gauges),
                models=self._stages.models,
                device=str(self._stages.device),
                outputs=self.outputs,
                failure=self._failure,
                picture=self._picture,
            )
        )

    def _check(self) -> None:
        """Raise where what has come of the source is no result."""

    def _finish(self) -> None:
        """Let go of what the session had, however it ended."""

    def _frame_analysed(self, frame: VideoFrame, faces: Sequence[Box]) -> None:
        self._picture = Picture(frame.image, frame.time_s, tuple(faces))
        if self._on_frame is not None:
            self._on_frame(frame, faces)

    @property
    def _elapsed_s(self) -> float:
        return (self._clock.now_s() if self._ended_s is None else self._ended_s) - self._began_s
