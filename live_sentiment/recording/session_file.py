"""session.json: what a session was recorded with, and how that went; docs/session.md explains it."""

from __future__ import annotations

import contextlib
import json
import platform
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from filelock import FileLock, Timeout
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
)
from pydantic.config import JsonDict

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.recording.paths import SESSION
from live_sentiment.recording.untrusted import is_regular, read_whole
from live_sentiment.sinks.atomic import OWNER_ONLY, replace_file
from live_sentiment.sinks.fields import seconds
from live_sentiment.sinks.lines import LONGEST_S, DamagedLineError, parse
from live_sentiment.sources.capture import Device, DeviceHealth

SCHEMA = "live-sentiment/session"
VERSION = 1
"""Raised when a reader of the version before would misunderstand a file; new fields alone do not raise it."""

SessionState: TypeAlias = Literal["recording", "complete", "cut-short", "repaired"]
"""Being recorded, or its process was killed; came to its end; ended by a failure; closed by `repair`."""

MOST_BYTES = 16 * 2**20
"""Of a session.json; it has some ten kilobytes."""
_LOCK = ".lock"
_PACKAGES = (
    "live-sentiment",
    "torch",
    "torchaudio",
    "transformers",
    "faster-whisper",
    "ctranslate2",
    "onnxruntime",
    "opencv-python",
    "av",
    "sounddevice",
    "numpy",
)

_Time: TypeAlias = Annotated[float, Field(ge=-LONGEST_S, le=LONGEST_S), PlainSerializer(seconds)]
Seconds: TypeAlias = Annotated[_Time, WithJsonSchema({"type": "number", "minimum": 0})]
"""Session time or a length of it, written to the millisecond."""
Counts: TypeAlias = dict[str, Annotated[int, WithJsonSchema({"type": "integer", "minimum": 0})]]
_NOT_NEGATIVE: JsonDict = {"minimum": 0}


class NewerVersionError(UsageError):
    """The file was written by a version of this program that knows more."""


class _Part(BaseModel):
    """Made by name, written under the shorter names of the file; fields of later versions are passed over."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        allow_inf_nan=False,
        json_schema_serialization_defaults_required=True,
        json_schema_extra={"additionalProperties": False},
    )


class GapRecord(_Part):
    """A time in which a device gave nothing."""

    start_s: Seconds = Field(validation_alias="start", serialization_alias="start")
    end_s: Seconds | None = Field(validation_alias="end", serialization_alias="end")
    """None while it lasts, and where it lasted to the end."""
    reason: str
    """For people, short: "camera lost"."""


class DeviceRecord(_Part):
    """A camera or a microphone."""

    device: Device
    name: str
    """As the system names it."""
    rate_hz: float = Field(
        default=0.0, validation_alias="rate", serialization_alias="rate", json_schema_extra=_NOT_NEGATIVE
    )
    """Frames per second as measured at last, or the sample rate."""
    width_px: int = Field(
        default=0, validation_alias="width", serialization_alias="width", json_schema_extra=_NOT_NEGATIVE
    )
    height_px: int = Field(
        default=0, validation_alias="height", serialization_alias="height", json_schema_extra=_NOT_NEGATIVE
    )
    channels: int = Field(default=0, json_schema_extra=_NOT_NEGATIVE)
    drift_ppm: float | None = None
    """By how much its clock is fast against the host's; taken out of all times. None where unknown."""
    delay_s: Seconds = Field(default=0.0, validation_alias="delay", serialization_alias="delay")
    """Taken off its stamps."""
    dropped: Counts = Field(default_factory=dict)
    """Frames or samples lost, by cause."""
    gaps: tuple[GapRecord, ...] = ()

    @classmethod
    def of(cls, health: DeviceHealth, gaps: tuple[GapRecord, ...] = ()) -> DeviceRecord:
        """What a device says of itself, with the gaps that were noted of it."""
        return cls(
            device=health.device,
            name=health.name,
            rate_hz=round(health.rate_hz, 3),
            width_px=health.width_px,
            height_px=health.height_px,
            channels=health.channels,
            drift_ppm=None if health.drift_ppm is None else round(health.drift_ppm, 2),
            delay_s=health.delay_s,
            dropped=dict(health.dropped),
            gaps=gaps,
        )


class RecordingRecord(_Part):
    """Picture and sound on disk."""

    files: tuple[str, ...] = ()
    """Names within the folder; empty where neither was kept."""
    faces_blurred: bool = False
    encoder: str | None = None
    """What encoded the pictures."""
    stopped: str | None = None
    """Why it ended before the session; None where it did not."""
    dropped: Counts = Field(default_factory=dict)
    """Pictures and stretches of sound that were captured and not recorded, by cause."""


class LagRecord(_Part):
    """How old results were when they were published."""

    p50_s: _Time = Field(default=0.0, validation_alias="p50", serialization_alias="p50")
    p95_s: _Time = Field(default=0.0, validation_alias="p95", serialization_alias="p95")


class AnalysisRecord(_Part):
    """How the analysis kept up."""

    dropped: Counts = Field(default_factory=dict)
    """What was captured and not analysed, in pictures and blocks of sound, by cause."""
    provisional_lag: LagRecord = LagRecord()
    final_lag: LagRecord = LagRecord()


class Marker(_Part):
    """A moment that the user marked."""

    time_s: Seconds = Field(validation_alias="time", serialization_alias="time")
    note: str = ""


class SessionRecord(_Part):
    """Everything in session.json."""

    started: AwareDatetime
    """Local time, with its UTC offset, at which session time was 0."""
    state: SessionState
    duration_s: Seconds = Field(default=0.0, validation_alias="duration", serialization_alias="duration")
    """Session time reached so far."""
    devices: tuple[DeviceRecord, ...] = ()
    analysis: AnalysisRecord = AnalysisRecord()
    recording: RecordingRecord = RecordingRecord()
    markers: tuple[Marker, ...] = ()
    models: dict[str, str] = Field(default_factory=dict)
    """Which model did what, by name and hash."""
    configuration: dict[str, Any] = Field(default_factory=dict)
    software: dict[str, str] = Field(default_factory=dict)
    """Versions, by name."""

    def fields(self) -> dict[str, Any]:
        """As they are written."""
        return {"schema": SCHEMA, "version": VERSION, **self.model_dump(mode="json", by_alias=True)}


def session_schema() -> dict[str, Any]:
    """JSON Schema of session.json as it is written."""
    schema = SessionRecord.model_json_schema(mode="serialization")
    named = {"schema": {"const": SCHEMA}, "version": {"const": VERSION}}
    return schema | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:live-sentiment:session:{VERSION}",
        "title": f"The record of a live-sentiment session, version {VERSION}",
        "properties": named | schema["properties"],
        "required": [*named, *schema["required"]],
    }


class SessionFile:
    """Writes session.json as often as wanted; a reader, or a killed process, never leaves half of one.

    While the state is "recording" the folder is locked, so that `repair` keeps away from a running session.
    The system lets go of the lock when the process ends, however it ends.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / SESSION
        self._lock = FileLock(folder / _LOCK, thread_local=False, mode=OWNER_ONLY)

    def write(self, record: SessionRecord) -> None:
        """Replace the file.

        Raises:
            RunError: the disk is full or gone; the file that was there stays.
        """
        text = json.dumps(record.fields(), ensure_ascii=False, allow_nan=False, indent=2) + "\n"
        try:
            if record.state == "recording" and not self._lock.is_locked:
                _clear_the_way(Path(self._lock.lock_file))
                self._lock.acquire(blocking=False)
            replace_file(self.path, text.encode(), mode=OWNER_ONLY)
        except (OSError, Timeout) as error:
            why = getattr(error, "strerror", None) or "another session writes there"
            raise RunError(f"cannot write {self.path} ({why}); what it held before stays") from error
        finally:
            if record.state != "recording":
                self._let_go()

    def _let_go(self) -> None:
        # What a killed process left is nobody's, and goes too.
        if self._lock.is_locked or not is_being_recorded(self.path.parent):
            with contextlib.suppress(OSError):
                Path(self._lock.lock_file).unlink(missing_ok=True)
        self._lock.release()


def _clear_the_way(lock: Path) -> None:
    """A link in the place of the lock would have what it points to emptied."""
    if lock.is_symlink():
        lock.unlink()


def is_being_recorded(folder: Path) -> bool:
    """Whether a running process records into this folder."""
    lock = folder / _LOCK
    if not is_regular(lock):  # nor what a link points to
        return False
    try:
        with FileLock(lock, blocking=False):
            return False
    except (Timeout, OSError):
        return True


def read_session(folder: Path) -> SessionRecord:
    """Read the session.json of a folder.

    Raises:
        UsageError: there is none, it cannot be read, or is damaged.
        NewerVersionError: it was written by a newer version.
    """
    path = folder / SESSION
    if not path.is_symlink() and not path.exists():
        raise UsageError(f"{folder} is not the folder of a session: it holds no {SESSION}")
    try:
        fields = parse(read_whole(path, MOST_BYTES))
    except DamagedLineError as error:
        raise UsageError(f"{path} is not the record of a session, or damaged: it {error}") from error
    if fields.get("schema") != SCHEMA:
        raise UsageError(f"{path} is not the record of a session that live-sentiment wrote")
    version = fields.get("version")
    if type(version) is not int or version > VERSION:
        raise NewerVersionError(
            f"{path} has session version {str(version)[:40]}, this program reads up to {VERSION}; "
            "update live-sentiment"
        )
    try:
        return SessionRecord.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step)[:40] for step in first["loc"])
        raise UsageError(f"{path} is damaged: {place}: {first['msg']}") from error


def software_versions() -> dict[str, str]:
    """What the results may depend on, without importing any of it."""
    versions = {"python": platform.python_version(), "system": platform.platform()}
    for package in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return versions


def local_now() -> datetime:
    """The local time with its UTC offset, to the millisecond."""
    now = datetime.now().astimezone()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
