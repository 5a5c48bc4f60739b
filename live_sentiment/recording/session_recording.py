"""The folder of a live session: its files, and the record of how they came to be."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from live_sentiment.core.clock import Clock
from live_sentiment.core.config import Config
from live_sentiment.core.errors import RunError
from live_sentiment.recording.blur import Box, FaceBlur
from live_sentiment.recording.paths import MEDIA, SESSION, TIMELINE, TRANSCRIPT
from live_sentiment.recording.recorder import MediaRecorder
from live_sentiment.recording.session_file import (
    AnalysisRecord,
    DeviceRecord,
    GapRecord,
    Marker,
    RecordingRecord,
    SessionFile,
    SessionRecord,
    SessionState,
    local_now,
    software_versions,
)
from live_sentiment.runtime.snapshot import RecordingHealth
from live_sentiment.sinks.background import BackgroundRecord, BackgroundSink
from live_sentiment.sinks.captions import CaptionWriter
from live_sentiment.sinks.file import make_folder
from live_sentiment.sinks.guarded import Guarded
from live_sentiment.sinks.jsonl import TimelineWriter
from live_sentiment.sinks.protocol import Sink
from live_sentiment.sources.capture import CaptureDevice, Device
from live_sentiment.sources.device_feed import Disconnect, Recorder

KEEP_EVERY_S = 5.0
"""session.json is brought up to date so often."""


@dataclass(frozen=True, slots=True)
class SessionProgress:
    """How a session has gone so far."""

    now_s: float
    """Session time reached."""
    markers: Sequence[tuple[float, str]]
    """Session time and note of each."""
    disconnects: Sequence[Disconnect]
    analysis: AnalysisRecord


class Recording:
    """Everything that is kept of a live session. A disk that fails ends the recording, not the session.

    Nobody waits for the disk but the threads that write, and who calls `finish`.

    Args:
        folder: of the session; made if need be.
        config: of the session.
        models: which model does what.
        devices: what is captured.
        clock: of the session.
        keep_media: record picture and sound.
        blur_faces: hide every face in the recorded picture.
        on_failure: told once, from any thread, that and why a file is not written any more.

    Raises:
        UsageError: the folder or a file in it cannot be made.
        RunError: the disk is full, or another session is being recorded there.
    """

    def __init__(
        self,
        folder: Path,
        config: Config,
        models: Mapping[str, str],
        devices: Mapping[Device, CaptureDevice],
        clock: Clock,
        *,
        keep_media: bool,
        blur_faces: bool,
        on_failure: Callable[[str], None],
    ) -> None:
        make_folder(folder)
        self.folder = folder
        self._config, self._models, self._devices = config, models, devices
        self._on_failure = on_failure
        self._started = local_now()
        writers = (TimelineWriter(folder / TIMELINE, self._header()), CaptionWriter(folder / TRANSCRIPT))
        self._blur = FaceBlur() if blur_faces and keep_media and "camera" in devices else None
        self._recorder: MediaRecorder | None = None
        if keep_media:
            self._recorder = MediaRecorder(
                folder / MEDIA,
                config.recording,
                has_video="camera" in devices,
                has_audio="microphone" in devices,
                blur=self._blur,
                clock=clock,
            )
        self._failing = threading.Lock()
        self._failures: list[str] = []
        self._gone: set[str] = set()
        # What never changes, and takes time to find out.
        self._software, self._configuration = software_versions(), config.model_dump(mode="json")
        self._session = SessionFile(folder)
        self._kept_s = 0.0
        try:
            self._session.write(self._record("recording", SessionProgress(0.0, (), (), AnalysisRecord())))
        except RunError:
            if self._recorder is not None:
                self._recorder.close()
            raise
        self._records = BackgroundRecord(self._write, clock)
        guarded = tuple(Guarded(writer, self._fail) for writer in writers)
        self.sinks: tuple[Sink, ...] = (BackgroundSink(guarded, self._fail, clock),)

    @property
    def recorder(self) -> Recorder | None:
        """Takes what is captured; None where picture and sound are not kept."""
        return self._recorder

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The files for people, without those that are gone."""
        return tuple(self.folder / name for name in self._names if name not in self._gone)

    @property
    def failures(self) -> Sequence[str]:
        """What could not be kept, and why; in the order of time."""
        with self._failing:
            return tuple(self._failures)

    def looked(self, time_s: float, faces: Sequence[Box]) -> None:
        """The analysis has looked at the picture of this session time; on its thread."""
        if self._blur is not None:
            self._blur.saw(time_s, faces)

    def health(self) -> RecordingHealth:
        """How it is doing."""
        if self._recorder is not None:
            health = self._recorder.health()
        else:
            size = sum(path.stat().st_size for path in self.outputs if path.exists())
            health = RecordingHealth(self.folder, size)
        return RecordingHealth(
            health.folder, health.bytes_written, health.free_bytes, health.stopped or self._stopped
        )

    def keep(self, now_s: float, course: Callable[[], SessionProgress]) -> None:
        """Bring session.json up to date, every few seconds; on the analysis' thread."""
        if now_s - self._kept_s < KEEP_EVERY_S:
            return
        self._kept_s = now_s
        self._look_at_recorder()
        self._records.put(self._record("recording", course()))

    def finish(self, course: SessionProgress, *, complete: bool) -> None:
        """Close the media file and write the last of session.json; the sinks are closed by then."""
        if self._recorder is not None:
            self._recorder.close()
            self._look_at_recorder()
        self._records.put(self._record("complete" if complete else "cut-short", course))
        if not self._records.close():
            self._fail(f"the disk has not taken the last of {SESSION}")

    @property
    def _names(self) -> tuple[str, ...]:
        return (*((MEDIA,) if self._recorder else ()), TIMELINE, TRANSCRIPT, SESSION)

    @property
    def _stopped(self) -> str | None:
        return self._failures[0] if self._failures else None

    def _look_at_recorder(self) -> None:
        if self._recorder is not None and (why := self._recorder.health().stopped) is not None:
            self._fail(why)

    def _fail(self, why: str) -> None:
        with self._failing:
            first = not self._failures
            if why not in self._failures:
                self._failures.append(why)
        if first:
            self._on_failure(why)

    def _write(self, record: SessionRecord) -> None:
        # A file that was removed takes what is written as if nothing were.
        there = self.folder.is_dir()
        if not there:
            self._fail(f"the folder {self.folder} was removed or moved while the session was recorded")
        try:
            self._session.write(record)
        except RunError as error:
            # Without a free descriptor the record waits for the next time; the other files are open already.
            short = getattr(error.__cause__, "errno", None) in {errno.EMFILE, errno.ENFILE}
            if there and not (short and record.state == "recording"):
                self._fail(str(error))
        gone = {name for name in self._names if not (self.folder / name).exists()}
        for name in sorted(gone - self._gone) if there else ():
            self._fail(f"{self.folder / name} was removed or moved while the session was recorded")
        self._gone = gone

    def _record(self, state: SessionState, course: SessionProgress) -> SessionRecord:
        recorder = self._recorder
        return SessionRecord(
            started=self._started,
            state=state,
            duration_s=course.now_s,
            devices=tuple(
                DeviceRecord.of(
                    device.health(),
                    tuple(
                        GapRecord(start_s=gap.start_s, end_s=gap.end_s, reason=gap.reason)
                        for gap in course.disconnects
                        if gap.device == kind
                    ),
                )
                for kind, device in self._devices.items()
            ),
            analysis=course.analysis,
            recording=RecordingRecord(
                files=(MEDIA,) if recorder else (),
                faces_blurred=self._blur is not None,
                encoder=recorder.encoder if recorder else None,
                stopped=self._stopped,
                dropped=dict(recorder.dropped) if recorder else {},
            ),
            markers=tuple(Marker(time_s=time_s, note=note) for time_s, note in course.markers),
            models=dict(self._models),
            configuration=self._configuration,
            software=self._software,
        )

    def _header(self) -> Mapping[str, object]:
        """What a reader of the timeline must know, as a replay of a file states it."""
        settings = self._config.model_dump(
            mode="json", include={"window", "perception", "fusion", "timeline"}
        )
        source = {
            "name": self.folder.name,
            "duration": None,
            "video": "camera" if "camera" in self._devices else None,
            "audio": "microphone" if "microphone" in self._devices else None,
            "start": None,
            "end": None,
        }
        return {"source": source, "models": dict(self._models), "settings": settings}
