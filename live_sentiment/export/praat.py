"""Tiers as a Praat TextGrid: the long text format of the Praat manual ("TextGrid file formats"), in UTF-8."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from live_sentiment.export.recorded import RecordedSession
from live_sentiment.export.tiers import Interval, Mark, tiers_of
from live_sentiment.export.writing import whole_file

if TYPE_CHECKING:
    from live_sentiment.export import Progress


def write_textgrid(session: RecordedSession, path: Path, progress: Progress) -> Path:
    """Write interval tiers of words and stretches, and point tiers of valence, arousal and what happened.

    Raises:
        UsageError: the folder cannot be written.
        RunError: the disk is full.
    """
    tiers = tiers_of(session, progress)
    # As long as the sound, where it is longer than the results: Praat shows both from 0 to their ends.
    end_ms = max(tiers.end_ms, round(float(session.source.get("duration") or 0.0) * 1000), 1)
    intervals: dict[str, list[Interval]] = {
        "words": tiers.words,
        "transcript": tiers.transcript,
        "emotion": tiers.emotion,
        "polarity": tiers.polarity,
        **tiers.presence,
    }
    marks = {
        "valence": tiers.valence,
        "arousal": tiers.arousal,
        "turning points": tiers.turning_points,
        "events": tiers.events,
    }
    with whole_file(path) as aside, aside.open("w", encoding="utf-8", newline="\n") as file:
        count = len(intervals) + len(marks)
        file.write('File type = "ooTextFile"\nObject class = "TextGrid"\n\n')
        file.write(f"xmin = 0\nxmax = {_s(end_ms)}\ntiers? <exists>\nsize = {count}\nitem []:\n")
        for number, (name, stretches) in enumerate(intervals.items(), start=1):
            filled = list(_filled(stretches, end_ms))
            file.write(_tier(number, "IntervalTier", name, end_ms, f"intervals: size = {len(filled)}"))
            file.writelines(_interval(place, stretch) for place, stretch in enumerate(filled, start=1))
        for number, (name, moments) in enumerate(marks.items(), start=len(intervals) + 1):
            file.write(_tier(number, "TextTier", name, end_ms, f"points: size = {len(moments)}"))
            file.writelines(_point(place, moment) for place, moment in enumerate(moments, start=1))
    return path


def _filled(intervals: Sequence[Interval], end_ms: int) -> Iterator[Interval]:
    """With empty intervals between them: a tier is one unbroken row from 0 to the end."""
    at_ms = 0
    for interval in intervals:
        if interval.start_ms > at_ms:
            yield Interval(at_ms, interval.start_ms, "")
        yield interval
        at_ms = interval.end_ms
    if at_ms < end_ms:
        yield Interval(at_ms, end_ms, "")


def _tier(number: int, kind: str, name: str, end_ms: int, size: str) -> str:
    return (
        f'    item [{number}]:\n        class = "{kind}"\n        name = {_quoted(name)}\n'
        f"        xmin = 0\n        xmax = {_s(end_ms)}\n        {size}\n"
    )


def _interval(place: int, interval: Interval) -> str:
    return (
        f"        intervals [{place}]:\n            xmin = {_s(interval.start_ms)}\n"
        f"            xmax = {_s(interval.end_ms)}\n            text = {_quoted(interval.label)}\n"
    )


def _point(place: int, mark: Mark) -> str:
    return (
        f"        points [{place}]:\n            number = {_s(mark.time_ms)}\n"
        f"            mark = {_quoted(mark.label)}\n"
    )


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _s(milliseconds: int) -> str:
    """Seconds, exactly."""
    return f"{milliseconds // 1000}.{milliseconds % 1000:03}"
