"""Channels become one without cancelling each other."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from live_sentiment.core.types import AudioBlock, FloatArray
from live_sentiment.sources.media.media import MediaSource
from live_sentiment.sources.media.mixdown import Mixdown
from live_sentiment.sources.media.sound import to_mono
from tests.helpers import media_factory as factory
from tests.helpers.waves import RATE_HZ, Waves, noise, voice


def delayed(wave: Waves, samples: int) -> Waves:
    return np.concatenate([np.zeros(samples), wave])[: len(wave)]


def frames(channels: list[Waves], layout: str, cut: int = 1024) -> list[av.AudioFrame]:
    samples = np.stack(channels).astype(np.float32)
    pieces = [samples[:, first : first + cut] for first in range(0, samples.shape[1], cut)]
    made = [
        av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="fltp", layout=layout)
        for piece in pieces
    ]
    for frame in made:
        frame.sample_rate = RATE_HZ
    return made


def mixed(channels: list[Waves], layout: str = "stereo", cut: int = 1024) -> FloatArray:
    mix = Mixdown()
    return np.concatenate([mix(frame) for frame in frames(channels, layout, cut)])


def likeness(sound: FloatArray, wave: Waves) -> float:
    return float(abs(np.corrcoef(sound, wave)[0, 1]))


SPEECH = voice(4.0)


@pytest.mark.parametrize("cut", [160, 1024, 16_000])
@pytest.mark.parametrize(
    "other",
    [
        -SPEECH,
        -0.6 * SPEECH,
        -1.3 * delayed(SPEECH, 1),
        -SPEECH + noise(4.0, 0.05),
        -delayed(SPEECH, 2) + noise(4.0, 0.02),
    ],
    ids=["inverted", "and weaker", "and late", "and noisy", "and late and noisy"],
)
def test_an_inverted_channel_does_not_take_the_voice_away(other: Waves, cut: int) -> None:
    sound = mixed([SPEECH, other], cut=cut)
    assert likeness(sound, SPEECH) > 0.85
    assert sound.std() > 0.6 * SPEECH.std()
    assert np.abs(sound[: RATE_HZ // 2]).max() > 0.3 * np.abs(SPEECH[: RATE_HZ // 2]).max()


def test_noise_that_both_channels_share_does_not_hide_that_the_voice_is_lost() -> None:
    hum = 0.3 * np.sin(2 * np.pi * 50 * np.arange(len(SPEECH)) / RATE_HZ)
    sound = mixed([SPEECH + hum, -SPEECH + hum])
    assert likeness(sound, SPEECH) > 0.85


@pytest.mark.parametrize("inverted", ["FL", "FC", "BR"])
def test_one_inverted_channel_of_5_1_is_turned_round(inverted: str) -> None:
    names = [channel.name for channel in av.AudioLayout("5.1").channels]
    inverted = inverted if inverted in names else names[-1]
    channels = [
        (-1 if name == inverted else 1) * SPEECH + noise(4.0, 0.01, n) for n, name in enumerate(names)
    ]
    sound = mixed(channels, "5.1")
    assert likeness(sound, SPEECH) > 0.95
    assert sound.std() > 0.9 * SPEECH.std()


def test_a_file_that_is_inverted_from_its_middle_on_loses_nothing_and_does_not_click() -> None:
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(4 * RATE_HZ) / RATE_HZ)
    sign = np.where(np.arange(len(tone)) < 2 * RATE_HZ, 1, -1)
    sound = mixed([tone, sign * tone])
    # Until the past is outweighed, nothing can be told; then all of it is there again.
    gone = np.abs(sound).reshape(-1, 160).max(axis=1) < 0.1
    assert gone.sum() * 0.01 < 0.8
    assert not gone[-100:].any()
    step = np.abs(np.diff(sound))
    at_the_cut = slice(2 * RATE_HZ - 2, 2 * RATE_HZ + 2)
    assert np.delete(step, np.arange(len(step))[at_the_cut]).max() < 1.5 * np.abs(np.diff(tone)).max()


@pytest.mark.parametrize(
    ("channels", "layout"),
    [
        ([SPEECH, SPEECH], "stereo"),
        ([SPEECH, 0.3 * SPEECH + noise(4.0, 0.1)], "stereo"),
        ([SPEECH, np.zeros(len(SPEECH))], "stereo"),
        ([SPEECH, voice(4.0, seed=5)], "stereo"),
        ([SPEECH, noise(4.0, 0.2)], "stereo"),
        ([SPEECH, -0.3 * SPEECH + noise(4.0, 0.2)], "stereo"),
        ([1e-4 * SPEECH, -1e-4 * SPEECH], "stereo"),
        ([voice(2.0, seed=seed) for seed in range(6)], "5.1"),
    ],
)
def test_ordinary_channels_are_mixed_as_ever_to_the_bit(channels: list[Waves], layout: str) -> None:
    plain = np.concatenate([to_mono(frame) for frame in frames(channels, layout)])
    assert mixed(channels, layout).tobytes() == plain.tobytes()


def test_the_layout_may_change_within_a_stream() -> None:
    mix = Mixdown()
    parts = [
        *frames([SPEECH, -SPEECH], "stereo"),
        *frames([SPEECH], "mono"),
        *frames([SPEECH] * 6, "5.1"),
        *frames([SPEECH, -SPEECH], "stereo"),
    ]
    sound = np.concatenate([mix(frame) for frame in parts])
    assert likeness(np.abs(sound), np.abs(np.tile(SPEECH, 4))) > 0.95


@pytest.mark.parametrize("spoilt", [np.nan, np.inf, 3e38])
def test_one_sample_that_is_no_sound_does_not_decide(spoilt: float) -> None:
    left, right = SPEECH.copy(), -SPEECH
    left[10] = spoilt
    sound = mixed([left, right])
    assert likeness(sound[5 * RATE_HZ // 4 :], SPEECH[5 * RATE_HZ // 4 :]) > 0.95


def test_a_file_of_inverted_stereo_has_its_sound(tmp_path: Path) -> None:
    sound = factory.Sound(np.stack([SPEECH, -SPEECH]).astype(np.float32), RATE_HZ, "stereo")
    path = factory.write_media(tmp_path / "a.flac", sound=sound, audio_codec="flac", sample_format="s16")
    heard = np.concatenate([item.samples for item in MediaSource(path) if isinstance(item, AudioBlock)])
    assert likeness(heard, SPEECH) > 0.99
