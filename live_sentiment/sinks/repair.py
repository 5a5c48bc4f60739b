"""Closes the files of a session whose process was killed.

What is whole is left alone, byte by byte. A file is replaced only by one that is complete beside it.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from live_sentiment.errors import LiveSentimentError, RunError, UsageError
from live_sentiment.sinks.atomic import replace_file
from live_sentiment.sinks.captions import CaptionWriter
from live_sentiment.sinks.jsonl import end_fields, line_of
from live_sentiment.sinks.reader import RecordedTimeline, read_timeline
from live_sentiment.sinks.remux import close_recording, end_s, holds_anything, is_closed
from live_sentiment.sinks.session_file import FILE, SessionFile, is_being_recorded, read_session
from live_sentiment.types import Transcript, Word

MEDIA, TIMELINE, TRANSCRIPT = "media.mkv", "timeline.jsonl", "transcript.vtt"


def repair(folder: Path) -> list[str]:
    """Close what was left open in the folder of a session, or of a replay. Returns what was done, in words.

    An empty list: the folder was whole. A file that cannot be saved does not keep the others from it.

    Raises:
        UsageError: there is no such folder, it is not that of a session, or its session is still running.
        RunError: a file could not be repaired; says which were.
    """
    if not folder.is_dir():
        raise UsageError(f"no such folder: {folder}")
    if not any((folder / name).exists() for name in (FILE, TIMELINE, MEDIA)):
        raise UsageError(
            f"{folder} is not the folder of a session: it holds no {FILE}, {TIMELINE} or {MEDIA}"
        )
    if is_being_recorded(folder):
        raise UsageError(f"the session in {folder} is still running; stop it first")
    done: list[str] = []
    failures: list[str] = []
    for name, mend in ((MEDIA, _media), (TIMELINE, _timeline), (TRANSCRIPT, _transcript), (FILE, _session)):
        # The record says "repaired" only once everything is.
        if (folder / name).exists() and not (name == FILE and failures):
            try:
                done += mend(folder)
            except LiveSentimentError as error:
                failures.append(str(error))
    if failures:
        raise RunError("; ".join([*failures, *(f"done: {line}" for line in done)]))
    return done


def _media(folder: Path) -> list[str]:
    path = folder / MEDIA
    if is_closed(path) or not holds_anything(path):
        return []
    reached_s = close_recording(path)
    return [f"{MEDIA}: gave it its length ({reached_s:.2f} s) and an index; no picture or sample was changed"]


def _timeline(folder: Path) -> list[str]:
    path = folder / TIMELINE
    timeline = read_timeline(path)
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    done = []
    if len(whole) < len(data):
        done.append(f"{TIMELINE}: cut off an incomplete last line of {len(data) - len(whole)} bytes")
    if timeline.end is None:
        last_s = _last_s(timeline)
        counts = Counter(line["type"] for line in timeline.lines)
        whole += line_of(end_fields(last_s, counts, complete=False)).encode()
        done.append(f"{TIMELINE}: added its end at {last_s:.2f} s, marked as not complete")
    if done:
        _replace(path, whole)
    return done


def _transcript(folder: Path) -> list[str]:
    path = folder / TRANSCRIPT
    data = _read(path)
    # A cue, as the header, was written whole if a blank line ends it.
    whole = data[: data.rfind(b"\n\n") + 2] if b"\n\n" in data else b"WEBVTT\n\n"
    done = []
    if whole != data:
        done.append(f"{TRANSCRIPT}: cut off an incomplete last cue")
    missing = _words_after(folder, _last_end_s(whole))
    if missing:
        whole += _cues(missing)
        done.append(f"{TRANSCRIPT}: added the last {len(missing)} words of the timeline")
    if done:
        _replace(path, whole)
    return done


def _session(folder: Path) -> list[str]:
    session = read_session(folder)
    if session.state != "recording":
        return []
    reached_s = session.duration_s
    if (folder / TIMELINE).exists():
        reached_s = max(reached_s, _last_s(read_timeline(folder / TIMELINE)))
    if (folder / MEDIA).exists() and holds_anything(folder / MEDIA):
        reached_s = max(reached_s, end_s(folder / MEDIA))
    SessionFile(folder).write(session.model_copy(update={"state": "repaired", "duration_s": reached_s}))
    return [f'{FILE}: set its state to "repaired" and its duration to {reached_s:.2f} s']


def _last_s(timeline: RecordedTimeline) -> float:
    return max((float(line["time"]) for line in timeline.points), default=0.0)


def _words_after(folder: Path, time_s: float) -> list[Word]:
    """Words of the timeline that end after this time; none where there is no readable timeline."""
    try:
        timeline = read_timeline(folder / TIMELINE)
    except UsageError:
        return []
    words = [_word(fields, time_s) for point in timeline.points for fields in point["words"]]
    return [word for word in words if word.end_s > time_s and word.text.strip()]


def _word(fields: dict[str, Any], earliest_s: float) -> Word:
    start_s = max(fields["start"], earliest_s)  # a cue never begins before the end of the one above
    return Word(fields["text"], start_s, fields["end"], fields["probability"])


def _cues(words: list[Word]) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / TRANSCRIPT
        writer = CaptionWriter(path)
        writer.words(Transcript(tuple(words), (), words[-1].end_s))
        writer.close(complete=False)
        return path.read_bytes().removeprefix(b"WEBVTT\n\n")


def _last_end_s(captions: bytes) -> float:
    """When the last cue ends, 0 without one."""
    timings = [line for line in captions.decode("utf-8", "replace").splitlines() if " --> " in line]
    if not timings:
        return 0.0
    hours, minutes, seconds = timings[-1].split(" --> ")[1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _replace(path: Path, data: bytes) -> None:
    try:
        replace_file(path, data)
    except OSError as error:
        raise RunError(f"cannot repair {path} ({error.strerror}); it is left as it is") from error
