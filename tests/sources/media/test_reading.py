"""Files that are damaged, cut off, joined or stamped oddly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.types import AudioBlock, Event, VideoFrame
from live_sentiment.sources.media.media import MediaSource
from tests.helpers import media_factory as factory


def whole(folder: Path, name: str, seconds: float = 6.0) -> Path:
    return factory.write_media(
        folder / name,
        pictures=factory.greys(factory.steady(seconds)),
        sound=factory.tone(seconds, rate_hz=48_000),
        video_codec="libx264",
        audio_codec="aac" if not name.endswith(".ts") else "mp2",
        options={"movflags": "faststart"} if name.endswith(".mp4") else {},
    )


def split(source: MediaSource) -> tuple[list[VideoFrame], list[AudioBlock], list[Event]]:
    items = list(source)
    return (
        [item for item in items if isinstance(item, VideoFrame)],
        [item for item in items if isinstance(item, AudioBlock)],
        [item for item in items if isinstance(item, Event)],
    )


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_file_that_was_cut_off_gives_all_there_is_and_says_so(tmp_path: Path, name: str) -> None:
    path = whole(tmp_path, name)
    every, sound, events = split(MediaSource(path))
    assert events == []
    cut = factory.cut(path, 0.6, tmp_path / f"cut-{name}")
    frames, blocks, events = split(MediaSource(cut))
    assert 0.4 * len(every) < len(frames) < 0.8 * len(every)
    assert [frame.time_s for frame in frames[:60]] == [frame.time_s for frame in every[:60]]
    np.testing.assert_array_equal(blocks[5].samples, sound[5].samples)
    last = events[-1]
    assert last.kind == "truncated"
    assert last.time_s == pytest.approx(max(frames[-1].time_s, blocks[-1].end_s), abs=0.2)
    assert "of 6.0 s" in last.message


def test_a_cut_behind_the_wanted_end_is_no_cut(tmp_path: Path) -> None:
    cut = factory.cut(whole(tmp_path, "a.mkv"), 0.6, tmp_path / "cut.mkv")
    frames, _, events = split(MediaSource(cut, end_s=2.0))
    assert len(frames) == 50
    assert events == []


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_damage_in_the_middle_costs_what_is_damaged_and_no_more(tmp_path: Path, name: str) -> None:
    spoilt = factory.spoil(whole(tmp_path, name), tmp_path / f"spoilt-{name}", 0.4, 0.5)
    source = MediaSource(spoilt)
    frames, blocks, events = split(source)
    assert len(frames) > 75
    assert frames[-1].time_s == pytest.approx(5.96, abs=0.05)
    assert blocks[-1].end_s == pytest.approx(6.0, abs=0.1)
    kinds = [event.kind for event in events]
    assert kinds
    assert kinds.count("corrupt") <= 2
    assert "truncated" not in kinds
    if not name.endswith(".ts"):  # there, what is unreadable is lost before anyone can count it
        assert source.counts["corrupt"] >= 1
    times = [frame.time_s for frame in frames]
    assert times == sorted(set(times))
    ends = [0.0] + [block.end_s for block in blocks]
    assert all(block.start_s > end - 0.041 for block, end in zip(blocks, ends, strict=False))


def test_a_disk_that_fails_in_the_middle_ends_the_file_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from av.error import FFmpegError

    from live_sentiment.sources.media import media

    class Failing:
        """An open container whose reads fail after a while, and for ever."""

        def __init__(self, container: object) -> None:
            self._container = container
            self._left = 60

        def __getattr__(self, name: str) -> object:
            return getattr(self._container, name)

        def demux(self, *streams: object) -> object:
            for packet in self._container.demux(*streams):  # type: ignore[attr-defined]
                self._left -= 1
                if self._left < 0:
                    raise FFmpegError(5, "Input/output error")
                yield packet

    open_before = media.open_before
    monkeypatch.setattr(media, "open_before", lambda *arguments: Failing(open_before(*arguments)))
    frames, blocks, events = split(MediaSource(whole(tmp_path, "a.mkv")))
    assert 5 < len(frames) < 60
    assert blocks
    assert [event.kind for event in events] == ["truncated"]


def test_missing_sound_is_told_and_later_sound_stays_where_it_belongs(tmp_path: Path) -> None:
    sound = factory.beeps(4.0, beep_s=3.0)
    sound.jumps = [(2.0, 0.5)]
    path = factory.write_media(
        tmp_path / "a.mkv", pictures=factory.greys(factory.steady(4.5)), sound=sound, audio_codec="pcm_s16le"
    )
    frames, blocks, events = split(MediaSource(path))
    assert len(frames) == 112
    (gap,) = events
    assert gap.kind == "gap"
    assert gap.time_s == pytest.approx(2.0, abs=0.03)
    assert "0.500 s" in gap.message
    loud = next(block for block in blocks if np.abs(block.samples).max() > 0.3)
    beep_s = loud.start_s + (np.abs(loud.samples) > 0.2).argmax() / 16_000
    assert beep_s == pytest.approx(3.5, abs=0.002)


def test_recordings_joined_end_to_end_go_on_in_step(tmp_path: Path) -> None:
    part = factory.write_media(
        tmp_path / "part.ts",
        pictures=factory.flashes(3.0, flash_s=1.0),
        sound=factory.beeps(3.0, beep_s=1.0),
        video_codec="mpeg2video",
        audio_codec="mp2",
    )
    frames, blocks, events = split(MediaSource(factory.join([part, part, part], tmp_path / "joined.ts")))
    assert [event.kind for event in events if event.kind != "gap"] == ["restarted", "restarted"]
    times = [frame.time_s for frame in frames]
    assert times == sorted(times)
    assert len(frames) >= 220
    white = [frame.image.mean() > 128 for frame in frames]
    flashes_s = [times[index] for index in range(1, len(white)) if white[index] and not white[index - 1]]
    beeps_s = [
        block.start_s + (np.abs(block.samples) > 0.2).argmax() / 16_000
        for block in blocks
        if np.abs(block.samples).max() > 0.3
    ]
    assert len(flashes_s) == 3
    for flash_s in flashes_s:
        assert min(abs(beep_s - flash_s) for beep_s in beeps_s) < 0.06


class Odd:
    """A decoded frame with the timestamps it is given."""

    def __init__(self, frame: object, pts: int | None, dts: int | None) -> None:
        self._frame, self.pts, self.dts = frame, pts, dts

    def __getattr__(self, name: str) -> object:
        return getattr(self._frame, name)


def test_pictures_without_or_with_doubled_or_backward_timestamps_come_out_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from live_sentiment.sources.media import reading

    path = factory.write_media(tmp_path / "a.mkv", pictures=factory.greys(factory.steady(0.4)))
    stamps = iter([(0, 0), (40, 40), (40, 80), (20, 100), (None, 160), (None, 160), (None, None), (300, 300)])
    monkeypatch.setattr(
        reading.Reading,
        "_stream_frames",
        lambda _, stream, packet: [
            Odd(frame, *stamp) for frame, stamp in zip(stream.decode(packet), stamps, strict=False)
        ],
    )
    monkeypatch.setattr(reading.PictureConverter, "__call__", lambda *_: np.zeros((2, 2, 3), np.uint8))
    source = MediaSource(path)
    frames, _, _ = split(source)
    assert [frame.time_s for frame in frames] == pytest.approx([0.0, 0.04, 0.16, 0.2, 0.24, 0.3])
    assert source.counts["out of order"] == 2
