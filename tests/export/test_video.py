from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.export import FORMATS
from live_sentiment.export.recorded import RecordedSession
from live_sentiment.export.video import write_mp4
from live_sentiment.recording.session_file import RecordingRecord, SessionRecord
from tests.helpers.media_factory import (
    ONE,
    Sound,
    beeps,
    cut,
    flashes,
    greys,
    join,
    quadrants,
    spoil,
    steady,
    tone,
    write_media,
)
from tests.helpers.places import MEDIA, needs_media
from tests.helpers.sessions import silent

UNEVEN = (0.0, 0.04, 0.13, 0.2501, 0.3, 0.9, 0.94, 1.7003, 2.0)


def annotated(session: RecordedSession, media: Path, **changes: Any) -> Path:
    """The video that the session makes of this file."""
    return write_mp4(replace(session, media=media, **changes), media.with_name("annotated.mp4"), silent)


def picture_times(path: Path) -> list[Fraction]:
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def pictures(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(float(f.time), f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


def sound_of(path: Path) -> tuple[float, np.ndarray, int]:
    """Time of the first sample, samples of shape (n,) and the rate."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    return float(frames[0].time), np.concatenate([f.to_ndarray()[0] for f in frames]), frames[0].sample_rate


def packets(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        return [(p.pts * p.time_base, bytes(p)) for p in container.demux(audio=0) if p.size]


def onset_s(path: Path) -> float:
    first_s, samples, rate = sound_of(path)
    return first_s + int(np.argmax(np.abs(samples) > 0.2)) / rate


def flash_s(path: Path) -> float:
    return next(time for time, image in pictures(path) if image[:100].mean() > 128)


def later(sound: Sound, start_s: float) -> Sound:
    return replace(sound, start_s=start_s)


def record(files: Sequence[str] = ("media.mkv",)) -> SessionRecord:
    return SessionRecord(
        started=datetime(2026, 11, 21, tzinfo=UTC),
        state="complete",
        recording=RecordingRecord(files=tuple(files)),
    )


@pytest.mark.parametrize(("ending", "codec"), [("mp4", "mpeg4"), ("mkv", "mpeg4"), ("ts", "mpeg2video")])
def test_every_picture_keeps_its_time(
    session: RecordedSession, tmp_path: Path, ending: str, codec: str
) -> None:
    times = steady(1.0) if codec == "mpeg2video" else UNEVEN
    media = write_media(tmp_path / f"clip.{ending}", pictures=greys(times), video_codec=codec)
    source = picture_times(media)
    written = picture_times(annotated(session, media))
    assert written == [time - source[0] for time in source]


def test_a_recording_keeps_the_zero_of_its_session(session: RecordedSession, tmp_path: Path) -> None:
    media = write_media(tmp_path / "media.mkv", pictures=greys([0.5, 0.75, 1.2]))
    written = picture_times(annotated(session, media, record=record()))
    assert written == [Fraction(1, 2), Fraction(3, 4), Fraction(6, 5)]


def test_pictures_that_begin_after_the_sound_are_not_moved_to_the_millisecond(
    session: RecordedSession, tmp_path: Path
) -> None:
    media = write_media(
        tmp_path / "clip.ts",
        pictures=greys([time + 0.02181 for time in steady(1.0)]),
        sound=tone(1.0),
        video_codec="mpeg2video",
        audio_codec="mp2",
    )
    source, (first_s, *_) = picture_times(media), sound_of(media)
    written = [float(time) for time in picture_times(annotated(session, media))]
    assert written == pytest.approx([float(time) - first_s for time in source], abs=2e-5)


@pytest.mark.parametrize(
    ("ending", "encoder", "codec"),
    [
        ("mp3", "libmp3lame", "mp3"),
        ("flac", "flac", "flac"),
        ("ogg", "libopus", "opus"),
        ("ac3", "ac3", "ac3"),
    ],
)
def test_what_players_expect_in_mp4_is_copied(
    session: RecordedSession, tmp_path: Path, ending: str, encoder: str, codec: str
) -> None:
    media = write_media(tmp_path / f"talk.{ending}", sound=tone(1.0, rate_hz=48_000), audio_codec=encoder)
    written = annotated(session, media)
    with av.open(str(written)) as container:
        assert container.streams.audio[0].codec_context.codec.canonical_name == codec
    assert [data for _, data in packets(written)] == [data for _, data in packets(media)]


@pytest.mark.parametrize("late_s", [0.0, 0.3])
def test_sound_that_mp4_takes_is_copied_bit_by_bit_at_its_times(
    session: RecordedSession, tmp_path: Path, late_s: float
) -> None:
    sound = later(beeps(2.0, 1.12 - late_s), late_s)
    media = write_media(tmp_path / "clip.mp4", pictures=flashes(2.0, 1.0), sound=sound)
    written = annotated(session, media)
    assert [data for _, data in packets(written)] == [data for _, data in packets(media)]
    assert [time for time, _ in packets(written)] == pytest.approx([time for time, _ in packets(media)])
    assert onset_s(written) - flash_s(written) == pytest.approx(onset_s(media) - flash_s(media), abs=1e-6)


@pytest.mark.parametrize("late_s", [0.0, 0.3])
def test_other_sound_is_encoded_and_stays_with_the_picture(
    session: RecordedSession, tmp_path: Path, late_s: float
) -> None:
    sound = later(beeps(2.0, 1.12 - late_s), late_s)
    media = write_media(
        tmp_path / "clip.mkv", pictures=flashes(2.0, 1.0), sound=sound, audio_codec="pcm_s16le"
    )
    written = annotated(session, media)
    with av.open(str(written)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    assert flash_s(written) == pytest.approx(1.0)
    assert onset_s(written) == pytest.approx(1.12, abs=0.003)
    first_s, samples, rate = sound_of(written)
    assert first_s + len(samples) / rate == pytest.approx(late_s + 2.0, abs=0.05)


def test_a_gap_in_the_sound_stays_as_long_as_it_was(session: RecordedSession, tmp_path: Path) -> None:
    sound = replace(beeps(2.0, 1.0), jumps=((0.5, 0.7),))
    media = write_media(
        tmp_path / "clip.mkv", pictures=greys(steady(3.0)), sound=sound, audio_codec="pcm_s16le"
    )
    assert onset_s(annotated(session, media)) == pytest.approx(1.7, abs=0.01)


def test_an_odd_rate_is_resampled_to_one_that_aac_has(session: RecordedSession, tmp_path: Path) -> None:
    sound = tone(1.0, rate_hz=11_111, layout="stereo")
    media = write_media(
        tmp_path / "clip.mkv", pictures=greys(steady(1.0)), sound=sound, audio_codec="pcm_s16le"
    )
    _, samples, rate = sound_of(annotated(session, media))
    assert rate == 48_000
    assert len(samples) / rate == pytest.approx(1.0, abs=0.05)


def test_an_excerpt_begins_at_its_start_and_ends_at_its_end(session: RecordedSession, tmp_path: Path) -> None:
    media = write_media(
        tmp_path / "clip.mkv",
        pictures=greys(steady(4.0), size=(400, 400)),
        sound=beeps(4.0, 2.5),
        audio_codec="pcm_s16le",
    )
    header = {**session.header, "source": {**session.source, "start": 2.0, "end": 3.0}}
    written = annotated(session, media, header=header, start_s=2.0)
    shown = pictures(written)
    assert [time for time, _ in shown] == pytest.approx(steady(1.0))
    source = pictures(media)[50][1][300, 300].mean()
    assert shown[0][1][300, 300].mean() == pytest.approx(source, abs=2)
    assert onset_s(written) == pytest.approx(0.5, abs=0.003)


def test_pictures_stand_upright(session: RecordedSession, tmp_path: Path) -> None:
    # A quarter turn clockwise: the red quarter of the upper left is at the upper right.
    media = write_media(
        tmp_path / "clip.mp4", pictures=[(0.0, quadrants(400, 600))], display_matrix=(0, ONE, -ONE, 0)
    )
    image = pictures(annotated(replace(session, words=()), media))[0][1]
    assert image.shape[1] == 400
    red = image[:600, :, 0].astype(int) - image[:600, :, 1]
    assert red[50:250, 250:350].mean() > 100
    assert abs(red[350:550].mean()) < 30


def test_the_box_lies_where_the_timeline_says(session: RecordedSession, tmp_path: Path) -> None:
    media = write_media(tmp_path / "clip.mp4", pictures=greys(steady(2.0, 10), size=(400, 400)))
    before, after = (
        next(image for time, image in pictures(annotated(session, media)) if time >= moment)
        for moment in (0.0, 1.0)
    )
    # Left 10, top 20, width 100, height 120, in the colour of joy: far more red than blue.
    for row, column in ((80, 10), (80, 110), (140, 60)):
        assert int(after[row, column, 0]) - after[row, column, 2] > 60
        assert abs(int(before[row, column, 0]) - before[row, column, 2]) < 20
    inside = after[40:130, 25:100].astype(int)
    assert np.ptp(inside) < 12


def test_a_source_without_sound_gives_a_video_without(session: RecordedSession, tmp_path: Path) -> None:
    media = write_media(tmp_path / "clip.mp4", pictures=greys(steady(0.5)))
    with av.open(str(annotated(session, media))) as container:
        assert not container.streams.audio
        assert container.streams.video[0].codec_context.name == "h264"


def test_sound_alone_has_a_plain_picture_that_names_it(session: RecordedSession, tmp_path: Path) -> None:
    media = write_media(tmp_path / "talk.m4a", sound=tone(2.0))
    written = annotated(session, media)
    shown = pictures(written)
    assert [time for time, _ in shown] == pytest.approx(steady(2.0, 10), abs=0.06)
    assert shown[0][1][200:280].std() > 3
    assert np.ptp(shown[-1][1][20:140, :115]) < 12, "no box of a face"
    assert [data for _, data in packets(written)] == [data for _, data in packets(media)]


def test_a_file_that_breaks_off_is_annotated_up_to_there(session: RecordedSession, tmp_path: Path) -> None:
    whole = write_media(
        tmp_path / "whole.mkv", pictures=greys(steady(4.0)), sound=tone(4.0), audio_codec="pcm_s16le"
    )
    times = picture_times(annotated(session, cut(whole, 0.5, tmp_path / "cut.mkv")))
    assert 1.0 < times[-1] < 3.5


def test_damage_in_a_file_is_passed_over(session: RecordedSession, tmp_path: Path) -> None:
    whole = write_media(
        tmp_path / "whole.ts", pictures=greys(steady(4.0), (400, 400)), sound=tone(4.0), audio_codec="mp2"
    )
    times = picture_times(annotated(session, spoil(whole, tmp_path / "spoilt.ts", 0.4, 0.6)))
    assert times == sorted(set(times))
    assert 3.5 < times[-1] < 4.5


def test_times_that_start_over_are_joined(session: RecordedSession, tmp_path: Path) -> None:
    part = write_media(
        tmp_path / "part.ts",
        pictures=greys(steady(2.0)),
        sound=beeps(2.0, 1.0),
        video_codec="mpeg2video",
        audio_codec="mp2",
    )
    written = annotated(session, join([part, part], tmp_path / "both.ts"))
    times = [float(time) for time in picture_times(written)]
    assert len(times) == 100
    assert max(np.diff(times)) < 0.2
    first_s, samples, rate = sound_of(written)
    beats = first_s + np.flatnonzero(np.abs(samples) > 0.2) / rate
    assert beats[0] == pytest.approx(1.0, abs=0.02)
    assert beats[-1] == pytest.approx(3.1, abs=0.2)


def test_media_that_is_not_there_is_asked_for(session: RecordedSession, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--media FILE"):
        write_mp4(session, tmp_path / "annotated.mp4", silent)
    with pytest.raises(UsageError, match="without picture and sound"):
        write_mp4(replace(session, record=record(())), tmp_path / "annotated.mp4", silent)


def test_what_cannot_be_written_is_said_and_leaves_nothing(session: RecordedSession, tmp_path: Path) -> None:
    media = write_media(tmp_path / "clip.mp4", pictures=greys(steady(0.2)))
    with pytest.raises(UsageError, match="cannot write"):
        write_mp4(replace(session, media=media), tmp_path / "nowhere" / "annotated.mp4", silent)
    target = tmp_path / "annotated.mp4"
    target.write_bytes(b"mine")
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no media at all")
    with pytest.raises(UsageError, match="cannot be read"):
        write_mp4(replace(session, media=broken), target, silent)
    assert target.read_bytes() == b"mine"
    assert not list(tmp_path.glob("*part*"))


def test_progress_rises_to_the_end(session: RecordedSession, tmp_path: Path) -> None:
    told: list[float] = []
    media = write_media(tmp_path / "clip.mp4", pictures=greys(steady(1.0)))
    write_mp4(replace(session, media=media), tmp_path / "annotated.mp4", told.append)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)
    assert len(told) > 20


def test_it_is_one_of_the_exports() -> None:
    assert FORMATS["mp4"].load() is write_mp4


@needs_media
def test_a_real_clip_keeps_all_its_pictures_and_its_sound(session: RecordedSession, tmp_path: Path) -> None:
    media = MEDIA / "speech_8s_512p25.mp4"
    written = write_mp4(replace(session, media=media), tmp_path / "annotated.mp4", silent)
    assert picture_times(written) == picture_times(media)
    assert [data for _, data in packets(written)] == [data for _, data in packets(media)]
