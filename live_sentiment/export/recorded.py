"""What an export is made from: a finished session, or one as far as it got."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from live_sentiment.errors import UsageError
from live_sentiment.sinks.reader import timeline_lines
from live_sentiment.sinks.session_file import FILE, SessionRecord, is_being_recorded, read_session
from live_sentiment.sources.inputs import SESSION_MEDIA

TIMELINE = "timeline.jsonl"

Fields: TypeAlias = dict[str, Any]
"""A line of the timeline, or a word of it, with the fields that docs/timeline.md explains."""


@dataclass(frozen=True, slots=True)
class RecordedSession:
    """A session as its files tell it.

    Points, which are most of it, are read anew by whoever wants them: a day of them needs no memory.
    """

    timeline: Path
    header: Fields
    record: SessionRecord | None
    """Of a live session; None for the replay of a file."""
    media: Path | None
    """Picture and sound whose times are session times; None where there are none, or they were not found."""
    words: tuple[Fields, ...]
    """All that was said, in time order."""
    episodes: tuple[Fields, ...]
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
    notes: tuple[str, ...] = ()
    """What a person should know of the state of the files."""

    @property
    def folder(self) -> Path:
        """Where the timeline lies."""
        return self.timeline.parent

    @property
    def source(self) -> Fields:
        """What the timeline says of the file or devices that it tells of."""
        source = self.header.get("source")
        return source if isinstance(source, dict) else {}

    @property
    def name(self) -> str:
        """What a person calls it: the name of the file or session."""
        return str(self.source.get("name") or self.timeline.resolve().parent.name)

    @property
    def hop_s(self) -> float:
        """Time from one point to the next."""
        return float(self.header.get("settings", {}).get("window", {}).get("hop_s", 0.25))

    def points(self) -> Iterator[Fields]:
        """The points in time order, read from the file as you go."""
        return (line for line in timeline_lines(self.timeline) if line["type"] == "point")

    def emotion_at(self, time_s: float) -> str | None:
        """The emotion of the episode in which a moment lies; None outside of any."""
        after = bisect_left(self.episodes, time_s, key=lambda episode: float(episode["end"]))
        if after == len(self.episodes) or time_s <= self.episodes[after]["start"]:
            return None
        return str(self.episodes[after]["emotion"])


def open_recorded(path: Path, media: Path | None = None) -> RecordedSession:
    """Read the folder of a session or a replay, or a timeline file.

    Args:
        path: of the folder or the timeline.
        media: the picture and sound, where they do not lie with the results.

    Raises:
        UsageError: there is nothing to read, it cannot be read, is damaged or of a newer version, or its
            session is still running.
    """
    timeline = _timeline_in(path)
    folder = timeline.parent
    if is_being_recorded(folder):
        raise UsageError(f"the session in {folder} is still running; stop it first")
    record = read_session(folder) if (folder / FILE).is_file() else None
    if media is not None and not media.is_file():
        raise UsageError(f"no such file: {media}")
    lines = timeline_lines(timeline)
    header = next(lines)
    kept: dict[str, list[Fields]] = {"episode": [], "turning_point": [], "event": [], "end": [], "word": []}
    points, last_s = 0, 0.0
    for number, line in enumerate(lines, start=2):
        if line["type"] == "point":
            try:
                last_s = float(line["time"])
                kept["word"] += line["words"]
            except (KeyError, TypeError, ValueError) as error:
                raise UsageError(f"{timeline} is damaged: line {number} is no whole point") from error
            points += 1
        elif line["type"] in kept:
            kept[line["type"]].append(line)
    closed = bool(kept["end"])
    source = header.get("source") or {}
    return RecordedSession(
        timeline=timeline,
        header=header,
        record=record,
        media=media or _media_of(folder, source, record),
        words=tuple(kept["word"]),
        episodes=tuple(kept["episode"]),
        turning_points=tuple(kept["turning_point"]),
        events=tuple(kept["event"]),
        point_count=points,
        start_s=float(source.get("start") or 0.0),
        end_s=last_s,
        complete=closed and bool(kept["end"][-1]["complete"]),
        notes=_notes(folder, points, last_s, closed=closed),
    )


def _notes(folder: Path, points: int, last_s: float, *, closed: bool) -> tuple[str, ...]:
    notes = []
    if not closed:
        notes.append(
            f"the session in {folder} was not closed: what it holds up to {last_s:.2f} s is exported; "
            f"`live-sentiment repair {folder}` closes it"
        )
    if not points:
        notes.append(f"the session in {folder} holds no points")
    return tuple(notes)


def _timeline_in(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.exists():
        raise UsageError(f"no such file or folder: {path}")
    timeline = path / TIMELINE
    if timeline.is_file():
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


def _media_of(folder: Path, source: Fields, record: SessionRecord | None) -> Path | None:
    """The recording of a live session; else the file that was analysed, if it is with the results or here."""
    if record is not None:
        candidates = [folder / SESSION_MEDIA]
    else:
        name = Path(str(source.get("name") or "")).name
        candidates = [place / name for place in (folder, folder.parent, Path()) if name]
    return next((path for path in candidates if path.is_file() and path.stat().st_size), None)
