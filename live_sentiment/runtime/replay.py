"""One media file from its first frame to its finished timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from live_sentiment.align.aligner import WindowAligner
from live_sentiment.core.clock import Clock, MonotonicClock
from live_sentiment.core.config import Config
from live_sentiment.core.errors import RunError
from live_sentiment.core.types import VideoFrame
from live_sentiment.fusion.fuser import EMOTION_PRIOR, POLARITY_PRIOR
from live_sentiment.recording.paths import TIMELINE, TRANSCRIPT
from live_sentiment.recording.result_folder import check_folder
from live_sentiment.runtime.analysis import Analysis
from live_sentiment.runtime.recent import Recent
from live_sentiment.runtime.session import Session
from live_sentiment.runtime.snapshot import Box, Picture, Snapshot, State, stream_healths
from live_sentiment.runtime.stages import Stages
from live_sentiment.sinks.captions import CaptionWriter
from live_sentiment.sinks.file import make_folder
from live_sentiment.sinks.jsonl import TimelineWriter
from live_sentiment.sinks.protocol import Sink
from live_sentiment.sinks.summary import Summarizer, Summary
from live_sentiment.sources.feed import FileFeed
from live_sentiment.sources.media.choosing import choose_tracks
from live_sentiment.sources.media.fingerprint import SourceFile, exact_text, source_file
from live_sentiment.sources.media.inputs import session_folder
from live_sentiment.sources.media.media import MediaSource
from live_sentiment.sources.media.pacing import Pacer
from live_sentiment.sources.media.track_choice import AS_STATED, MIX, TrackChoice
from live_sentiment.streams.gauges import Gauges
from live_sentiment.timeline.timeline import Timeline

LEAST_LONGEST_PX = 1920
"""Larger pictures are analysed scaled down to this longer side ..."""
PX_PER_DETECTED_PX = 6
"""... or to this multiple of the detector's: the smallest face that it finds, of some 10 of its pixels, then
still has more of them than the 48 that the expression network sees."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Which part of a file, and how fast."""

    start_s: float | None = None
    end_s: float | None = None
    speed: float | None = None
    """Multiple of the media's own pace; None is as fast as possible."""
    tracks: TrackChoice = AS_STATED
    """Tracks that were asked for; where none was, speech and faces decide."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a replay."""

    source: Path
    name: str
    """What a person calls the source: the file's name, or that of the session's folder."""
    summary: Summary
    outputs: tuple[Path, ...]
    elapsed_s: float
    """Time on the wall."""
    real_time_factor: float
    """Elapsed time per second of media."""
    frames_looked_at: int
    frames_with_face: int

    def fields(self) -> dict[str, Any]:
        """As plain data, for `--json`."""
        return {
            "source": exact_text(self.source),
            **self.summary.fields(),
            "faces": {"frames": self.frames_looked_at, "with_face": self.frames_with_face},
            "elapsed": round(self.elapsed_s, 3),
            "real_time_factor": round(self.real_time_factor, 4),
            "outputs": [exact_text(path) for path in self.outputs],
        }


class Replay:
    """Analyses one file, as a rule into a folder; `snapshot` may be called from any thread meanwhile.

    Args:
        path: the media file; that of a live session is known by its folder (`session_folder`).
        config: the configuration that `stages` were loaded with.
        stages: loaded models.
        folder: where the timeline and the transcript go; made if need be. None writes nothing.
        excerpt: which part of the file, and its pace.
        sinks: are told the story too, beside the files.
        on_look: told each picture looked at and every face in it, from the thread that looks.
        clock: for the time elapsed, which reaches no result.

    Raises:
        UsageError: the file cannot be read or holds no media, or the folder cannot be written or holds the
            result of another file.
    """

    def __init__(
        self,
        path: Path,
        config: Config,
        stages: Stages,
        folder: Path | None,
        *,
        excerpt: Excerpt = Excerpt(),
        sinks: Sequence[Sink] = (),
        on_look: Callable[[VideoFrame, Sequence[Box]], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._path, self._stages = path, stages
        self._on_look = on_look
        session = session_folder(path)
        self._name = exact_text(path.name if session is None else session.name)
        self._clock = clock or MonotonicClock()
        self._excerpt = excerpt
        is_recording = session is not None
        chosen = choose_tracks(
            path,
            replace(excerpt.tracks, channel=MIX) if is_recording else excerpt.tracks,
            stages,
            language=config.perception.speech.language,
            span_s=(excerpt.start_s or 0.0, excerpt.end_s),
        )
        self._source = MediaSource(
            path,
            chosen=chosen,
            start_s=excerpt.start_s,
            end_s=excerpt.end_s,
            frame_rate_hz=config.perception.face.rate_hz,
            longest_px=max(LEAST_LONGEST_PX, PX_PER_DETECTED_PX * config.perception.face.detect_size_px),
            recording=is_recording,
        )
        self.gauges = Gauges(self._clock)
        self.outputs: tuple[Path, ...] = ()
        self._recent, self._summarizer = Recent(), Summarizer()
        told: list[Sink] = [self._summarizer, self._recent, *sinks]
        if folder is not None:
            self.outputs = (folder / TIMELINE, folder / TRANSCRIPT)
            file = source_file(path)
            check_folder(folder, file.path)
            header = _header(self._source, file, config, stages, excerpt)
            make_folder(folder)
            told = [TimelineWriter(self.outputs[0], header), CaptionWriter(self.outputs[1]), *told]
        feed = FileFeed(self._source, None if excerpt.speed is None else Pacer(self._clock, excerpt.speed))
        self._analysis = Analysis(
            WindowAligner(config.window, feed.absent, first_s=excerpt.start_s or 0.0),
            stages.fusion,
            Timeline(config.timeline, np.array(EMOTION_PRIOR), np.array(POLARITY_PRIOR)),
            told,
            absent=feed.absent,
            gauges=self.gauges,
        )
        self._session = Session(
            feed,
            stages,
            self._analysis,
            self.gauges,
            hang_s=config.watchdog.file_s,
            on_look=self._looked,
        )
        self._picture: Picture | None = None
        self._state: State = "starting"
        self._began_s = self._clock.now_s()
        self._ended_s: float | None = None
        self._failure: str | None = None

    def run(self) -> Outcome:
        """Analyse the file to its end.

        Raises:
            RunError: the files cannot be written any more; what was written stays intact. Or nothing in the
                file could be decoded, so that there is no result.
        """
        self._began_s = self._clock.now_s()
        self._state = "running"
        try:
            self._session.run()
            if not self._summarizer.summary().counts["points"]:
                raise RunError(
                    f"no picture and no sound in {self._path} could be decoded, so there is no result; "
                    "it is damaged, or was not recorded completely"
                )
            self._state = "finished"
        except BaseException as error:
            self._state, self._failure = "failed", str(error) or "interrupted"
            raise
        finally:
            self._ended_s = self._clock.now_s()
        return self.outcome()

    def outcome(self) -> Outcome:
        """What has come of it so far."""
        elapsed_s = self._elapsed_s()
        face = self._stages.face
        return Outcome(
            source=self._path,
            name=self._name,
            summary=self._summarizer.summary(),
            outputs=self.outputs,
            elapsed_s=elapsed_s,
            real_time_factor=elapsed_s / max(self._media_s(), 1e-9),
            frames_looked_at=face.frames_looked_at,
            frames_with_face=face.frames_with_face,
        )

    def snapshot(self) -> Snapshot:
        """The replay at this moment."""
        media_s, elapsed_s = self._media_s(), self._elapsed_s()
        return self._recent.fill(
            Snapshot(
                source=self._name,
                state=self._state,
                start_s=self._excerpt.start_s or 0.0,
                position_s=self._session.pace.position_s,
                duration_s=self._end_s(),
                elapsed_s=elapsed_s,
                real_time_factor=elapsed_s / media_s if media_s > 0 else None,
                streams=stream_healths(self.gauges),
                models=self._stages.models,
                device=str(self._stages.device),
                outputs=self.outputs,
                failure=self._failure,
                picture=self._picture,
            )
        )

    @property
    def first_result_s(self) -> float | None:
        """Clock time of the first result, provisional or final."""
        return self._analysis.first_result_s

    def _looked(self, frame: VideoFrame, faces: Sequence[Box]) -> None:
        self._picture = Picture(frame.image, frame.time_s, tuple(faces))
        if self._on_look is not None:
            self._on_look(frame, faces)

    def _elapsed_s(self) -> float:
        return (self._clock.now_s() if self._ended_s is None else self._ended_s) - self._began_s

    def _media_s(self) -> float:
        return self._session.pace.position_s - (self._excerpt.start_s or 0.0)

    def _end_s(self) -> float | None:
        ends = [end_s for end_s in (self._source.info.duration_s, self._excerpt.end_s) if end_s is not None]
        return min(ends, default=None)


def _header(
    source: MediaSource, file: SourceFile, config: Config, stages: Stages, excerpt: Excerpt
) -> Mapping[str, Any]:
    """What a reader of the timeline must know; nothing that could differ between two runs."""
    info = source.info
    settings = config.model_dump(mode="json", include={"window", "perception", "fusion", "timeline"})
    return {
        "source": {
            "name": exact_text(source.path.name),
            "path": file.path,
            "size": file.size,
            "hash": file.hash,
            "duration": info.duration_s,
            "video": info.video_codec,
            "audio": info.audio_codec,
            "start": excerpt.start_s,
            "end": excerpt.end_s,
            **_tracks(source),
        },
        "models": dict(stages.models),
        "settings": settings,
    }


def _tracks(source: MediaSource) -> Mapping[str, Any]:
    """Which tracks and channel were chosen, where there was a choice."""
    chosen = source.chosen.tracks
    return {} if chosen == AS_STATED else {"tracks": asdict(chosen)}
