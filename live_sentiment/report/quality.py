"""Data quality in sentences: what was missing, lost, dropped or cut short."""

from __future__ import annotations

from collections.abc import Iterator

from live_sentiment.report.facts import Facts
from live_sentiment.report.source import Source
from live_sentiment.sinks.session_file import SessionRecord


def remarks(source: Source, facts: Facts) -> tuple[str, ...]:
    """What a reader should know before believing the figures; empty where nothing is amiss."""
    return tuple(_remarks(source, facts))


def _remarks(source: Source, facts: Facts) -> Iterator[str]:
    if source.was_killed:
        yield (
            "The program was ended before it could close its files: results reach up to the last whole line, "
            "and the last episode may be missing. live-sentiment repair closes the files."
        )
    elif not facts.complete:
        yield "The analysis was cut short: results end before the session did."
    if source.record is not None:
        yield from _of_a_live_session(source.record)


def _of_a_live_session(record: SessionRecord) -> Iterator[str]:
    for device in record.devices:
        if device.dropped:
            yield f"The {device.device} “{device.name}” lost {_counts(device.dropped)}."
        for gap in device.gaps:
            end = "the end" if gap.end_s is None else f"{gap.end_s:.1f} s"
            yield f"The {device.device} gave nothing from {gap.start_s:.1f} s to {end}: {gap.reason}."
    if record.analysis.dropped:
        yield (
            "The computer could not keep up with everything that was captured; not analysed: "
            f"{_counts(record.analysis.dropped)}."
        )
    if record.recording.stopped:
        yield f"Recording of picture and sound stopped early: {record.recording.stopped}."
    if record.recording.dropped:
        yield f"Captured and analysed, but missing from the recording: {_counts(record.recording.dropped)}."
    if record.recording.faces_blurred:
        yield "Faces were hidden in the recorded picture; the analysis saw them."


def _counts(dropped: dict[str, int]) -> str:
    return ", ".join(f"{count} ({cause})" for cause, count in dropped.items())
