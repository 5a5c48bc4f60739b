from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.types import AudioBlock, Event, FloatArray
from live_sentiment.sources.media.media import MediaSource
from live_sentiment.sources.media.spoilt_samples import SpoiltSamples
from tests.helpers import media_factory as factory

NO_NUMBERS = [float("nan"), float("inf"), -float("inf"), 3e38, -1e20, 1e10]


def tone(count: int = 1024) -> FloatArray:
    return np.sin(np.arange(count) / 7).astype(np.float32)[None]


def spoilt_wav(path: Path, **samples: float) -> Path:
    """2 s of a tone as float WAV, with samples s<number> of other values."""
    factory.write_media(path, sound=factory.tone(2.0, 300.0), audio_codec="pcm_f32le", sample_format="flt")
    data = bytearray(path.read_bytes())
    begin = data.index(b"data") + 8
    for name, value in samples.items():
        at = begin + 4 * int(name.removeprefix("s"))
        data[at : at + 4] = np.float32(value).tobytes()
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("value", [*NO_NUMBERS, 1e6, 50.0])
def test_a_spoilt_sample_is_filled_in_between_its_neighbours(value: float) -> None:
    sound, guard = tone(), SpoiltSamples()
    spoilt = sound.copy()
    spoilt[0, 500] = value
    assert np.abs(guard(spoilt) - sound).max() < 0.05
    assert guard.count == 1


def test_good_sound_comes_through_as_the_very_same_bits() -> None:
    guard = SpoiltSamples()
    for level in (0.0, 1e-6, 1.0, 8.0, 32768.0, 2.0**31):
        sound = tone() * np.float32(level)
        assert guard(sound) is sound
    assert guard.count == 0


def test_sound_of_another_scale_loses_what_no_scale_has_and_nothing_else() -> None:
    sound, guard = tone() * np.float32(32767), SpoiltSamples()
    sound[0, [10, 20]] = [np.nan, 3e38]
    mended = guard(sound)
    assert np.isfinite(mended).all()
    assert np.flatnonzero(mended != sound).tolist() == [10, 20]


def test_sound_that_is_nothing_but_spoilt_is_silence() -> None:
    assert not SpoiltSamples()(np.full((2, 64), np.nan, np.float32)).any()


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_in_a_file_it_costs_its_moment_and_is_told(value: float, tmp_path: Path) -> None:
    clean = MediaSource(spoilt_wav(tmp_path / "clean.wav"))
    spoilt = MediaSource(spoilt_wav(tmp_path / "spoilt.wav", s16000=value, s16001=value, s30000=value))
    (good, none), (mended, events) = map(sound_and_events, (clean, spoilt))
    assert none == []
    assert np.abs(mended - good).max() < 0.05
    assert [event.kind for event in events] == ["spoilt-sound"] * 2
    assert events[0].time_s == pytest.approx(1.0, abs=0.3)
    assert events[1].message.startswith("3 samples")


def sound_and_events(source: MediaSource) -> tuple[FloatArray, list[Event]]:
    items = list(source)
    blocks = [item.samples for item in items if isinstance(item, AudioBlock)]
    return np.concatenate(blocks), [item for item in items if isinstance(item, Event)]
