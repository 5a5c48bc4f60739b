"""Effects of the way of speaking, on voices and readers whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from live_sentiment.core.types import EMOTIONS, SAMPLE_RATE_HZ, Affect, Observation, Presence, Window
from live_sentiment.explain.voice import (
    ENOUGH,
    faster,
    higher,
    louder,
    prosody_of,
    usual_voice,
    voice_effects,
)
from live_sentiment.perception.voice.prosody import Prosody, measure
from live_sentiment.perception.voice.windows import SpokenWindow

JOY = EMOTIONS.index("joy")
EVEN = np.full(3, 1 / 3, np.float32)


def voice(
    pitch_hz: float, level: float = 0.2, syllables_hz: float = 4.0, seconds: float = 3.0
) -> SpokenWindow:
    """A buzz that swells with each syllable, all of it speech."""
    t = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    buzz = sum(np.sin(2 * np.pi * pitch_hz * n * t) / n for n in range(1, 9))
    swell = 0.55 - 0.45 * np.cos(2 * np.pi * syllables_hz * t)
    samples = (level * buzz * swell).astype(np.float32)
    return SpokenWindow(4.0, samples, np.ones(len(samples), np.bool_), seconds, 0.5)


def observation(time_s: float, prosody: Prosody) -> Observation:
    details = {"pitch_hz": prosody.pitch_hz, "energy_dbfs": prosody.energy_dbfs, "rate_hz": prosody.rate_hz}
    return Observation(
        "voice", time_s, np.zeros(2, np.float32), np.full(7, 1 / 7, np.float32), EVEN, details=details
    )


def leaning(probability: float) -> np.ndarray:
    emotions = np.full(7, (1 - probability) / 6, np.float32)
    emotions[JOY] = probability
    return emotions


def strongest_hz(samples: np.ndarray) -> float:
    """The strongest tone: of these voices, the fundamental."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax()) * SAMPLE_RATE_HZ / len(samples)


def prosody(sound: SpokenWindow) -> Prosody:
    """As `measure`, which takes the period of so regular a buzz for twice as long now and then."""
    found = measure(sound.samples, sound.speech)
    return Prosody(strongest_hz(sound.samples), found.energy_dbfs, found.rate_hz)


class HearsPitch:
    """The higher, the more joy; hears nothing else."""

    def __call__(self, sound: SpokenWindow) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        assert sound.new_speech_s == 0
        pitch_hz = strongest_hz(sound.samples)
        return np.zeros(2, np.float32), leaning(0.3 + 0.4 / (1 + np.exp(-(pitch_hz - 180) / 20))), EVEN


class HearsLevel:
    def __call__(self, sound: SpokenWindow) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        level = measure(sound.samples, sound.speech).energy_dbfs
        return np.zeros(2, np.float32), leaning(0.3 + 0.4 / (1 + np.exp(-(level + 25) / 3))), EVEN


class HearsRate:
    def __call__(self, sound: SpokenWindow) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rate = measure(sound.samples, sound.speech).rate_hz
        return np.zeros(2, np.float32), leaning(0.3 + 0.4 / (1 + np.exp(-(rate - 5) * 2))), EVEN


def by_voice(window: Window) -> Affect | None:
    (heard,) = window.observations["voice"]
    return Affect(EVEN, heard.emotions, 0.0, 0.0, 0.0, 0.0, {}, {})


def a_window(sound: SpokenWindow) -> Window:
    heard = observation(4.0, prosody(sound))
    presence = {name: Presence(True) for name in ("text", "voice", "vision")}
    return Window(8, 0.0, 4.0, {"voice": (heard,)}, (), 1.0, presence, True)


USUAL = Prosody(pitch_hz=150.0, energy_dbfs=-30.0, rate_hz=4.0)


@pytest.mark.parametrize(
    ("reader", "trait"), [(HearsPitch(), "pitch"), (HearsLevel(), "energy"), (HearsRate(), "rate")]
)
def test_only_the_trait_that_the_reader_hears_has_an_effect(reader, trait: str) -> None:
    sound = voice(200.0, level=0.2, syllables_hz=6.0)
    found = voice_effects(a_window(sound), [sound], USUAL, reader, by_voice)
    assert found is not None
    assert found.emotion == "joy"
    effects = {one.trait: one.effect for one in found.traits}
    assert found.traits[0].trait == trait
    assert effects[trait] > 0.15
    assert all(abs(effect) < 0.04 for name, effect in effects.items() if name != trait)


def test_contrasts_are_told_in_terms_of_people() -> None:
    sound = voice(200.0)
    now = prosody(sound)
    usual = Prosody(now.pitch_hz / 2, now.energy_dbfs - 6, now.rate_hz / 1.25)
    found = voice_effects(a_window(sound), [sound], usual, HearsPitch(), by_voice)
    assert found is not None
    contrasts = {one.trait: one.contrast for one in found.traits}
    assert contrasts == {"pitch": pytest.approx(12), "energy": pytest.approx(6), "rate": pytest.approx(25)}
    assert str(found.traits[0]).startswith("pitch +12.0 semitones against the usual: +")


def test_a_voice_as_usual_has_no_effect_at_all() -> None:
    sound = voice(180.0)
    usual = prosody(sound)
    found = voice_effects(a_window(sound), [sound], usual, HearsPitch(), by_voice)
    assert found is not None
    assert [one.effect for one in found.traits] == [0, 0, 0]


def test_without_a_voice_there_is_nothing_to_tell() -> None:
    sound = voice(200.0)
    silent = Window(8, 0.0, 4.0, {}, (), 0.0, {}, True)
    assert voice_effects(silent, [sound], USUAL, HearsPitch(), by_voice) is None
    assert voice_effects(a_window(sound), [sound], USUAL, HearsPitch(), lambda window: None) is None


def test_pitch_rate_and_level_change_alone() -> None:
    sound = voice(160.0, syllables_hz=4.0)
    before = prosody(sound)
    raised = prosody(replace(sound, samples=higher(sound.samples, 1.25)))
    assert raised.pitch_hz == pytest.approx(1.25 * before.pitch_hz, rel=0.02)
    assert raised.rate_hz == pytest.approx(before.rate_hz, rel=0.1)
    samples, speech = faster(sound.samples, sound.speech, 1.5)
    hurried = prosody(replace(sound, samples=samples, speech=speech))
    assert hurried.rate_hz == pytest.approx(1.5 * before.rate_hz, rel=0.12)
    assert hurried.pitch_hz == pytest.approx(before.pitch_hz, rel=0.02)
    for changed in (raised, hurried):
        assert changed.energy_dbfs == pytest.approx(before.energy_dbfs, abs=0.3)
    quiet = prosody(replace(sound, samples=louder(sound.samples, -6.0)))
    assert quiet.energy_dbfs == pytest.approx(before.energy_dbfs - 6, abs=0.1)


def test_the_usual_is_what_was_heard_before_and_enough_of_it() -> None:
    spoken = [observation(t, Prosody(100.0 + t, -30.0, 4.0)) for t in range(1, 10)]
    usual = usual_voice(spoken, before_s=5.0)
    assert usual is not None
    assert usual.pitch_hz == 103.0
    assert usual_voice(spoken, before_s=ENOUGH - 0.5) is None
    with pytest.raises(ValueError, match="nobody spoke"):
        prosody_of([])


def test_what_the_vocoder_does_to_any_sound_is_no_effect_of_rate_or_pitch() -> None:
    sound = voice(200.0, syllables_hz=5.0)

    class HearsEdits:
        """Joy in the very sound that was recorded, and in no other."""

        def __call__(self, window: SpokenWindow) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            same = np.array_equal(window.samples, sound.samples)
            return np.zeros(2, np.float32), leaning(0.9 if same else 0.4), EVEN

    now = prosody(sound)
    usual = replace(now, pitch_hz=now.pitch_hz / 1.2, rate_hz=now.rate_hz / 1.3)
    found = voice_effects(a_window(sound), [sound], usual, HearsEdits(), by_voice)
    assert found is not None
    assert [one.effect for one in found.traits] == [0, 0, 0]
