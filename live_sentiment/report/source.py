"""What a report is made from: a timeline, the record of a live session where there is one, and the media."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live_sentiment.errors import UsageError
from live_sentiment.report.media import Media
from live_sentiment.sinks.reader import RecordedTimeline, read_timeline
from live_sentiment.sinks.repair import MEDIA, TIMELINE
from live_sentiment.sinks.session_file import FILE, SessionRecord, is_being_recorded, read_session


@dataclass(frozen=True, slots=True)
class Source:
    """A finished session, or the replay of a file."""

    folder: Path
    timeline: RecordedTimeline
    record: SessionRecord | None
    """Of a live session; None for the replay of a file."""
    media: Media | None
    """None where there is no picture or sound, or it was not found."""

    @property
    def about(self) -> dict[str, Any]:
        """What the timeline says of the file or session that it tells of."""
        about = self.timeline.header.get("source", {})
        return about if isinstance(about, dict) else {}

    @property
    def name(self) -> str:
        """Of the file or session."""
        return str(self.about.get("name") or self.folder.name)

    @property
    def media_offset_s(self) -> float:
        """Where session time 0 lies in the media: not at its start where an excerpt was analysed."""
        return float(self.about.get("start") or 0.0)

    @property
    def was_killed(self) -> bool:
        """Whether the files were never closed."""
        return self.timeline.end is None or (self.record is not None and self.record.state == "recording")


def open_source(path: Path, media: Path | None = None) -> Source:
    """Read the folder of a session or a replay, or a timeline file in one.

    Args:
        path: of the folder, or of a timeline.
        media: the video or sound, where it does not lie with the results.

    Raises:
        UsageError: there is nothing to report on, it cannot be read, or its session is still running.
    """
    timeline_path = _timeline_path(path)
    folder = timeline_path.parent
    if is_being_recorded(folder):
        raise UsageError(f"the session in {folder} is still running; stop it first")
    timeline = read_timeline(timeline_path)
    if not timeline.points:
        raise UsageError(f"{timeline_path} holds no results, so there is nothing to report on")
    record = read_session(folder) if (folder / FILE).is_file() else None
    if media is not None and not media.is_file():
        raise UsageError(f"no such file: {media}; --media takes the video or sound that was analysed")
    found = media or _media_with(folder, timeline)
    has_picture = bool(timeline.header.get("source", {}).get("video"))
    return Source(folder, timeline, record, Media(found, has_picture) if found else None)


def _timeline_path(path: Path) -> Path:
    if path.is_dir():
        timeline = path / TIMELINE
        if timeline.is_file():
            return timeline
        within = sorted(folder.name for folder in path.iterdir() if (folder / TIMELINE).is_file())
        hint = (
            f"a report is made of one session; name one of the folders in it, such as {path / within[0]}"
            if within
            else "live-sentiment replay and run make such folders"
        )
        raise UsageError(f"{path} holds no {TIMELINE}; {hint}")
    if not path.exists():
        raise UsageError(f"no such file or folder: {path}")
    if path.suffix.lower() not in {".jsonl", ".json"}:
        raise UsageError(
            f"{path} is not a timeline; `live-sentiment replay {path}` makes one, and a report takes the "
            "folder that it lies in"
        )
    return path


def _media_with(folder: Path, timeline: RecordedTimeline) -> Path | None:
    """The recording of a live session; else the file that was analysed, beside the results or here."""
    name = Path(str(timeline.header.get("source", {}).get("name") or "")).name
    candidates = [folder / MEDIA, *(place / name for place in (folder, folder.parent, Path()) if name)]
    return next((path for path in candidates if path.is_file() and path.stat().st_size), None)
