"""Damaged and hostile session folders: `report`, `export`, `repair` make something of them or say why not.

    python -m tests.fuzz.session_folders [--count N] [--seed N] [--only N] [--keep DIR]

A folder is written as the program writes it and then damaged: values, lines, bytes, whole files, and what
kind of file has a name. Beside it lies a file that is none of its business, to which links lead.
"""

from __future__ import annotations

import csv
import json
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from tests.fuzz.runner import Case, Finished, main

COUNT = 600
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("report",),
    ("report", "--embed"),
    ("repair",),
    ("export", "--to", "csv,vtt,srt"),
    ("export", "--to", "eaf,textgrid"),
    ("export", "--to", "parquet"),
    ("export", "--to", "png"),
    ("export", "--to", "mp4"),
)
SECRET = "the-letter-that-is-none-of-its-business"
POINTS = 24
FILES = ("timeline.jsonl", "session.json", "transcript.vtt", "media.mkv")

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 7, 2**31, 2**63, -(10**300), 0.5, -0.0, 1e9, -1e9, 1e308, 4e6, 1e-320),
    *("", "x", "NaN", "1.0", "=cmd|' /C calc'!A0", "\t=1", "-2+3", "joy", "gelassen", "peak", "recording"),
    *("\x1b[2J\x1b[31m", "a\nb\rc\0d", "</script><img src=x onerror=alert(1)>", "\u202e4pm", "..", "/etc/"),
    *("--> 00:00:01.000", "]]>&<", '"', "ü" * 300, "x" * 200_000, "2026-11-29", "9999-12-31T23:59:59+00:00"),
    *([], [1], [[]], {}, {"a": 1}, [None] * 4, [1e308] * 4, ["text"]),
    *({"text": None, "voice": 1, "vision": {}}, {"present": True}),
)
RAW = (
    *("NaN", "Infinity", "-Infinity", "1e999", "1" * 400, "1" * 5000),
    *('"\\ud800"', "[" * 90_000, "tru", '{"a":', ""),
)
"""What no JSON writer of Python gives away."""

Damage = Callable[[random.Random, Path], None]


def cases(seed: int, count: int) -> Iterator[Case]:
    """The same for the same seed."""
    for number in range(count):
        rng = random.Random(f"{seed} {number}")
        damages = rng.choices(DAMAGES, k=rng.choice((1, 1, 1, 2, 4)))
        command = COMMANDS[number % len(COMMANDS)]
        name = f"{' '.join(command)}: {', '.join(damage.__name__ for damage in damages)}"
        one_line = damages == [a_value]
        yield Case(
            name, partial(_prepare, rng.random(), command, damages), partial(_check, command, one_line)
        )


def _prepare(seed: float, command: Sequence[str], damages: Sequence[Damage], folder: Path) -> list[str]:
    rng = random.Random(seed)
    (folder / "secret.txt").write_text(SECRET)
    session = folder / "session"
    write_session(rng, session, media="mp4" in command or "--embed" in command or rng.random() < 0.3)
    for damage in damages:
        damage(rng, session)
    return [command[0], str(session), *command[1:]]


def _check(command: Sequence[str], one_line: bool, finished: Finished) -> str | None:
    secret = finished.folder / "secret.txt"
    files = [path for path in finished.folder.rglob("*") if path != secret and _is_file(path)]
    faults = {
        "an error that nobody foresaw": "run again with --debug" in finished.err,
        "escapes reach the terminal": "\x1b" in finished.err + finished.out,
        "a file outside was written to": secret.read_text() != SECRET,
        "holds what lies outside": any(SECRET.encode() in path.read_bytes() for path in files),
        "something was left behind": any(
            path.name.startswith(".") and ".part" in path.name for path in files
        ),
        "one line has cost others": one_line and "csv" in command[-1] and _rows(finished) < POINTS - 1,
    }
    return next((fault for fault, found in faults.items() if found), None)


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _rows(finished: Finished) -> int:
    table = finished.folder / "session" / "points.csv"
    if not table.is_file():
        return 0
    with table.open(encoding="utf-8", newline="") as file:
        return len(list(csv.DictReader(file)))


def write_session(rng: random.Random, folder: Path, *, media: bool) -> None:
    """A session of six seconds, as `run` or `replay` leaves it, or as a killed process does."""
    from live_sentiment.core.types import Event, Transcript
    from live_sentiment.recording.session_file import (
        DeviceRecord,
        GapRecord,
        SessionFile,
        SessionRecord,
        local_now,
    )
    from live_sentiment.sinks.captions import CaptionWriter
    from live_sentiment.sinks.file import make_folder
    from live_sentiment.sinks.jsonl import TimelineWriter
    from live_sentiment.timeline.episodes import Episode
    from live_sentiment.timeline.turning import TurningPoint
    from tests.helpers.story import ABSENT, PRESENT, person, point, word

    make_folder(folder)
    closed = rng.random() < 0.7
    source = {
        "name": "talk.mkv",
        "duration": 6.0,
        "video": "h264",
        "audio": "aac",
        "start": None,
        "end": None,
    }
    header = {
        "source": source,
        "models": {"speech": "whisper-tiny.en", "vision": "face"},
        "settings": {"window": {"hop_s": 0.25, "length_s": 4.0}, "fusion": {"weights": "fusion-pairs"}},
    }
    timeline, captions = (
        TimelineWriter(folder / "timeline.jsonl", header),
        CaptionWriter(folder / "transcript.vtt"),
    )
    for tick in range(1, POINTS + 1):
        time_s = tick * 0.25
        said = (word(f"word-{tick}", time_s),) if tick % 3 == 0 else ()
        there = not 8 < tick < 12
        timeline.point(
            point(
                time_s,
                "joy" if time_s <= 2.5 else "anger",
                words=said,
                presence=PRESENT if there else ABSENT,
                people=(person(), person(2, speaking=False)) if there else (),
            )
        )
        captions.words(Transcript(said, (), time_s))
    timeline.segment(Episode(0.0, 2.0, "joy", 0.7, 0.5, -0.25))
    timeline.segment(Episode(3.0, 6.0, "anger", 0.6, -0.5, 0.25))
    timeline.segment(TurningPoint(1.5, "peak", 0.6, -0.1, (word("word-6", 1.5),)))
    timeline.event(Event(2.0, "gap", "no picture for 0.3 s"))
    if closed:
        timeline.close(complete=True)
        captions.close(complete=True)
    else:
        timeline._file.close()
        captions._file.close()
    if rng.random() < 0.6:
        devices = (
            DeviceRecord(
                device="camera", name="cam", gaps=(GapRecord(start_s=1.0, end_s=None, reason="lost"),)
            ),
        )
        state = "complete" if closed else "recording"
        record = SessionRecord(started=local_now(), state="complete", duration_s=6.0, devices=devices)
        SessionFile(folder).write(record.model_copy(update={"state": state}))
        (folder / ".lock").unlink(missing_ok=True)
    if media:
        write_recording(folder / "media.mkv", closed=closed)


def write_recording(path: Path, *, closed: bool) -> None:
    """Two seconds of grey and a tone; not closed: without length and index."""
    import numpy as np

    from live_sentiment.recording.matroska import MatroskaWriter
    from live_sentiment.sources.capture import CapturedSound

    writer = MatroskaWriter(path, 30, has_video=True, has_audio=True)
    for tick in range(20):
        writer.picture(np.full((48, 64, 3), tick * 12, np.uint8), tick * 100)
        samples = np.full((1600, 1), 1000, np.int16)
        writer.sound(CapturedSound(samples, 16_000, Fraction(tick, 10)))
    if closed:
        writer.close()
    else:
        writer.abandon()


def a_value(rng: random.Random, folder: Path) -> None:
    """One value of one line is another, missing, or under another name."""
    path = folder / "timeline.jsonl"
    lines = _lines(path)
    if len(lines) > 1:
        place = rng.randrange(1, len(lines))
        lines[place] = _with_odd_value(rng, lines[place])
        _write(path, lines)


def the_header(rng: random.Random, folder: Path) -> None:
    """One value of the first line."""
    path = folder / "timeline.jsonl"
    lines = _lines(path)
    if lines:
        lines[0] = _with_odd_value(rng, lines[0])
        _write(path, lines)


def many_values(rng: random.Random, folder: Path) -> None:
    """One value in every line."""
    path = folder / "timeline.jsonl"
    _write(path, [_with_odd_value(rng, line) for line in _lines(path)])


def the_record(rng: random.Random, folder: Path) -> None:
    """Values of session.json."""
    path = folder / "session.json"
    if _is_file(path):
        data = path.read_bytes()
        for _ in range(rng.choice((1, 1, 3))):
            data = _with_odd_value(rng, data)
        path.write_bytes(data)


def order(rng: random.Random, folder: Path) -> None:
    """Lines twice, in another order, missing, or between others."""
    path = folder / "timeline.jsonl"
    lines = _lines(path)
    if not lines:
        return
    way = rng.randrange(6)
    if way == 0:
        rng.shuffle(lines)
    elif way == 1:
        lines = [line for line in lines for _ in range(2)]
    elif way == 2:
        lines = lines[:1] + lines[:0:-1]
    elif way == 3:
        lines = lines[1:]
    elif way == 4:
        lines += lines
    else:
        lines.insert(
            rng.randrange(len(lines) + 1), rng.choice([b"\n", b"{}\n", b"[]\n", b"\0\n", b'"x"\n', b"1\n"])
        )
    _write(path, lines)


def times(rng: random.Random, folder: Path) -> None:
    """Times that are the same, leap or go back."""
    path = folder / "timeline.jsonl"
    changed = []
    for line in _lines(path):
        fields = _loaded(line)
        for name in ("time", "start", "end") if isinstance(fields, dict) else ():
            if isinstance(time_s := fields.get(name), float) and rng.random() < 0.2:
                fields[name] = rng.choice([0.0, 1.0, time_s * 1000, time_s - 1, 3.9e6, 2.0**31])
        changed.append(_dumped(fields) if isinstance(fields, dict) else line)
    _write(path, changed)


def some_bytes(rng: random.Random, folder: Path) -> None:
    """Bytes that are others, missing, or too many, in any file."""
    path = folder / rng.choice(FILES)
    if not _is_file(path):
        return
    data = bytearray(path.read_bytes())
    way = rng.randrange(8)
    if way == 0:
        data = data[: rng.randrange(len(data) + 1)]
    elif way == 1:
        for _ in range(rng.choice((1, 10, 200))):
            if data:
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif way == 2:
        place = rng.randrange(len(data) + 1)
        data[place:place] = rng.randbytes(rng.choice((1, 100, 10_000)))
    elif way == 3:
        data = bytearray(len(data))
    elif way == 4:
        data = bytearray(
            data.decode("utf-8", "replace").encode(rng.choice(["utf-16", "utf-8-sig", "cp500"]), "replace")
        )
    elif way == 5:
        data = bytearray(data.replace(b"\n", rng.choice([b"\r\n", b"\r", b"", b" "])))
    elif way == 6:
        data += b"x" * 3_000_000 + b"\n"
    else:
        data.clear()
    path.write_bytes(data)


def the_transcript(rng: random.Random, folder: Path) -> None:
    """Timings of captions that are none."""
    text = rng.choice(
        [
            "WEBVTT\n\n99:99:99.999 --> x:y:z\nword\n\n",
            "WEBVTT\n\n00:00:01.000 --> 99999999999999:00:00.000\nword\n\n",
            "WEBVTT\n\n --> \n\n",
            "WEBVTT",
            "\n\n" * 1000,
            "WEBVTT\n\n" + "00:00:01.000 --> 00:00:02.000\nword\n\n" * 20_000,
        ]
    )
    path = folder / "transcript.vtt"
    if not path.is_dir():
        path.unlink(missing_ok=True)
        path.write_text(text)


def other_media(rng: random.Random, folder: Path) -> None:
    """Another file in place of the recording, under its name or that of the header."""
    path = folder / rng.choice(["media.mkv", "talk.mkv"])
    secret = folder.parent / "secret.txt"
    if path.is_dir():
        return
    path.unlink(missing_ok=True)
    path.write_bytes(
        rng.choice(
            [
                b"",
                b"\x1a\x45\xdf\xa3",
                b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff",
                f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{secret}\n#EXT-X-ENDLIST\n".encode(),
                f"ffconcat version 1.0\nfile '{secret}'\n".encode(),
                b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0data\xff\xff\xff\xff",
                rng.randbytes(5000),
            ]
        )
    )


def kinds(rng: random.Random, folder: Path) -> None:
    """A link, folder or pipe under the name of a file, or of one that is written."""
    written = ("report.html", "points.csv", "captions.vtt", "annotations.eaf", "annotated.mp4", "plot.png")
    asides = ("report.part.html", "timeline.jsonl.tmp", "session.json.tmp", "transcript.vtt.tmp", ".lock")
    path = folder / rng.choice((*FILES, *FILES, *written, *asides, "talk.mkv", "media.repaired.mkv"))
    if path.is_dir():
        return
    path.unlink(missing_ok=True)
    way = rng.randrange(6)
    if way == 0:
        path.mkdir()
    elif way == 1:
        os.mkfifo(path)
    else:
        path.symlink_to([folder.parent / "secret.txt", Path("nowhere"), path, Path("/dev/zero")][way - 2])


def a_crowd(rng: random.Random, folder: Path) -> None:
    """Many lines, words or people, more than anybody has."""
    path = folder / "timeline.jsonl"
    lines = _lines(path)
    if len(lines) < 3:
        return
    way = rng.randrange(3)
    if way == 0:
        lines[1:1] = [b'{"type":"event","time":1.0,"kind":"gap","message":"again"}\n'] * 30_000
    elif way == 1:
        lines[1:1] = [b"{\n"] * 150_000
    else:
        fields = _loaded(lines[1])
        if isinstance(fields, dict) and isinstance(fields.get("people"), list):
            fields["people"] = fields["people"][:1] * 3000
            fields["words"] = [{"text": "w" * 50, "start": 0.1, "end": 0.2, "probability": 0.5}] * 3000
            lines[1] = _dumped(fields)
    _write(path, lines)


DAMAGES: tuple[Damage, ...] = (
    *(a_value, a_value, a_value, a_value, the_header, the_header, many_values, the_record, the_record),
    *(order, times, some_bytes, some_bytes, the_transcript, other_media, kinds, kinds, a_crowd),
)


def _with_odd_value(rng: random.Random, line: bytes) -> bytes:
    """A JSON text with one value, anywhere in it, that is not what it should be."""
    fields = _loaded(line)
    if not isinstance(fields, dict | list) or not fields:
        return line
    holder: Any = fields
    while True:
        key: Any = rng.choice(list(holder)) if isinstance(holder, dict) else rng.randrange(len(holder))
        below = holder[key]
        if isinstance(below, dict | list) and below and rng.random() < 0.7:
            holder = below
            continue
        break
    way = rng.random()
    if way < 0.2:
        del holder[key]
    elif way < 0.3 and isinstance(holder, dict):
        holder[f"{key}x"] = holder.pop(key)
    elif way < 0.45:
        holder[key] = "<RAW>"
        return _dumped(fields).replace(b'"<RAW>"', rng.choice(RAW).encode(), 1)
    else:
        holder[key] = rng.choice(ODD)
    return _dumped(fields)


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True) if _is_file(path) else []


def _write(path: Path, lines: Sequence[bytes]) -> None:
    if _is_file(path):
        path.write_bytes(b"".join(lines))


def _loaded(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _dumped(fields: Any) -> bytes:
    return json.dumps(fields, ensure_ascii=True).encode() + b"\n"


if __name__ == "__main__":
    modules = (
        "report.page",
        "export.csv_files",
        "export.elan",
        "export.plot",
        "export.parquet",
        "recording.repair",
    )
    preload = [f"live_sentiment.{module}" for module in (*modules, "export.video", "report.playable")]
    sys.exit(main(cases, count=COUNT, preload=preload))
