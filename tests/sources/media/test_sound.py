from __future__ import annotations

from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torchaudio.functional import resample

from live_sentiment.core.types import SAMPLE_RATE_HZ, FloatArray
from live_sentiment.sources.media.sound import (
    FILTER_WIDTH,
    OddRateResampler,
    SameRate,
    StreamResampler,
    make_resampler,
    mono_weights,
    to_mono,
)

RATES = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000, 44_099)


def sine(hz: float, seconds: float, rate_hz: int) -> FloatArray:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    wave: FloatArray = np.sin(2 * np.pi * hz * times).astype(np.float32)
    return wave


def resampled(samples: FloatArray, rate_hz: int, cuts: list[int]) -> FloatArray:
    resampler = make_resampler(rate_hz)
    pieces = [resampler(samples[a:b]) for a, b in pairwise([0, *sorted(cuts), len(samples)])]
    return np.concatenate([*pieces, resampler.flush()])


@pytest.mark.parametrize("rate_hz", RATES)
def test_a_tone_keeps_its_phase_and_its_length_without_clicks_at_the_seams(rate_hz: int) -> None:
    seconds, hz = 3.0, 440.0
    output = resampled(sine(hz, seconds, rate_hz), rate_hz, list(range(0, 3 * rate_hz, 1024)))
    assert len(output) == seconds * SAMPLE_RATE_HZ
    wanted = sine(hz, seconds, SAMPLE_RATE_HZ)
    inside = slice(200, -200)  # a tone that starts from nothing rings at its ends
    assert np.abs(output - wanted)[inside].max() < 2e-3


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_no_drift_over_minutes(rate_hz: int) -> None:
    minutes = 4
    resampler = make_resampler(rate_hz)
    total = 0
    second = sine(440.0, 1.0, rate_hz)  # whole periods: the seconds join
    last = np.zeros(0, np.float32)
    for _ in range(minutes * 60):
        output = resampler(second)
        total += len(output)
        last = np.concatenate([last, output])[-SAMPLE_RATE_HZ:]
    phase = (np.arange(total - SAMPLE_RATE_HZ, total) / SAMPLE_RATE_HZ) * 440.0
    assert np.abs(last - np.sin(2 * np.pi * phase)).max() < 2e-3
    assert total + len(resampler.flush()) == minutes * 60 * SAMPLE_RATE_HZ


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([8_000, 22_050, 44_100, 48_000]), st.lists(st.integers(0, 5000), max_size=6))
def test_the_cut_of_the_stream_changes_no_sample(rate_hz: int, cuts: list[int]) -> None:
    samples = np.random.default_rng(7).normal(0, 0.2, 5000).astype(np.float32)
    whole = resample(_tensor(samples), rate_hz, SAMPLE_RATE_HZ, lowpass_filter_width=FILTER_WIDTH).numpy()
    np.testing.assert_allclose(resampled(samples, rate_hz, cuts), whole, atol=1e-5)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("count", [0, 1, 37])
def test_the_shortest_sounds_have_their_length(rate_hz: int, count: int) -> None:
    output = resampled(np.ones(count, np.float32), rate_hz, [])
    assert len(output) == -(-count * SAMPLE_RATE_HZ // rate_hz)


def test_what_16_khz_cannot_carry_does_not_fold_back() -> None:
    output = resampled(sine(11_000.0, 1.0, 48_000), 48_000, [])
    assert np.abs(output[500:-500]).max() < 0.01


def test_each_rate_has_the_resampler_that_suits_it() -> None:
    assert isinstance(make_resampler(16_000), SameRate)
    assert isinstance(make_resampler(44_100), StreamResampler)
    assert isinstance(make_resampler(44_099), OddRateResampler)


def _tensor(samples: FloatArray) -> object:
    import torch

    return torch.from_numpy(samples)


def audio_frame(samples: NDArray[np.generic], sample_format: str, layout: str) -> av.AudioFrame:
    return av.AudioFrame.from_ndarray(samples, format=sample_format, layout=layout)


@pytest.mark.parametrize(
    ("sample_format", "kind", "full"),
    [("u8", np.uint8, 127), ("s16", np.int16, 2**15 - 1), ("s32", np.int32, 2**31 - 1)],
)
@pytest.mark.parametrize("planar", [False, True])
def test_integer_samples_become_floats_of_the_same_loudness(
    sample_format: str, kind: type, full: int, planar: bool
) -> None:
    wave = sine(50.0, 0.1, 16_000)
    samples = (wave.astype(np.float64) * full + (128 if kind == np.uint8 else 0)).round().astype(kind)
    frame = audio_frame(samples[None], sample_format + ("p" if planar else ""), "mono")
    mono = to_mono(frame)
    assert mono.dtype == np.float32
    np.testing.assert_allclose(mono, wave, atol=0.02 if kind == np.uint8 else 1e-4)


@pytest.mark.parametrize("planar", [False, True])
def test_stereo_is_averaged_whether_interleaved_or_not(planar: bool) -> None:
    left, right = np.full(100, 0.5, np.float32), np.full(100, -0.1, np.float32)
    samples = np.stack([left, right])
    if planar:
        frame = audio_frame(samples, "fltp", "stereo")
    else:
        frame = audio_frame(np.ascontiguousarray(samples.T.reshape(1, -1)), "flt", "stereo")
    np.testing.assert_allclose(to_mono(frame), 0.2, atol=1e-6)


def test_surround_is_mixed_without_clipping_and_without_the_subwoofer() -> None:
    loud = np.ones((6, 100), np.float32)
    assert to_mono(audio_frame(loud, "fltp", "5.1")).max() == pytest.approx(1.0)
    subwoofer = np.zeros((6, 100), np.float32)
    subwoofer[3] = 1.0
    assert not to_mono(audio_frame(subwoofer, "fltp", "5.1")).any()


def test_the_centre_speaks_louder_in_the_mix_than_the_sides_and_those_than_the_back() -> None:
    left, right, centre, subwoofer, back, _ = mono_weights(["FL", "FR", "FC", "LFE", "BL", "BR"])
    assert centre > left == right > back > subwoofer == 0.0
    assert left / centre == pytest.approx(0.7071, abs=1e-3)


def test_channels_without_a_name_count_alike_and_a_lonely_subwoofer_is_heard() -> None:
    np.testing.assert_allclose(mono_weights(["UNK", "UNK", "UNK"]), 1 / 3)
    np.testing.assert_allclose(mono_weights(["LFE"]), 1.0)
