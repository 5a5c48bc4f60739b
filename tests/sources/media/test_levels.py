"""Sound whose numbers are not what they should be, and sound in which nothing is to be heard."""

from __future__ import annotations

import re
from pathlib import Path

import av
import numpy as np
import pytest

from live_sentiment.core.types import AudioBlock, Event, FloatArray
from live_sentiment.sources.media.levels import scale_of
from live_sentiment.sources.media.media import MediaSource
from tests.helpers.waves import RATE_HZ, Waves, voice

SPEECH: Waves = voice(4.0) / np.abs(voice(4.0)).max()


def write(path: Path, samples: Waves, sample_format: str = "flt") -> Path:
    """A mono WAV of exactly these numbers."""
    codec, kind = {"flt": ("pcm_f32le", np.float32), "dbl": ("pcm_f64le", np.float64)}.get(
        sample_format, ("pcm_s16le", np.int16)
    )
    with av.open(str(path), "w") as container:
        track = container.add_stream(codec, rate=RATE_HZ, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples.astype(kind)[None], format=sample_format, layout="mono")
        frame.sample_rate = RATE_HZ
        container.mux([*track.encode(frame), *track.encode(None)])
    return path


def read(path: Path) -> tuple[FloatArray, list[Event]]:
    items = list(MediaSource(path))
    sound = np.concatenate([item.samples for item in items if isinstance(item, AudioBlock)])
    return sound, [item for item in items if isinstance(item, Event)]


@pytest.mark.parametrize("sample_format", ["flt", "dbl"])
@pytest.mark.parametrize(
    ("peak", "scale"), [(32_700, 2**15), (9_000, 2**15), (8_300_000, 2**23), (2e9, 2**31), (100, 128), (6, 8)]
)
def test_integers_written_as_floats_are_scaled_and_announced(
    tmp_path: Path, peak: float, scale: float, sample_format: str
) -> None:
    sound, (event,) = read(write(tmp_path / "a.wav", peak * SPEECH, sample_format))
    np.testing.assert_allclose(sound, peak * SPEECH / scale, atol=1e-6)
    assert (event.time_s, event.kind) == (0.0, "level")
    assert f"divided by {scale}" in event.message


@pytest.mark.parametrize("peak", [0.01, 1.0, 1.5, 3.9])
def test_headroom_is_left_as_it_is(tmp_path: Path, peak: float) -> None:
    sound, events = read(write(tmp_path / "a.wav", peak * SPEECH))
    np.testing.assert_array_equal(sound, (peak * SPEECH).astype(np.float32))
    assert events == []


def test_one_absurd_sample_scales_nothing(tmp_path: Path) -> None:
    spoilt = SPEECH.copy()
    spoilt[[100, 30_000]] = 1e20, 5000
    sound, events = read(write(tmp_path / "a.wav", spoilt))
    assert sound[2000] == np.float32(SPEECH[2000])
    assert "level" not in [event.kind for event in events]
    sixteen_bits = 32_000 * SPEECH
    sixteen_bits[100] = 3e38
    sound, events = read(write(tmp_path / "b.wav", sixteen_bits))
    np.testing.assert_allclose(sound[2000:4000], sixteen_bits[2000:4000] / 2**15, atol=1e-6)


def test_a_scale_is_that_of_the_integers_it_may_be() -> None:
    assert [scale_of(peak) for peak in (0.0, 4.0, 4.1, 129, 2**15, 2**15 + 1, 1e15)] == [
        *(1, 1, 8, 2**15, 2**15, 2**23, 1)
    ]


@pytest.mark.parametrize(
    ("level", "says"),
    [(0.0, "digital silence throughout"), (1e-3, r"so quiet \(peak -60 dB of full scale\)")],
)
def test_sound_in_which_nothing_is_to_be_heard_is_announced(tmp_path: Path, level: float, says: str) -> None:
    _, (event,) = read(write(tmp_path / "a.wav", 32_767 * level * SPEECH, "s16"))
    assert event.kind == "level"
    assert event.time_s == pytest.approx(4.0)
    assert re.search(says, event.message)


def test_silence_with_one_word_in_it_is_not(tmp_path: Path) -> None:
    sound = np.where(np.arange(len(SPEECH)) < 60_000, 0, SPEECH)
    assert read(write(tmp_path / "a.wav", 32_767 * sound, "s16"))[1] == []
