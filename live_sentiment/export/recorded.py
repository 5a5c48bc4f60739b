"""What an export is made from: a finished session, or one as far as it got."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from live_sentiment.core.errors import UsageError
from live_sentiment.recording.paths import MEDIA, SESSION, TIMELINE
from live_sentiment.recording.session_file import (
    NewerVersionError,
    SessionRecord,
    is_being_recorded,
    read_session,
)
from live_sentiment.recording.untrusted import is_regular, is_there
from live_sentiment.sinks.lines import Fields
from live_sentiment.sinks.reader import TimelineIndex, index_timeline
from live_sentiment.sources.media.fingerprint import source_file
from live_sentiment.sources.media.inputs import MEDIA_SUFFIXES


@dataclass(frozen=True, slots=True)
class RecordedSession:
    """A session as its files tell it.

    Points, which are most of it, are read anew by whoever wants them: a day of them needs no memory. All
    values have the types and ranges that docs/timeline.md states.
    """

    timeline: Path
    header: Fields
    """Schema, version and as much as is known of source, models and settings."""
    record: SessionRecord | None
    """Of a live session; None for the replay of a file, and where it cannot be read."""
    media: Path | None
    """Picture and sound whose times are session times; None where there are none, or they were not found."""
    words: tuple[Fields, ...]
    """All that was said, in time order."""
    episodes: tuple[Fields, ...]
    """In time order; none overlaps another."""
    turning_points: tuple[Fields, ...]
    """In time order."""
    events: tuple[Fields, ...]
    """In the order in which they were told."""
    point_count: int
    start_s: float
    """Session time at which the analysis begins."""
    end_s: float
    """Session time that its last point speaks of."""
    complete: bool
    """False where it was cut short or killed."""
    index: TimelineIndex
    """Where the points are."""
    notes: tuple[str, ...] = ()
    """What a person should know of the state of the files."""

    @property
    def folder(self) -> Path:
        """Where the timeline lies."""
        return self.timeline.parent

    @property
    def is_recording(self) -> bool:
        """Whether it is a live session, whose media state session times."""
        return self.record is not None or is_there(self.folder / SESSION)

    @property
    def source(self) -> Fields:
        """What the timeline says of the file or devices that it tells of."""
        source: Fields = self.header.get("source", {})
        return source

    @property
    def name(self) -> str:
        """What a person calls it: the name of the file or session."""
        name = str(self.source.get("name") or self.timeline.resolve().parent.name)
        # The name of a folder need not be UTF-8; what is written is.
        return name.encode("utf-8", "replace").decode("utf-8")

    @property
    def hop_s(self) -> float:
        """Time from one point to the next."""
        return self._window("hop_s", 0.25)

    @property
    def window_s(self) -> float:
        """Length of the window that a point speaks of."""
        return self._window("length_s", 4.0)

    def points(self) -> Iterator[Fields]:
        """The points in time order, read from the file as you go."""
        return self.index.points()

    def emotion_at(self, time_s: float) -> str | None:
        """The emotion of the episode in which a moment lies; None outside of any."""
        after = bisect_left(self.episodes, time_s, key=lambda episode: float(episode["end"]))
        if after == len(self.episodes) or time_s <= self.episodes[after]["start"]:
            return None
        return str(self.episodes[after]["emotion"])

    def _window(self, name: str, otherwise: float) -> float:
        return float(self.header.get("settings", {}).get("window", {}).get(name) or otherwise)


def open_recorded(path: Path, media: Path | None = None) -> RecordedSession:
    """Read the folder of a session or a replay, or a timeline file.

    What is damaged in it is left out, and `notes` says so.

    Args:
        path: of the folder or the timeline.
        media: the picture and sound, where they do not lie with the results.

    Raises:
        UsageError: there is nothing to read, it cannot be read or is of a newer version, or its session is
            still running.
    """
    timeline = _timeline_in(path)
    folder = timeline.parent
    if is_being_recorded(folder):
        raise UsageError(f"the session in {folder} is still running; stop it first")
    if media is not None and not media.is_file():
        raise UsageError(f"no such file: {media}")
    index = index_timeline(timeline)
    notes = [*_notes(folder, index)]
    record = None
    is_recording = is_there(folder / SESSION)
    if is_recording:
        try:
            record = read_session(folder)
        except NewerVersionError:
            raise
        except UsageError as error:
            notes.append(f"{error}; going on without it")
    if media is None:
        source = index.header.get("source", {})
        found = _media_beside(folder, source, is_recording)
        there = [place for place in found if is_regular(place) and place.stat().st_size]
        media = next((place for place in there if _is_of(place, source)), None)
        if media is None:
            links = [place for place in found if place.is_symlink()]
            notes += [f"{link} is a link and not followed; name its file with --media" for link in links]
            notes += [f"{other} is not the file that was analysed" for other in there]
    return RecordedSession(
        timeline=timeline,
        header=index.header,
        record=record,
        media=media,
        words=index.words,
        episodes=index.episodes,
        turning_points=index.turning_points,
        events=index.events,
        point_count=index.point_count,
        start_s=float(index.header.get("source", {}).get("start") or 0.0),
        end_s=index.last_s,
        complete=index.end is not None and bool(index.end["complete"]),
        index=index,
        notes=tuple(notes),
    )


def _notes(folder: Path, index: TimelineIndex) -> Iterator[str]:
    yield from index.damage
    if index.end is None:
        yield (
            f"the session in {folder} was not closed: results reach up to {index.last_s:.2f} s; "
            f"`live-sentiment repair {folder}` closes its files"
        )
    if not index.point_count:
        yield f"the session in {folder} holds no points"


def _timeline_in(path: Path) -> Path:
    if is_there(path) and not path.is_dir():
        return path
    if not path.exists():
        raise UsageError(f"no such file or folder: {path}")
    timeline = path / TIMELINE
    if is_there(timeline):
        return timeline
    try:
        within = sorted(child for child in path.iterdir() if (child / TIMELINE).is_file())
    except OSError as error:
        raise UsageError(f"cannot read the folder {path}: {error.strerror}") from error
    hint = (
        f"name one of the sessions in it, such as {within[0]}"
        if within
        else "`live-sentiment replay` makes one"
    )
    raise UsageError(f"{path} holds no {TIMELINE}; {hint}")


def _media_beside(folder: Path, source: Fields, is_recording: bool) -> list[Path]:
    """The recording of a live session; else the file that was analysed, if it is with the results or here.

    The timeline may be somebody else's: it names a file by its last name only, and one of media.
    """
    if is_recording:
        return [folder / MEDIA]
    name = Path(str(source.get("name") or "")).name
    if Path(name).suffix.lower() not in MEDIA_SUFFIXES:
        return []
    return [place / name for place in (folder, folder.parent, Path())]


def _is_of(media: Path, source: Fields) -> bool:
    """Whether this is the file that was analysed, where the timeline says which that was."""
    stated = source.get("hash")
    return stated is None or source_file(media).hash == stated
