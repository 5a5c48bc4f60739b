"""The words with the emotion of their episode, as WebVTT (W3C) and SubRip captions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from live_sentiment.core.types import Word
from live_sentiment.export.recorded import RecordedSession
from live_sentiment.export.writing import told, whole_file
from live_sentiment.sinks.captions import Cue, CueBuilder, escaped, timestamp, wrapped

if TYPE_CHECKING:
    from live_sentiment.export import Progress


def cues(session: RecordedSession) -> Iterator[Cue]:
    """What was said, in cues that do not overlap."""
    builder = CueBuilder()
    for fields in session.words:
        yield from builder.add(Word(fields["text"], fields["start"], fields["end"], fields["probability"]))
    yield from builder.finish()


def write_vtt(session: RecordedSession, path: Path, progress: Progress) -> Path:
    """Write WebVTT; a cue's emotion stands before its words, and is the class of the cue's span.

    Raises:
        UsageError: the folder cannot be written.
        RunError: the disk is full.
    """
    with whole_file(path) as aside, aside.open("w", encoding="utf-8", newline="\n") as file:
        file.write("WEBVTT\n\n")
        for cue in told(cues(session), len(session.words), progress):
            emotion = emotion_of(cue, session)
            text = escaped("\n".join(labelled(cue, emotion)))
            span = text if emotion is None else f"<c.{emotion}>{text}</c>"
            file.write(f"{timestamp(cue.start_ms)} --> {timestamp(cue.end_ms)}\n{span}\n\n")
    return path


def write_srt(session: RecordedSession, path: Path, progress: Progress) -> Path:
    """Write SubRip; a cue's emotion stands before its words. The format knows no escapes.

    Raises:
        UsageError: the folder cannot be written.
        RunError: the disk is full.
    """
    with whole_file(path) as aside, aside.open("w", encoding="utf-8", newline="\n") as file:
        for number, cue in enumerate(told(cues(session), len(session.words), progress), start=1):
            text = "\n".join(labelled(cue, emotion_of(cue, session)))
            times = f"{timestamp(cue.start_ms, ',')} --> {timestamp(cue.end_ms, ',')}"
            file.write(f"{number}\n{times}\n{text}\n\n")
    return path


def emotion_of(cue: Cue, session: RecordedSession) -> str | None:
    """That of the episode in which the middle of the cue lies."""
    return session.emotion_at((cue.start_ms + cue.end_ms) / 2000)


def labelled(cue: Cue, emotion: str | None) -> list[str]:
    """The lines of a cue with the emotion in brackets before them."""
    return cue.lines if emotion is None else wrapped([f"[{emotion}]", *cue.words])
