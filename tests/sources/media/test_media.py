"""Every kind of file a user may bring, through the whole source."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import SAMPLE_RATE_HZ, AudioBlock, Event, FloatArray, VideoFrame
from live_sentiment.sources.media.media import MediaSource
from tests.helpers import media_factory as factory
from tests.helpers.places import CASES, MEDIA, needs_cases, needs_media


@dataclass
class Read:
    """All that a source gave."""

    frames: list[VideoFrame]
    blocks: list[AudioBlock]
    events: list[Event]

    @property
    def times_s(self) -> list[float]:
        return [frame.time_s for frame in self.frames]

    @property
    def samples(self) -> FloatArray:
        return np.concatenate([np.zeros(0, np.float32), *(block.samples for block in self.blocks)])

    @property
    def flashes_s(self) -> list[float]:
        """When pictures turn from dark to bright."""
        bright = [frame.image.mean() > 128 for frame in self.frames]
        return [
            after
            for after, (was, now) in zip(self.times_s[1:], pairwise(bright), strict=True)
            if now and not was
        ]

    @property
    def beeps_s(self) -> list[float]:
        """When the sound becomes loud after a second and more of silence."""
        loud_s = [
            block.start_s + float(sample) / SAMPLE_RATE_HZ
            for block in self.blocks
            for sample in np.flatnonzero(np.abs(block.samples) > 0.3)
        ]
        return [*loud_s[:1], *(after for before, after in pairwise(loud_s) if after > before + 1)]

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def frequency_hz(self) -> float:
        """Of the loudest tone, away from the ends."""
        inside = self.samples[SAMPLE_RATE_HZ // 4 : -SAMPLE_RATE_HZ // 4]
        spectrum = np.abs(np.fft.rfft(inside * np.hanning(len(inside))))
        return float(spectrum.argmax() * SAMPLE_RATE_HZ / len(inside))


def read(source: MediaSource) -> Read:
    items = list(source)
    return Read(
        [item for item in items if isinstance(item, VideoFrame)],
        [item for item in items if isinstance(item, AudioBlock)],
        [item for item in items if isinstance(item, Event)],
    )


@pytest.mark.parametrize(
    ("name", "video", "audio", "rate_hz", "layout"),
    [
        ("a.mp4", "libx264", "aac", 44_100, "stereo"),
        ("a.mkv", "libx264", "flac", 48_000, "mono"),
        ("b.mkv", "ffv1", "pcm_s16le", 8_000, "mono"),
        ("a.webm", "libvpx-vp9", "libopus", 48_000, "stereo"),
        ("a.avi", "mpeg4", "libmp3lame", 22_050, "mono"),
        ("a.mpg", "mpeg2video", "mp2", 44_100, "stereo"),
        ("a.ts", "libx264", "ac3", 48_000, "5.1"),
        ("a.mov", "mpeg4", "pcm_s16le", 96_000, "stereo"),
    ],
)
def test_containers_and_codecs(
    *, tmp_path: Path, name: str, video: str, audio: str, rate_hz: int, layout: str
) -> None:
    path = factory.write_media(
        tmp_path / name,
        pictures=factory.greys(factory.steady(2.0)),
        sound=factory.tone(2.0, 440.0, rate_hz, layout),
        video_codec=video,
        audio_codec=audio,
    )
    source = MediaSource(path)
    assert (source.info.has_video, source.info.has_audio) == (True, True)
    assert (source.info.width_px, source.info.height_px) == (64, 64)
    assert source.info.fps == pytest.approx(25.0, rel=0.05)
    assert source.info.audio_rate_hz == rate_hz
    assert source.info.duration_s == pytest.approx(2.0, abs=0.1)
    result = read(source)
    assert result.events == []
    # MPEG program streams may stamp two pictures alike; then one of them is left out.
    assert len(result.frames) >= (49 if name.endswith(".mpg") else 50)
    steps = np.diff(result.times_s)
    assert steps.min() > 0
    assert np.median(steps) == pytest.approx(0.04, abs=1e-3)
    assert result.frequency_hz() == pytest.approx(440.0, abs=1.5)
    assert result.blocks[-1].end_s == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz", "layout", "sample_format"),
    [
        ("a.wav", "pcm_u8", 8_000, "mono", "u8"),
        ("b.wav", "pcm_s16le", 22_050, "stereo", "s16"),
        ("c.wav", "pcm_s32le", 48_000, "5.1", "s32"),
        ("d.wav", "pcm_f32le", 96_000, "stereo", "flt"),
        ("e.wav", "pcm_f64le", 44_099, "mono", "dbl"),
        ("a.mp3", "libmp3lame", 44_100, "stereo", "s16p"),
        ("a.ogg", "libopus", 48_000, "mono", "s16"),
        ("b.ogg", "vorbis", 44_100, "stereo", "fltp"),
        ("a.flac", "flac", 96_000, "stereo", "s16"),
        ("a.m4a", "aac", 22_050, "mono", "fltp"),
    ],
)
def test_sound_alone(
    *, tmp_path: Path, name: str, codec: str, rate_hz: int, layout: str, sample_format: str
) -> None:
    sound = factory.tone(2.0, 440.0, rate_hz, layout)
    path = factory.write_media(tmp_path / name, sound=sound, audio_codec=codec, sample_format=sample_format)
    source = MediaSource(path)
    assert (source.info.has_video, source.info.has_audio) == (False, True)
    assert source.info.fps is None
    result = read(source)
    assert result.frames == []
    assert result.events == []
    assert result.blocks[0].start_s == pytest.approx(0.0, abs=1e-6)
    assert result.blocks[-1].end_s == pytest.approx(2.0, abs=0.06)
    assert result.frequency_hz() == pytest.approx(440.0, abs=1.5)
    assert np.abs(result.samples[4000:-4000]).max() == pytest.approx(0.5, rel=0.1)


def test_pictures_alone_and_silence(tmp_path: Path) -> None:
    pictures = list(factory.greys(factory.steady(1.0)))
    mute = read(MediaSource(factory.write_media(tmp_path / "a.mp4", pictures=pictures)))
    assert len(mute.frames) == 25
    assert mute.blocks == []
    silent = factory.write_media(tmp_path / "b.mp4", pictures=pictures, sound=factory.silence(1.0))
    assert np.abs(read(MediaSource(silent)).samples).max() < 1e-4


def test_an_animated_gif_is_a_silent_film(tmp_path: Path) -> None:
    path = factory.write_media(
        tmp_path / "a.gif",
        pictures=factory.greys(factory.steady(1.0)),
        video_codec="gif",
        pixel_format="rgb8",
    )
    assert len(read(MediaSource(path)).frames) == 25


@pytest.mark.parametrize(
    ("orientation", "red"), [(None, (20, 20)), (1, (20, 20)), (6, (20, 70)), (2, (20, 100))]
)
def test_a_photo_is_a_film_of_one_picture_whatever_the_camera_says_of_itself(
    tmp_path: Path, orientation: int | None, red: tuple[int, int]
) -> None:
    """Exif is side data that PyAV does not know: any photo of a telephone ended in a ValueError."""
    path = factory.write_photo(tmp_path / "a.jpg", factory.quadrants(), orientation)
    result = read(MediaSource(path))
    assert result.times_s == [0.0]
    assert result.events == []
    blue, _, strength = result.frames[0].image[red].astype(int)
    assert strength > 190
    assert blue < 100


@pytest.mark.parametrize(
    ("pixel_format", "codec"),
    [
        ("yuv420p10le", "ffv1"),
        ("yuv444p", "libx264"),
        ("yuvj422p", "mjpeg"),
        ("gray", "ffv1"),
        ("bgra", "ffv1"),
    ],
)
def test_any_pixel_format_becomes_bgr(tmp_path: Path, pixel_format: str, codec: str) -> None:
    path = factory.write_media(
        tmp_path / "a.mkv",
        pictures=[(time_s, factory.quadrants()) for time_s in factory.steady(0.2)],
        video_codec=codec,
        pixel_format=pixel_format,
    )
    image = read(MediaSource(path)).frames[0].image
    assert image.dtype == np.uint8
    blue, _, red = image[20, 20].astype(int)
    if pixel_format != "gray":
        assert red > 190
        assert blue < 60
    np.testing.assert_allclose(image[80, 100], 128, atol=6)


def test_frames_of_a_variable_rate_keep_their_own_times(tmp_path: Path) -> None:
    times = [0.0, 0.033, 0.1, 0.5, 0.51, 0.52, 1.9, 4.0]
    path = factory.write_media(tmp_path / "a.mkv", pictures=factory.greys(times), video_codec="libx264")
    result = read(MediaSource(path))
    assert result.times_s == pytest.approx(times, abs=0.0006)
    for index, frame in enumerate(result.frames):
        assert frame.image.mean() == pytest.approx(factory.grey_level(index), abs=3)


ONE = factory.ONE


@pytest.mark.parametrize(
    ("matrix", "red"),
    [
        ((ONE, 0, 0, ONE), "upper left"),
        ((0, ONE, -ONE, 0), "upper right"),
        ((-ONE, 0, 0, -ONE), "lower right"),
        ((0, -ONE, ONE, 0), "lower left"),
        ((-ONE, 0, 0, ONE), "upper right"),
        ((ONE, 0, 0, -ONE), "lower left"),
    ],
    ids=["as it is", "90 clockwise", "180", "90 counter-clockwise", "mirrored", "upside down mirrored"],
)
def test_pictures_stand_upright(tmp_path: Path, matrix: tuple[int, int, int, int], red: str) -> None:
    path = factory.write_media(
        tmp_path / "phone.mp4",
        pictures=[(time_s, factory.quadrants()) for time_s in factory.steady(0.2)],
        display_matrix=matrix,
    )
    source = MediaSource(path)
    image = read(source).frames[0].image
    height, width = image.shape[:2]
    assert (height, width) == ((96, 128) if matrix[1] == 0 else (128, 96))
    assert (source.info.height_px, source.info.width_px) == (height, width)
    rows = {"upper": height // 4, "lower": 3 * height // 4}
    columns = {"left": width // 4, "right": 3 * width // 4}
    reds = [f"{r} {c}" for r, y in rows.items() for c, x in columns.items() if image[y, x, 2] > 190]
    assert reds == [red]


def test_cover_art_is_no_film(tmp_path: Path) -> None:
    path = factory.write_media(
        tmp_path / "song.mp3",
        sound=factory.tone(1.0, rate_hz=44_100),
        audio_codec="libmp3lame",
        cover=factory.quadrants(),
    )
    source = MediaSource(path)
    assert not source.info.has_video
    assert read(source).frames == []


@pytest.mark.parametrize(
    ("name", "audio_codec", "video_codec"),
    [("a.mkv", "pcm_s16le", "libx264"), ("a.mp4", "aac", "libx264"), ("a.ts", "mp2", "mpeg2video")],
)
@pytest.mark.parametrize("late_s", [0.0, 0.12])
def test_the_offset_of_sound_and_picture_survives(
    tmp_path: Path, name: str, audio_codec: str, video_codec: str, late_s: float
) -> None:
    sound = factory.beeps(3.0, beep_s=1.0)
    sound.start_s = late_s
    path = factory.write_media(
        tmp_path / name,
        pictures=factory.flashes(3.0, flash_s=1.0),
        sound=sound,
        video_codec=video_codec,
        audio_codec=audio_codec,
    )
    result = read(MediaSource(path))
    flash_s = next(frame.time_s for frame in result.frames if frame.image.mean() > 128)
    loud = np.abs(result.samples) > 0.2
    beep_s = result.blocks[0].start_s + loud.argmax() / SAMPLE_RATE_HZ
    coder_delay_s = (
        0.012 if audio_codec == "mp2" else 0.0
    )  # MPEG-TS does not say how much its sound is delayed
    assert beep_s - flash_s == pytest.approx(late_s, abs=0.003 + coder_delay_s)


def test_times_start_with_the_container_not_with_its_counter(tmp_path: Path) -> None:
    shifted = factory.tone(2.0)
    shifted.start_s = 100.12
    path = factory.write_media(
        tmp_path / "a.mkv",
        pictures=((time_s + 100.0, image) for time_s, image in factory.greys(factory.steady(2.0))),
        sound=shifted,
        audio_codec="pcm_s16le",
    )
    result = read(MediaSource(path))
    assert result.frames[0].time_s == 0.0
    assert result.blocks[0].start_s == pytest.approx(0.12, abs=0.001)


@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.mp4", "a.flv", "a.nut"])
def test_a_clock_that_starts_at_the_tenth_hour_makes_no_file_longer(tmp_path: Path, name: str) -> None:
    late = factory.tone(2.0, rate_hz=48_000)
    late.start_s = 36_000.0
    path = factory.write_media(
        tmp_path / name,
        pictures=((time_s + 36_000.0, image) for time_s, image in factory.greys(factory.steady(2.0))),
        sound=late,
        video_codec="libx264",
    )
    source = MediaSource(path)
    assert source.info.duration_s == pytest.approx(2.0, abs=0.1)
    result = read(source)
    assert result.events == []
    assert result.times_s[0] == pytest.approx(0.0, abs=0.1)
    assert len(result.times_s) == 50
    part = read(MediaSource(path, start_s=1.0, end_s=1.5))
    assert part.events == []
    assert part.times_s == [time_s for time_s in result.times_s if 1.0 <= time_s < 1.5]


@pytest.mark.parametrize("rates_hz", [(48_000, 16_000), (16_000, 48_000), (44_100, 48_000)])
def test_a_stream_whose_sound_changes_its_rate_has_no_holes(
    rates_hz: tuple[int, int], tmp_path: Path
) -> None:
    parts = [
        factory.write_media(tmp_path / f"{rate_hz}.ts", sound=factory.tone(2.0, rate_hz=rate_hz))
        for rate_hz in rates_hz
    ]
    result = read(MediaSource(factory.join(parts, tmp_path / "joined.ts")))
    assert result.kinds == ["restarted"]
    assert all(after.start_s - before.end_s < 0.05 for before, after in pairwise(result.blocks))
    assert result.blocks[-1].end_s == pytest.approx(4.0, abs=0.15)


@pytest.mark.parametrize("rates_hz", [(48_000, 16_000), (44_100, 48_000)])
def test_sound_that_changes_its_rate_stays_in_step_with_the_picture(
    rates_hz: tuple[int, int], tmp_path: Path
) -> None:
    parts = [
        factory.write_media(
            tmp_path / f"{rate_hz}.ts",
            pictures=factory.flashes(4.0, flash_s=2.0),
            sound=factory.beeps(4.0, beep_s=2.0, rate_hz=rate_hz),
            video_codec="libx264",
        )
        for rate_hz in rates_hz
    ]
    result = read(MediaSource(factory.join(parts, tmp_path / "joined.ts")))
    assert result.beeps_s == pytest.approx(result.flashes_s, abs=0.005)
    assert len(result.flashes_s) == 2


@pytest.mark.parametrize("start_s", [None, 1.0, 5.0])
@pytest.mark.parametrize(
    ("codecs", "rates_hz", "layouts"),
    [
        (("libopus", "libopus"), (48_000, 48_000), ("mono", "stereo")),
        (("libopus", "flac"), (48_000, 48_000), ("mono", "mono")),
        (("flac", "flac"), (44_100, 48_000), ("mono", "mono")),
        (("vorbis", "vorbis"), (44_100, 22_050), ("stereo", "stereo")),
    ],
)
def test_a_chain_of_ogg_streams_goes_on_where_its_format_changes(
    codecs: tuple[str, str],
    rates_hz: tuple[int, int],
    layouts: tuple[str, str],
    start_s: float | None,
    tmp_path: Path,
) -> None:
    parts = []
    for number, (codec, rate_hz, layout) in enumerate(zip(codecs, rates_hz, layouts, strict=True)):
        sound = factory.beeps(4.0, beep_s=2.0, rate_hz=rate_hz)
        channels = 2 if layout == "stereo" else 1
        sound = factory.Sound(np.repeat(sound.samples, channels, axis=0), rate_hz, layout)
        path = tmp_path / f"{number}.ogg"
        parts.append(factory.write_media(path, sound=sound, audio_codec=codec))
    source = MediaSource(factory.join(parts, tmp_path / "chain.ogg"), start_s=start_s)
    result = read(source)
    assert result.events == []
    assert result.beeps_s == pytest.approx([2.0, 6.0] if (start_s or 0) < 2 else [6.0], abs=0.03)
    assert result.blocks[-1].end_s == pytest.approx(8.0, abs=0.05)
    assert source.info.duration_s is None


def test_times_before_zero_lose_no_picture(tmp_path: Path) -> None:
    """FFmpeg hands on none of them, so that times start over at zero."""
    sound = factory.beeps(8.0, beep_s=4.0)
    sound.start_s = -3.0
    path = factory.write_media(
        tmp_path / "a.mkv",
        pictures=((time_s - 3.0, image) for time_s, image in factory.flashes(8.0, flash_s=4.0)),
        sound=sound,
        video_codec="libx264",
        options={"avoid_negative_ts": "disabled"},
    )
    result = read(MediaSource(path))
    assert len(result.frames) == pytest.approx(200, abs=3)
    assert result.flashes_s == [pytest.approx(4.0, abs=0.1)]
    assert result.beeps_s == [pytest.approx(result.flashes_s[0], abs=0.005)]


def test_a_fragmented_file_has_no_hole_behind_what_its_encoder_begins_with(tmp_path: Path) -> None:
    path = factory.write_media(
        tmp_path / "a.mp4",
        pictures=factory.flashes(4.0, flash_s=2.0),
        sound=factory.beeps(4.0, beep_s=2.0),
        video_codec="libx264",
        codec_options={"bf": "3"},
        options={"movflags": "frag_keyframe+empty_moov"},
    )
    result = read(MediaSource(path))
    assert result.events == []
    assert result.beeps_s == [pytest.approx(result.flashes_s[0], abs=0.005)]


@needs_cases
def test_the_case_that_starts_at_the_tenth_hour() -> None:
    source = MediaSource(CASES / "clock_starts_at_10h.mkv")
    assert source.info.duration_s == pytest.approx(8.4, abs=0.05)
    result = read(source)
    assert result.events == []
    assert len(result.times_s) == 210


def test_only_the_frames_of_the_grid_are_given(tmp_path: Path) -> None:
    path = factory.write_media(
        tmp_path / "a.mp4", pictures=factory.greys(factory.steady(4.0)), sound=factory.tone(4.0)
    )
    whole, thin = MediaSource(path), MediaSource(path, frame_rate_hz=12.5)
    every, some = read(whole), read(thin)
    assert some.times_s == every.times_s[::2]
    np.testing.assert_array_equal(some.frames[7].image, every.frames[14].image)
    np.testing.assert_array_equal(some.samples, every.samples)
    assert thin.counts == {"frames": 50, "passed over": 50}
    assert len(read(MediaSource(path, frame_rate_hz=1000.0)).frames) == 100


def test_reading_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    path = factory.write_media(
        tmp_path / "a.mp4",
        pictures=factory.greys(factory.steady(1.0)),
        sound=factory.tone(1.0, rate_hz=44_100),
    )
    source = MediaSource(path)
    first, second = read(source), read(source)
    assert first.times_s == second.times_s
    assert all(np.array_equal(a.image, b.image) for a, b in zip(first.frames, second.frames, strict=True))
    assert first.samples.tobytes() == second.samples.tobytes()
    assert source.counts["frames"] == 25


def test_a_start_behind_the_end_and_other_nonsense_is_refused(tmp_path: Path) -> None:
    path = factory.write_media(tmp_path / "a.mp4", sound=factory.tone(1.0))
    with pytest.raises(UsageError, match=r"lasts 1\.\d s; nothing is left from 7 s"):
        list(MediaSource(path, start_s=7.0))
    with pytest.raises(UsageError, match="nothing lies between"):
        MediaSource(path, start_s=2.0, end_s=1.0)
    with pytest.raises(UsageError, match="negative"):
        MediaSource(path, start_s=-1.0)


def test_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    seconds = 600.0
    path = factory.write_media(
        tmp_path / "long.mkv",
        pictures=factory.greys(factory.steady(seconds, fps=10.0)),
        sound=factory.tone(seconds, rate_hz=8_000),
        audio_codec="pcm_s16le",
    )
    resident_kb: list[int] = []
    for count, _ in enumerate(MediaSource(path)):
        if count % 500 == 0:
            resident_kb.append(_resident_kb())
    settled = resident_kb[2:]
    assert len(settled) > 15
    assert max(settled) - min(settled) < 4_000  # the file is 10 MB, its decoded form 110 MB


def _resident_kb() -> int:
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("the memory of this process cannot be read here")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def test_ffmpeg_is_silent_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = factory.write_media(
        tmp_path / "a.mp4",
        pictures=factory.greys(factory.steady(2.0)),
        sound=factory.tone(2.0),
        video_codec="libx264",
    )
    source = MediaSource(factory.spoil(whole, tmp_path / "b.mp4", 0.3, 0.6))
    assert "corrupt" in read(source).kinds
    assert capfd.readouterr() == ("", "")


def test_the_file_is_closed_when_the_reader_stops_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from live_sentiment.sources.media import media

    opened = []
    open_before = media.open_before

    def remember(*arguments: object) -> object:
        opened.append(open_before(*arguments))  # type: ignore[arg-type]
        return opened[-1]

    monkeypatch.setattr(media, "open_before", remember)
    items = iter(MediaSource(factory.write_media(tmp_path / "a.mp4", sound=factory.tone(1.0))))
    next(items)
    items.close()
    with pytest.raises(AssertionError, match="not open"):
        next(opened[0].demux())


@pytest.mark.media
@needs_media
@pytest.mark.parametrize(
    ("name", "frames", "size", "seconds"),
    [
        ("address_20s_450p25.mp4", 500, (450, 450), 20.0),
        ("portrait_10s_1080x1920p25.mp4", 250, (1080, 1920), 10.0),
        ("speech_8s_512p25.mp4", 200, (512, 512), 8.0),
        ("grid/bbaf2n.mpg", 75, (360, 288), 3.0),
    ],
)
def test_real_clips(name: str, frames: int, size: tuple[int, int], seconds: float) -> None:
    source = MediaSource(MEDIA / name, end_s=3.0)
    assert (source.info.width_px, source.info.height_px) == size
    assert source.info.duration_s == pytest.approx(seconds, abs=0.05)
    result = read(source)
    assert result.times_s == pytest.approx([index / 25 for index in range(75)], abs=1e-4)
    assert result.events == []
    assert result.blocks[-1].end_s == pytest.approx(3.0, abs=0.03)
    assert 0.02 < np.abs(result.samples).max() < 1.1


def test_a_recording_states_the_times_of_its_session(tmp_path: Path) -> None:
    """Its first picture came half a second after the session began, and is to stay there."""
    path = factory.write_media(
        tmp_path / "session.mkv",
        pictures=factory.greys([0.5 + time_s for time_s in factory.steady(4.0)]),
        sound=dataclasses.replace(factory.tone(4.0), start_s=0.7),
        video_codec="libx264",
        audio_codec="pcm_s16le",
    )
    frames = [item.time_s for item in MediaSource(path, recording=True) if isinstance(item, VideoFrame)]
    blocks = [item.start_s for item in MediaSource(path, recording=True) if isinstance(item, AudioBlock)]
    assert (frames[0], blocks[0]) == (pytest.approx(0.5), pytest.approx(0.7))
    later = [item for item in MediaSource(path, recording=True, start_s=2.0) if isinstance(item, VideoFrame)]
    assert later[0].time_s == pytest.approx(2.02, abs=0.021)
    assert next(i for i in MediaSource(path) if isinstance(i, VideoFrame)).time_s == 0.0


@pytest.mark.parametrize(
    ("pid", "number", "bit"), [(256, 20, 25), (256, 20, 15), (257, 4, 14), (257, 4, 30), (256, 0, 24)]
)
def test_one_flipped_bit_of_a_timestamp_costs_nothing_but_a_word(
    *, tmp_path: Path, pid: int, number: int, bit: int
) -> None:
    whole = factory.write_media(
        tmp_path / "a.ts",
        pictures=factory.greys(factory.steady(3.0)),
        sound=factory.tone(3.0, rate_hz=48_000),
        video_codec="libx264",
    )
    wanted = read(MediaSource(whole))
    flipped = factory.flip_stamp(whole, tmp_path / "b.ts", pid=pid, number=number, bit=bit)
    result = read(MediaSource(flipped))
    assert result.times_s == pytest.approx(wanted.times_s, abs=0.021)
    assert len(result.samples) == pytest.approx(len(wanted.samples), abs=400)
    assert result.blocks[-1].end_s == pytest.approx(wanted.blocks[-1].end_s, abs=0.03)
    assert set(result.kinds) == {"timestamp"}


@needs_cases
def test_the_case_of_one_flipped_bit() -> None:
    result = read(MediaSource(CASES / "one_flipped_pts_bit.ts"))
    assert len(result.times_s) == 210
    assert result.times_s[-1] < 8.4
    assert result.kinds == ["timestamp"]


def test_bare_sound_of_two_formats_has_no_holes(tmp_path: Path) -> None:
    parts = [
        factory.write_media(tmp_path / "a.aac", sound=factory.tone(3.0, rate_hz=44_100)),
        factory.write_media(tmp_path / "b.aac", sound=factory.tone(3.0, rate_hz=48_000, layout="stereo")),
        factory.write_media(tmp_path / "c.aac", sound=factory.tone(3.0, rate_hz=22_050)),
    ]
    lengths_s = [read(MediaSource(path)).blocks[-1].end_s for path in parts]
    result = read(MediaSource(factory.join(parts, tmp_path / "joined.aac")))
    assert result.events == []
    assert len(result.samples) / SAMPLE_RATE_HZ == pytest.approx(sum(lengths_s), abs=0.001)
    assert result.blocks[-1].end_s == pytest.approx(sum(lengths_s), abs=0.001)


@pytest.mark.parametrize("id3", ["0", "3", "4"])
@pytest.mark.parametrize("rates_hz", [(44_100, 44_100, 44_100), (44_100, 48_000, 22_050)])
def test_mp3_files_joined_end_to_end_have_no_holes_and_no_damage(
    rates_hz: tuple[int, ...], id3: str, tmp_path: Path
) -> None:
    parts = [
        factory.write_media(
            tmp_path / f"{number}.mp3",
            sound=factory.tone(2.0, rate_hz=rate_hz),
            audio_codec="libmp3lame",
            options={"id3v2_version": id3, "write_id3v1": "1"},
        )
        for number, rate_hz in enumerate(rates_hz)
    ]
    result = read(MediaSource(factory.join(parts, tmp_path / "joined.mp3")))
    assert result.events == []
    assert all(after.start_s - before.end_s < 1e-3 for before, after in pairwise(result.blocks))
    # An encoder makes up to 0.1 s of its own, at the beginning and at the end.
    assert result.blocks[-1].end_s == pytest.approx(6.0, abs=0.3)


@needs_cases
def test_the_case_of_two_formats() -> None:
    result = read(MediaSource(CASES / "adts_44k_mono_then_48k_stereo.aac"))
    assert result.events == []
    assert result.blocks[-1].end_s == pytest.approx(8.45, abs=0.05)
