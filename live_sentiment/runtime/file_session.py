"""One media file from its first frame to its finished timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from live_sentiment.core.clock import Clock, MonotonicClock
from live_sentiment.core.config import Config
from live_sentiment.core.errors import RunError
from live_sentiment.core.types import VideoFrame
from live_sentiment.recording.paths import TIMELINE, TRANSCRIPT
from live_sentiment.recording.result_folder import check_folder
from live_sentiment.runtime.session import BaseSession
from live_sentiment.runtime.snapshot import Box, Snapshot
from live_sentiment.runtime.stages import Stages
from live_sentiment.sinks.captions import CaptionWriter
from live_sentiment.sinks.file import make_folder
from live_sentiment.sinks.jsonl import TimelineWriter
from live_sentiment.sinks.protocol import Sink
from live_sentiment.sinks.summary import Summary
from live_sentiment.sources.feed import FileFeed
from live_sentiment.sources.media.choosing import choose_tracks
from live_sentiment.sources.media.fingerprint import SourceFile, exact_text, source_file
from live_sentiment.sources.media.inputs import session_folder
from live_sentiment.sources.media.media import MediaSource
from live_sentiment.sources.media.pacing import Pacer
from live_sentiment.sources.media.track_choice import AS_STATED, MIX, TrackChoice

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
    """What came of a file."""

    source: Path
    name: str
    """What a person calls the source: the file's name, or that of the session's folder."""
    summary: Summary
    outputs: tuple[Path, ...]
    elapsed_s: float
    """Time on the wall."""
    real_time_factor: float
    """Elapsed time per second of media."""
    frames_analysed: int
    frames_with_face: int

    def fields(self) -> dict[str, Any]:
        """As plain data, for `--json`."""
        return {
            "source": exact_text(self.source),
            **self.summary.fields(),
            "faces": {"frames": self.frames_analysed, "with_face": self.frames_with_face},
            "elapsed": round(self.elapsed_s, 3),
            "real_time_factor": round(self.real_time_factor, 4),
            "outputs": [exact_text(path) for path in self.outputs],
        }


class FileSession(BaseSession[Outcome]):
    """Analyses one file, as a rule into a folder.

    Args:
        path: the media file; that of a live session is known by its folder (`session_folder`).
        config: the configuration that `stages` were loaded with.
        stages: loaded models.
        folder: where the timeline and the transcript go; made if need be. None writes nothing.
        excerpt: which part of the file, and its pace.
        sinks: are told the story too, beside the files.
        on_frame: called with each frame that was analysed and every face in it, from that thread.
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
        on_frame: Callable[[VideoFrame, Sequence[Box]], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._path, self._excerpt = path, excerpt
        clock = clock or MonotonicClock()
        session = session_folder(path)
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
        self._outputs: tuple[Path, ...] = ()
        files: list[Sink] = []
        if folder is not None:
            timeline, transcript = self._outputs = (folder / TIMELINE, folder / TRANSCRIPT)
            file = source_file(path)
            check_folder(folder, file.path)
            header = _header(self._source, file, config, stages, excerpt)
            make_folder(folder)
            files = [TimelineWriter(timeline, header), CaptionWriter(transcript)]
        super().__init__(
            exact_text(path.name if session is None else session.name),
            config,
            stages,
            FileFeed(self._source, None if excerpt.speed is None else Pacer(clock, excerpt.speed)),
            clock,
            fusion=stages.fusion,
            files=files,
            sinks=sinks,
            first_s=excerpt.start_s or 0.0,
            hang_s=config.watchdog.file_s,
            on_frame=on_frame,
        )

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Timeline and transcript."""
        return self._outputs

    def run(self) -> Outcome:
        """Analyse the file to its end.

        Raises:
            RunError: the files cannot be written any more; what was written stays intact. Or nothing in the
                file could be decoded, so that there is no result.
        """
        self._began_s = self._clock.now_s()
        return super().run()

    def outcome(self) -> Outcome:
        """What has come of it so far."""
        face = self._stages.face
        return Outcome(
            source=self._path,
            name=self._name,
            summary=self._summarizer.summary(),
            outputs=self.outputs,
            elapsed_s=self._elapsed_s,
            real_time_factor=self._elapsed_s / max(self._media_s, 1e-9),
            frames_analysed=face.frames_analysed,
            frames_with_face=face.frames_with_face,
        )

    def snapshot(self) -> Snapshot:
        """The session at this moment."""
        media_s, elapsed_s = self._media_s, self._elapsed_s
        ends = [end_s for end_s in (self._source.info.duration_s, self._excerpt.end_s) if end_s is not None]
        return replace(
            super().snapshot(),
            duration_s=min(ends, default=None),
            real_time_factor=elapsed_s / media_s if media_s > 0 else None,
        )

    def _check(self) -> None:
        if not self._summarizer.summary().counts["points"]:
            raise RunError(
                f"no picture and no sound in {self._path} could be decoded, so there is no result; "
                "it is damaged, or was not recorded completely"
            )

    @property
    def _media_s(self) -> float:
        return self._pipeline.pace.position_s - self._first_s


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
