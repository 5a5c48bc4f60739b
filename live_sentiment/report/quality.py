"""Data quality in sentences: what was lost, dropped or cut short."""

from __future__ import annotations

from collections.abc import Iterator

from live_sentiment.export.recorded import RecordedSession
from live_sentiment.recording.session_file import SessionRecord
from live_sentiment.report.wording import moment


def remarks(session: RecordedSession) -> tuple[str, ...]:
    """What a reader should know before believing the figures; empty where nothing is amiss."""
    return tuple(_remarks(session))


def _remarks(session: RecordedSession) -> Iterator[str]:
    if not session.complete:
        yield (
            f"The session did not come to its end: results reach up to {moment(session.end_s)}, "
            "and the last episode may be missing."
        )
    if session.index.damage:
        yield "The files of the session are damaged; what could not be read is missing from this page."
    if session.record is not None:
        yield from _of_a_live_session(session.record)


def _of_a_live_session(record: SessionRecord) -> Iterator[str]:
    for device in record.devices:
        if device.dropped:
            yield f"The {device.device} “{device.name}” lost {_counts(device.dropped)}."
        for gap in device.gaps:
            end = "the end" if gap.end_s is None else moment(gap.end_s)
            yield f"The {device.device} gave nothing from {moment(gap.start_s)} to {end}: {gap.reason}."
    if record.analysis.dropped:
        yield (
            "The computer could not keep up with everything that was captured; not analysed: "
            f"{_counts(record.analysis.dropped)}."
        )
    if record.recording.stopped:
        yield f"Recording of picture and sound stopped early: {record.recording.stopped}."
    if record.recording.dropped:
        yield f"Captured, but missing from the recording: {_counts(record.recording.dropped)}."
    if record.recording.faces_blurred:
        yield "Faces were hidden in the recorded picture; the analysis saw them."


def _counts(dropped: dict[str, int]) -> str:
    return ", ".join(f"{count} ({cause})" for cause, count in dropped.items())
