from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.types import AudioBlock, Event, VideoFrame
from live_sentiment.sources.media.media import MediaSource
from tests.helpers import media_factory as factory
from tests.helpers.places import CASES, MEDIA, needs_cases, needs_media


def part(path: Path, start_s: float | None, end_s: float | None) -> tuple[list[VideoFrame], list[AudioBlock]]:
    items = list(MediaSource(path, start_s=start_s, end_s=end_s))
    return (
        [item for item in items if isinstance(item, VideoFrame)],
        [item for item in items if isinstance(item, AudioBlock)],
    )


def joined(blocks: list[AudioBlock]) -> np.ndarray:
    return np.concatenate([block.samples for block in blocks])


@pytest.mark.parametrize(
    ("name", "video", "audio", "gop"),
    [
        ("a.mp4", "libx264", "aac", 250),
        ("a.mp4", "libx264", "aac", 12),
        ("a.mkv", "libx264", "pcm_s16le", 50),
        ("a.avi", "mpeg4", "pcm_s16le", 100),
        ("a.mpg", "mpeg1video", "mp2", 12),
        ("a.ts", "mpeg2video", "mp2", 60),
    ],
)
@pytest.mark.parametrize(("start_s", "end_s"), [(3.7, 5.1), (0.5, None), (11.3, None)])
def test_a_part_is_the_same_as_in_the_whole(
    *, tmp_path: Path, name: str, video: str, audio: str, gop: int, start_s: float, end_s: float | None
) -> None:
    rng = np.random.default_rng(1)
    sound = factory.tone(12.0, rate_hz=48_000)
    sound.samples += rng.normal(0, 0.02, sound.samples.shape).astype(np.float32)
    path = factory.write_media(
        tmp_path / name,
        pictures=factory.greys(factory.steady(12.0)),
        sound=sound,
        video_codec=video,
        audio_codec=audio,
        gop=gop,
    )
    every, sounds = part(path, None, None)
    frames, blocks = part(path, start_s, end_s)
    last_s = end_s or np.inf
    wanted = [frame for frame in every if start_s <= frame.time_s < last_s]
    assert [frame.time_s for frame in frames] == [frame.time_s for frame in wanted]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(frames, wanted, strict=True))
    assert 0 <= blocks[0].start_s - start_s < 1 / 16_000 + 1e-9
    assert blocks[-1].end_s == pytest.approx(min(last_s, sounds[-1].end_s), abs=1 / 8_000)
    first = round((blocks[0].start_s - sounds[0].start_s) * 16_000)
    heard, all_heard = joined(blocks), joined(sounds)[first:]
    assert len(heard) > 0.6 * 16_000
    # The clock of a container ticks in up to 1 ms: the same sound may lie between other samples.
    correlation = np.corrcoef(heard, all_heard[: len(heard)])[0, 1]
    assert correlation > 0.97


@pytest.mark.parametrize(("codec", "b_frames"), [("mpeg4", "2"), ("libx264", "3")])
@pytest.mark.parametrize("start_s", [None, 3.0, 2.5])
def test_frames_decoded_out_of_order_have_the_times_in_avi_that_they_have_in_mp4(
    codec: str, b_frames: str, start_s: float | None, tmp_path: Path
) -> None:
    avi, mp4 = (
        MediaSource(
            factory.write_media(
                tmp_path / name,
                pictures=factory.flashes(6.0, flash_s=4.0),
                video_codec=codec,
                gop=50,
                codec_options={"bf": b_frames},
            ),
            start_s=start_s,
        )
        for name in ("a.avi", "a.mp4")
    )
    seen, expected = (
        [(item.time_s, item.image.mean() > 128) for item in source if isinstance(item, VideoFrame)]
        for source in (avi, mp4)
    )
    assert seen == [(pytest.approx(time_s), bright) for time_s, bright in expected]
    assert not [item for item in avi if isinstance(item, Event)]


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.ts", "libx264"), ("a.ts", "mpeg2video"), ("a.mpg", "mpeg2video"), ("a.flv", "libx264")],
)
@pytest.mark.parametrize("gop", [12, 250])
def test_a_part_of_a_file_without_an_index_is_the_same_as_in_the_whole(
    *, tmp_path: Path, name: str, codec: str, gop: int
) -> None:
    path = factory.write_media(
        tmp_path / name,
        pictures=((1400.0 + time_s, image) for time_s, image in factory.greys(factory.steady(8.0))),
        sound=dataclasses.replace(factory.tone(8.0, rate_hz=44_100), start_s=1400.0),
        video_codec=codec,
        audio_codec="mp2" if codec == "mpeg2video" else "aac",
        gop=gop,
    )
    every, _ = part(path, None, None)
    frames, blocks = part(path, 5.0, 6.5)
    wanted = [frame for frame in every if 5.0 <= frame.time_s < 6.5]
    assert len(wanted) in (37, 38)
    assert [frame.time_s for frame in frames] == [frame.time_s for frame in wanted]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(frames, wanted, strict=True))
    assert sum(len(block.samples) for block in blocks) == pytest.approx(1.5 * 16_000, abs=2)


def test_a_part_of_joined_recordings_is_where_it_is_in_the_whole(tmp_path: Path) -> None:
    once = factory.write_media(
        tmp_path / "part.ts",
        pictures=factory.greys(factory.steady(3.0)),
        sound=factory.tone(3.0),
        video_codec="libx264",
    )
    path = factory.join([once, once, once], tmp_path / "joined.ts")
    every, _ = part(path, None, None)
    frames, _ = part(path, 4.0, 7.5)
    wanted = [frame for frame in every if 4.0 <= frame.time_s < 7.5]
    assert len(wanted) > 80
    assert [frame.time_s for frame in frames] == [frame.time_s for frame in wanted]


@needs_cases
def test_the_case_with_one_key_frame() -> None:
    frames, _ = part(CASES / "one_keyframe_start5.ts", 5.0, 7.5)
    assert len(frames) == 62


def test_a_file_whose_index_leads_astray_is_read_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from live_sentiment.sources.media import seeking

    path = factory.write_media(
        tmp_path / "a.mkv", pictures=factory.greys(factory.steady(8.0)), sound=factory.tone(8.0), gop=25
    )
    seek = seeking._seek
    monkeypatch.setattr(seeking, "_seek", lambda container, target: seek(container, target + 5))
    frames, blocks = part(path, 3.0, 4.0)
    assert frames[0].time_s == 3.0
    assert len(frames) == 25
    assert blocks[0].start_s == 3.0


def test_sound_that_begins_only_later_is_not_waited_for(tmp_path: Path) -> None:
    sound = factory.tone(3.0)
    sound.start_s = 9.0
    path = factory.write_media(
        tmp_path / "a.mkv",
        pictures=factory.greys(factory.steady(12.0)),
        sound=sound,
        audio_codec="pcm_s16le",
    )
    frames, blocks = part(path, 4.0, None)
    assert (frames[0].time_s, blocks[0].start_s) == (4.0, 9.0)


@pytest.mark.media
@needs_media
@pytest.mark.parametrize("name", ["address_20s_450p25.mp4", "grid/bbaf2n.mpg"])
def test_real_clips(name: str) -> None:
    every, _ = part(MEDIA / name, None, 2.6)
    frames, blocks = part(MEDIA / name, 2.2, 2.6)
    wanted = [frame for frame in every if frame.time_s >= 2.2]
    assert [frame.time_s for frame in frames] == [frame.time_s for frame in wanted]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(frames, wanted, strict=True))
    assert sum(len(block.samples) for block in blocks) == pytest.approx(0.4 * 16_000, abs=2)
