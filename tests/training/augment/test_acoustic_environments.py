"""Rooms, noise, lines and levels do to a voice what they are named after."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from live_sentiment.training.augment.acoustic_environments import (
    HARDSHIPS,
    AcousticEnvironment,
    draw,
    hardship,
    speech_level,
)
from tests.helpers.voices import RATE, hum, silence

VOICE = np.concatenate((silence(0.3), hum(1.0), silence(0.3)))


def heard(place: AcousticEnvironment, sound: np.ndarray = VOICE, seed: int = 0) -> np.ndarray:
    return place(sound, [hum(0.7, 90 + 20 * voice) for voice in range(4)], np.random.default_rng(seed))


def level_db(sound: np.ndarray, low_hz: float, high_hz: float) -> float:
    hz, power = signal.welch(sound, RATE, nperseg=1024)
    return float(10 * np.log10(power[(hz >= low_hz) & (hz < high_hz)].mean() + 1e-20))


def test_the_studio_changes_nothing() -> None:
    np.testing.assert_allclose(heard(AcousticEnvironment()), VOICE, atol=1e-7)


@pytest.mark.parametrize("noise", ["white", "pink", "brown", "hum", "babble"])
def test_noise_has_the_level_it_says_whatever_the_pauses(noise: str) -> None:
    quiet = 0.1 * VOICE
    added = heard(AcousticEnvironment(noise=noise, snr_db=10), quiet) - quiet
    rms = float(np.sqrt(np.square(added).mean()))
    assert 20 * np.log10(speech_level(quiet) / rms) == pytest.approx(10, abs=0.2)
    longer = np.concatenate((quiet, 0.01 * silence(2.0)))
    assert speech_level(longer) == pytest.approx(speech_level(quiet), rel=0.02)


def test_colours_fall_with_the_frequency() -> None:
    def slope_db(noise: str) -> float:
        added = heard(AcousticEnvironment(noise=noise, snr_db=0), 0.1 * VOICE, 1) - 0.1 * VOICE
        return level_db(added, 4000, 6000) - level_db(added, 400, 600)

    assert slope_db("white") == pytest.approx(0, abs=2)
    assert slope_db("pink") == pytest.approx(-10, abs=2)
    assert slope_db("brown") == pytest.approx(-20, abs=2)


def test_a_room_goes_on_after_the_voice() -> None:
    click = np.zeros(RATE, np.float32)
    click[1000] = 0.5
    echo = heard(AcousticEnvironment(reverberation_s=0.4, direct_db=0), click)
    assert echo[1000] == pytest.approx(0.5, rel=0.01), "the direct sound stays"
    assert not echo[:1000].any() or np.abs(echo[:1000]).max() < 1e-6
    assert np.square(echo[1001:]).sum() == pytest.approx(0.25, rel=0.05), "the echo is as loud"
    early, late = (np.square(echo[a : a + 800]).sum() for a in (1100, 1100 + 3200))
    assert 10 * np.log10(early / late) == pytest.approx(30, abs=4), "60 dB in 0.4 s"


def test_lines_cut_the_band() -> None:
    noise = np.random.default_rng(2).normal(0, 0.1, RATE).astype(np.float32)
    phone, muffled = (heard(AcousticEnvironment(line=line), noise) for line in ("telephone", "muffled"))
    assert len(phone) == len(noise)
    assert level_db(phone, 5000, 7000) < level_db(phone, 1000, 2000) - 25
    assert level_db(phone, 0, 100) < level_db(phone, 1000, 2000) - 20
    assert level_db(muffled, 6000, 8000) < level_db(muffled, 1000, 2000) - 15


def test_tilt_and_gain() -> None:
    noise = np.random.default_rng(3).normal(0, 0.05, RATE).astype(np.float32)
    bright = heard(AcousticEnvironment(tilt_db=12), noise)
    assert level_db(bright, 7000, 8000) - level_db(bright, 100, 150) == pytest.approx(12, abs=2)
    np.testing.assert_allclose(heard(AcousticEnvironment(gain_db=-20), noise), 0.1 * noise, atol=1e-6)
    assert np.abs(heard(AcousticEnvironment(gain_db=60), noise)).max() == 1


def test_speed_moves_length_and_pitch() -> None:
    tone = np.sin(2 * np.pi * 400 * np.arange(RATE) / RATE).astype(np.float32)
    faster = heard(AcousticEnvironment(speed=1.1), tone)
    assert len(faster) == pytest.approx(RATE / 1.1, abs=2)
    spectrum = np.abs(np.fft.rfft(faster))
    assert spectrum.argmax() * RATE / len(faster) == pytest.approx(440, abs=3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_whatever_is_drawn_can_be_heard(seed: int) -> None:
    sound = heard(draw(np.random.default_rng(seed)), hum(0.4), seed)
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= 1


def test_silence_stays_silence_and_hardships_take_turns() -> None:
    nothing = np.zeros(RATE, np.float32)
    assert not heard(hardship("5 dB", 0), nothing).any()
    assert speech_level(nothing) == 0
    for name, place in HARDSHIPS.items():
        assert hardship(name, 0).snr_db == place.snr_db
