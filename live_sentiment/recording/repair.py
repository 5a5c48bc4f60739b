"""Closes the files of a session whose process was killed.

What is whole is left alone, byte by byte. A file is replaced only by one that is complete beside it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shlex
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from live_sentiment.core.errors import LiveSentimentError, RunError, UsageError
from live_sentiment.core.types import Transcript, Word
from live_sentiment.recording.paths import MEDIA, SESSION, TIMELINE, TRANSCRIPT
from live_sentiment.recording.remux import close_recording, end_s, holds_anything, is_closed
from live_sentiment.recording.session_file import SessionFile, is_being_recorded, read_session
from live_sentiment.recording.untrusted import is_there, open_to_read, read_whole
from live_sentiment.sinks.atomic import OWNER_ONLY, left_over, replace_file
from live_sentiment.sinks.captions import CaptionWriter
from live_sentiment.sinks.jsonl import end_fields, line_of
from live_sentiment.sinks.reader import MOST_BYTES, index_timeline

TICK_S = 0.25
"""Between two results."""
TRANSCRIPT_BYTES = 256 * 2**20
"""Of a transcript; a day of talk has some 10 MB."""

_SIGNATURE = b"WEBVTT\n\n"
_CUE_END = re.compile(rb"^[\d:.]+ --> (\d{2,4}):(\d\d):(\d\d\.\d{3})\s", re.MULTILINE)
_PIECE_BYTES = 2**20


def repair(folder: Path) -> list[str]:
    """Close what was left open in the folder of a session, or of a replay. Returns what was done, in words.

    An empty list: the folder was whole. A file that cannot be saved does not keep the others from it.

    Raises:
        UsageError: there is no such folder, it is not that of a session, or its session is still running.
        RunError: a file could not be repaired; says which were.
    """
    if not folder.is_dir():
        raise UsageError(f"no such folder: {folder}")
    if not any(is_there(folder / name) for name in (SESSION, TIMELINE, MEDIA)):
        raise UsageError(
            f"{folder} is not the folder of a session: it holds no {SESSION}, {TIMELINE} or {MEDIA}"
        )
    if is_being_recorded(folder):
        raise UsageError(f"the session in {folder} is still running; stop it first")
    done: list[str] = []
    failures: list[str] = []
    for name, mend in (
        (MEDIA, _media),
        (TIMELINE, _timeline),
        (TRANSCRIPT, _transcript),
        (SESSION, _session),
    ):
        # The record says "repaired" only once everything is.
        if is_there(folder / name) and not (name == SESSION and failures):
            try:
                done += mend(folder)
            except LiveSentimentError as error:
                failures.append(str(error))
    done += _clear(folder)
    if failures:
        raise RunError("; ".join([*failures, *(f"done: {line}" for line in done)]))
    return done


def _clear(folder: Path) -> list[str]:
    """Remove what was being written when the process was killed; the file it was to replace is whole."""
    removed = []
    for path in left_over(folder):
        with contextlib.suppress(OSError):
            path.unlink()
            removed.append(f"{path.name}: removed, half of a file that was being replaced")
    return removed


def _media(folder: Path) -> list[str]:
    path = folder / MEDIA
    if is_closed(path) or not holds_anything(path):
        return []
    reached_s = close_recording(path)
    return [f"{MEDIA}: gave it its length ({reached_s:.2f} s) and an index; no picture or sample was changed"]


def _timeline(folder: Path) -> list[str]:
    path = folder / TIMELINE
    timeline = index_timeline(path)
    # What cannot be read now may be of use to somebody who looks at it: nothing is taken out.
    done = [f"{line}, and left as it is" for line in timeline.damage]
    end = b""
    if timeline.end is None:
        end = line_of(end_fields(timeline.last_s, timeline.counts, complete=False)).encode()
    with open_to_read(path, MOST_BYTES) as file:
        size = file.seek(0, os.SEEK_END)
        whole_bytes = _up_to_last_newline(file)
        if whole_bytes < size:
            done.append(f"{TIMELINE}: cut off an incomplete last line of {size - whole_bytes} bytes")
        if end:
            done.append(f"{TIMELINE}: added its end at {timeline.last_s:.2f} s, marked as not complete")
            done += _to_be_computed_again(folder, timeline.last_s)
        if end or whole_bytes < size:
            file.seek(0)
            _replace(path, itertools.chain(_pieces(file, whole_bytes), [end]))
    return done


def _to_be_computed_again(folder: Path, last_s: float) -> list[str]:
    """What a killed session had recorded and not finally said: a result waits for the words of its time."""
    missing_s = 0.0
    with contextlib.suppress(LiveSentimentError):  # then there is nothing to compute it from
        if is_there(folder / MEDIA) and holds_anything(folder / MEDIA):
            missing_s = end_s(folder / MEDIA) - last_s
    if missing_s < TICK_S:
        return []
    again = f"live-sentiment replay {shlex.quote(str(folder))}"
    return [f"the last {missing_s:.1f} s of results were not final yet; {MEDIA} holds them: {again}"]


def _transcript(folder: Path) -> list[str]:
    path = folder / TRANSCRIPT
    data = read_whole(path, TRANSCRIPT_BYTES)
    if not data.startswith(_SIGNATURE[: len(data)]):
        raise UsageError(f"{path} is no WebVTT file")
    # A cue, as the header, was written whole if a blank line ends it.
    whole = data[: data.rfind(b"\n\n") + 2] if b"\n\n" in data else _SIGNATURE
    done = []
    if whole != data:
        done.append(f"{TRANSCRIPT}: cut off an incomplete last cue")
    missing = _words_after(folder, _last_end_s(whole))
    if missing:
        whole += _cues(missing)
        done.append(f"{TRANSCRIPT}: added the last {len(missing)} words of the timeline")
    if done:
        _replace(path, [whole])
    return done


def _session(folder: Path) -> list[str]:
    session = read_session(folder)
    if session.state != "recording":
        return []
    reached_s = session.duration_s
    if is_there(folder / TIMELINE):
        reached_s = max(reached_s, index_timeline(folder / TIMELINE).last_s)
    if is_there(folder / MEDIA) and holds_anything(folder / MEDIA):
        reached_s = max(reached_s, end_s(folder / MEDIA))
    SessionFile(folder).write(session.model_copy(update={"state": "repaired", "duration_s": reached_s}))
    return [f'{SESSION}: set its state to "repaired" and its duration to {reached_s:.2f} s']


def _words_after(folder: Path, time_s: float) -> list[Word]:
    """Words of the timeline that end after this time; none where there is no readable timeline."""
    try:
        timeline = index_timeline(folder / TIMELINE)
    except UsageError:
        return []
    words = [_word(fields, time_s) for fields in timeline.words]
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
        return path.read_bytes().removeprefix(_SIGNATURE)


def _last_end_s(captions: bytes) -> float:
    """When the last cue ends, 0 without one."""
    ends = _CUE_END.findall(captions)
    hours, minutes, seconds = map(float, ends[-1]) if ends else (0.0, 0.0, 0.0)
    return hours * 3600 + minutes * 60 + seconds


def _up_to_last_newline(file: BinaryIO) -> int:
    """Bytes up to and with the last newline."""
    end = file.seek(0, os.SEEK_END)
    while end:
        begin = max(end - _PIECE_BYTES, 0)
        file.seek(begin)
        if found := file.read(end - begin).rfind(b"\n") + 1:
            return begin + found
        end = begin
    return 0


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size and (piece := file.read(min(size, _PIECE_BYTES))):
        size -= len(piece)
        yield piece


def _replace(path: Path, pieces: Iterable[bytes]) -> None:
    try:
        replace_file(path, pieces, mode=OWNER_ONLY)
    except OSError as error:
        raise RunError(f"cannot repair {path} ({error.strerror}); it is left as it is") from error
