from __future__ import annotations

from pathlib import Path

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.sources.media.container import open_container, probe, start_time
from tests.helpers import media_factory as factory


def test_a_file_says_what_it_holds(tmp_path: Path) -> None:
    path = factory.write_media(
        tmp_path / "a.mkv",
        pictures=factory.greys(factory.steady(1.0), size=(48, 80)),
        sound=factory.tone(1.0, rate_hz=48_000, layout="5.1"),
        audio_codec="flac",
    )
    info = probe(path)
    assert (info.path, info.container) == (path, "matroska,webm")
    assert (info.width_px, info.height_px, info.fps) == (80, 48, 25.0)
    assert (info.video_codec, info.audio_codec) == ("mpeg4", "flac")
    assert (info.audio_rate_hz, info.audio_channels) == (48_000, 6)
    assert info.duration_s == pytest.approx(1.0, abs=0.05)


def _missing(folder: Path) -> Path:
    return folder / "missing.mp4"


def _folder(folder: Path) -> Path:
    (folder / "clips.mp4").mkdir()
    return folder / "clips.mp4"


def _empty(folder: Path) -> Path:
    (folder / "empty.mp4").touch()
    return folder / "empty.mp4"


def _text(folder: Path) -> Path:
    (folder / "text.mp4").write_text("It was a dark and stormy night.\n" * 100)
    return folder / "text.mp4"


def _subtitles(folder: Path) -> Path:
    (folder / "a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    return folder / "a.srt"


def _without_index(folder: Path) -> Path:
    whole = factory.write_media(folder / "whole.mp4", sound=factory.tone(2.0))
    return factory.cut(whole, 0.5, folder / "half.mp4")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_missing, "no such file"),
        (_folder, "is a folder, not a file"),
        (_empty, "is empty"),
        (_text, "cannot be read as video or audio"),
        (_subtitles, "neither pictures nor sound"),
        (_without_index, "cut off before its index"),
    ],
)
def test_what_cannot_be_read_gets_one_line_that_names_it(tmp_path: Path, make: object, says: str) -> None:
    path = make(tmp_path)  # type: ignore[operator]
    with pytest.raises(UsageError, match=says) as caught:
        probe(path)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = factory.write_media(tmp_path / "a.mp4", sound=factory.tone(0.5))

    def refuse(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied")

    # The tests may run as a user whom no permission bit stops.
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UsageError, match=r"cannot read .*a\.mp4: Permission denied"):
        open_container(path)


def test_a_playlist_in_disguise_opens_nothing_else(tmp_path: Path) -> None:
    factory.write_media(tmp_path / "part.ts", sound=factory.tone(1.0, rate_hz=48_000), audio_codec="mp2")
    path = tmp_path / "list.m3u8"
    path.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nhttp://127.0.0.1:9/part.ts\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(UsageError):
        probe(path)


def test_the_start_is_exact_where_ffmpeg_rounds_it(tmp_path: Path) -> None:
    path = factory.write_media(
        tmp_path / "a.mp3", sound=factory.tone(1.0, rate_hz=44_100), audio_codec="libmp3lame"
    )
    with open_container(path) as container:
        (stream,) = container.streams.audio
        assert start_time(container) == stream.start_time * stream.time_base
        assert container.start_time != start_time(container) * 1_000_000
