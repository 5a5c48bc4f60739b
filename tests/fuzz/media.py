"""Damaged media files: most are only read, every twenty-fifth goes through the whole of `replay`.

python -m tests.fuzz.media [--count N] [--seed N] [--only N] [--keep DIR]
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.fuzz.runner import Case, Finished, main

CASES = 1000
THROUGH_THE_COMMAND = 25
"""Every so many-th case is analysed as well."""
SECONDS = 2.0
LONGEST_S = 2 * 3600.0
"""No damage makes two seconds of media this long."""

FORMATS: dict[str, dict[str, str]] = {
    "a.mp4": {"video_codec": "libx264", "audio_codec": "aac"},
    "a.mov": {"video_codec": "mpeg4", "audio_codec": "pcm_s16le"},
    "a.mkv": {"video_codec": "libx264", "audio_codec": "flac"},
    "a.webm": {"video_codec": "libvpx", "audio_codec": "libopus"},
    "a.ts": {"video_codec": "libx264", "audio_codec": "aac"},
    "b.ts": {"video_codec": "mpeg2video", "audio_codec": "mp2"},
    "a.mpg": {"video_codec": "mpeg2video", "audio_codec": "mp2"},
    "a.avi": {"video_codec": "mpeg4", "audio_codec": "libmp3lame"},
    "a.flv": {"video_codec": "libx264", "audio_codec": "aac"},
    "a.gif": {"video_codec": "gif", "pixel_format": "rgb8"},
    "a.jpg": {},
    "a.wav": {"audio_codec": "pcm_s16le"},
    "b.wav": {"audio_codec": "pcm_f32le"},
    "a.flac": {"audio_codec": "flac"},
    "a.mp3": {"audio_codec": "libmp3lame"},
    "a.aac": {"audio_codec": "aac"},
    "a.ogg": {"audio_codec": "libopus"},
}
"""Name of the file and what is in it."""


def undamaged(folder: Path, name: str) -> Path:
    """A small file of that format."""
    from tests.helpers import media_factory as factory

    codecs = FORMATS[name]
    if name.endswith(".jpg"):
        return factory.write_photo(folder / name, factory.quadrants(), orientation=6)
    silent, blind = "audio_codec" not in codecs, "video_codec" not in codecs
    return factory.write_media(
        folder / name,
        pictures=None if blind else factory.greys(factory.steady(SECONDS)),
        sound=None if silent else factory.tone(SECONDS, rate_hz=48_000),
        **codecs,  # type: ignore[arg-type]
    )


def _place(chance: random.Random, data: bytearray, longest: int) -> slice:
    first = chance.randrange(len(data))
    return slice(first, min(first + chance.randint(1, longest), len(data)))


def _flip(chance: random.Random, data: bytearray) -> None:
    for _ in range(chance.choice([1, 1, 3, 20, 200])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _flip_in_header(chance: random.Random, data: bytearray) -> None:
    for _ in range(chance.choice([1, 2, 8])):
        data[chance.randrange(min(len(data), 600))] ^= 1 << chance.randrange(8)


def _flip_in_tail(chance: random.Random, data: bytearray) -> None:
    for _ in range(chance.choice([1, 2, 8])):
        data[-chance.randint(1, min(len(data), 1500))] ^= 1 << chance.randrange(8)


def _cut(chance: random.Random, data: bytearray) -> None:
    del data[chance.randrange(len(data)) :]


def _behead(chance: random.Random, data: bytearray) -> None:
    del data[: chance.randrange(len(data))]


def _drop(chance: random.Random, data: bytearray) -> None:
    del data[_place(chance, data, 4000)]


def _noise(chance: random.Random, data: bytearray) -> None:
    place = _place(chance, data, 4000)
    data[place] = chance.randbytes(place.stop - place.start)


def _zeros(chance: random.Random, data: bytearray) -> None:
    place = _place(chance, data, 4000)
    data[place] = bytes(place.stop - place.start)


def _ones(chance: random.Random, data: bytearray) -> None:
    place = _place(chance, data, 16)
    data[place] = b"\xff" * (place.stop - place.start)


def _double(chance: random.Random, data: bytearray) -> None:
    place = _place(chance, data, 8000)
    data[place.start : place.start] = data[place]


def _twice(chance: random.Random, data: bytearray) -> None:
    data += data[chance.randrange(len(data)) :]


DAMAGES: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _flip, _flip_in_header, _flip_in_tail, _cut, _behead, _drop, _noise, _zeros, _ones, _double, _twice,
)  # fmt: skip


def damaged(folder: Path, name: str, chance: random.Random) -> Path:
    """A file of that format with one to three kinds of damage."""
    path = undamaged(folder, name)
    data = bytearray(path.read_bytes())
    for damage in chance.choices(DAMAGES, k=chance.choice([1, 1, 2, 3])):
        if data:
            damage(chance, data)
    path.write_bytes(data)
    return path


def cases(seed: int, count: int) -> Iterator[Case]:
    """So many damaged files, all formats in turn."""
    for index in range(count):
        name = list(FORMATS)[index % len(FORMATS)]
        chance = random.Random(f"{seed} {index}")
        whole = index % THROUGH_THE_COMMAND == 0
        prepare = partial(_analysed if whole else _read, name=name, chance=chance)
        yield Case(f"{name}{' analysed' if whole else ''}", prepare, _bounded if whole else _fine)


def _analysed(folder: Path, name: str, chance: random.Random) -> Sequence[str]:
    return ["replay", str(damaged(folder, name, chance)), "--no-dashboard", "--output", str(folder / "out")]


def _bounded(finished: Finished) -> str | None:
    timelines = list(finished.folder.glob("out/*/timeline.jsonl"))
    points = sum(path.read_text("utf-8").count('"type": "point"') for path in timelines)
    return f"{points} points" if points > 4 * LONGEST_S else None


def _fine(finished: Finished) -> str | None:
    return finished.err.strip().splitlines()[-1][:60] if finished.err.strip() else None


def _read(folder: Path, name: str, chance: random.Random) -> Sequence[str]:
    """Reads the file, all or a part of it; what is wrong with what it gives goes to standard error."""
    from live_sentiment.core.errors import LiveSentimentError
    from live_sentiment.core.types import VideoFrame
    from live_sentiment.sources.media.media import MediaSource

    path = damaged(folder, name, chance)
    start_s = chance.choice([None, None, 0.7])
    reached = {True: -math.inf, False: -math.inf}
    try:
        for item in MediaSource(path, start_s=start_s, frame_rate_hz=chance.choice([None, 12.5])):
            picture = isinstance(item, VideoFrame)
            time_s = getattr(item, "end_s", getattr(item, "time_s", math.nan))
            if not -1.0 <= time_s <= LONGEST_S:
                sys.stderr.write(f"a time of {time_s} s: {item}"[:200])
                break
            if hasattr(item, "image") or hasattr(item, "samples"):
                if time_s <= reached[picture]:
                    sys.stderr.write(f"{time_s} s behind {reached[picture]} s")
                    break
                reached[picture] = time_s
    except LiveSentimentError as error:
        sys.stdout.write(str(error))
    return ["--version"]


if __name__ == "__main__":
    sys.exit(main(cases, count=CASES))
