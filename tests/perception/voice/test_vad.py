"""Voice activity as a stream: real speech, silence, gaps, and independence of how the sound is cut."""

import itertools

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from live_sentiment.core.config import VoiceConfig
from live_sentiment.core.types import AudioBlock, SpeechActivity
from live_sentiment.perception.voice.vad import CHUNK_S, SpeechActivityDetector
from tests.helpers.places import DATA, needs_data
from tests.helpers.stages import activity_stage
from tests.helpers.voices import hum, silence

RATE = 16_000


SOUND = np.concatenate((silence(0.7), hum(1.2), silence(0.9), hum(0.5), silence(0.2)))


@pytest.fixture(scope="module")
def detector() -> SpeechActivityDetector:
    return activity_stage()


def run(detector: SpeechActivityDetector, blocks: list[AudioBlock]) -> list[SpeechActivity]:
    detector.reset()
    return [*(detector(block) for block in blocks), detector.finish()]


def joined(parts: list[SpeechActivity]) -> SpeechActivity:
    for before, after in itertools.pairwise(parts):
        assert after.start_s == pytest.approx(before.end_s, abs=1e-6)
    return SpeechActivity(
        parts[0].start_s,
        CHUNK_S,
        np.concatenate([part.probability for part in parts]),
        np.concatenate([part.active for part in parts]),
    )


def cut(sound: np.ndarray, sizes: list[int], start_s: float = 0.0) -> list[AudioBlock]:
    blocks, at = [], 0
    for size in [*sizes, len(sound)]:
        blocks.append(AudioBlock(sound[at : at + size], start_s + at / RATE))
        at = min(at + size, len(sound))
    return blocks


def test_speech_is_active_and_silence_is_not(detector: SpeechActivityDetector) -> None:
    activity = joined(run(detector, [AudioBlock(SOUND, 5.0)]))
    times = activity.start_s - 5.0 + CHUNK_S * np.arange(len(activity.active))
    assert activity.start_s == 5.0
    assert len(SOUND) / RATE <= activity.end_s - 5.0 < len(SOUND) / RATE + CHUNK_S
    assert not activity.active[times < 0.6].any()
    assert activity.active[(times > 1.1) & (times < 1.8)].all()
    assert not activity.active[(times > 2.4) & (times < 2.7)].any(), "silence has lasted min_silence_s"
    assert activity.active[(times > 3.15) & (times < 3.3)].all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 9000), max_size=14))
def test_the_cut_into_blocks_changes_nothing(detector: SpeechActivityDetector, sizes: list[int]) -> None:
    whole = joined(run(detector, [AudioBlock(SOUND, 0.25)]))
    pieces = joined(run(detector, cut(SOUND, sizes, 0.25)))
    np.testing.assert_array_equal(pieces.probability, whole.probability)
    np.testing.assert_array_equal(pieces.active, whole.active)


def test_a_decision_comes_at_most_min_speech_late(detector: SpeechActivityDetector) -> None:
    detector.reset()
    for block in cut(SOUND, [512] * (len(SOUND) // 512)):
        known_s = detector(block).end_s
        assert block.end_s - known_s < VoiceConfig().min_speech_s + CHUNK_S


def test_missing_sound_is_silence_on_the_same_grid(detector: SpeechActivityDetector) -> None:
    speech = hum(1.0)
    later_s = 1.0 + 2.3456
    parts = run(detector, [AudioBlock(speech, 0.0), AudioBlock(speech, later_s)])
    activity = joined(parts)
    times = CHUNK_S * np.arange(len(activity.active))
    assert activity.end_s == pytest.approx(later_s + 1.0, abs=CHUNK_S)
    assert (activity.probability[(times > 1.0) & (times < later_s - CHUNK_S)] == 0).all()
    assert not activity.active[(times > 1.4) & (times < later_s - CHUNK_S)].any()
    assert activity.active[times > later_s + 0.2].any()


def test_sound_that_was_heard_already_is_cut(detector: SpeechActivityDetector) -> None:
    twice = [AudioBlock(SOUND, 0.0), AudioBlock(SOUND, 0.0), AudioBlock(SOUND[RATE:], 1.0)]
    np.testing.assert_array_equal(
        joined(run(detector, twice)).probability, joined(run(detector, twice[:1])).probability
    )


def test_a_broken_sample_does_not_stay(detector: SpeechActivityDetector) -> None:
    broken = SOUND.copy()
    broken[100:110] = np.nan
    assert np.isfinite(joined(run(detector, [AudioBlock(broken, 0.0)])).probability).all()


@pytest.mark.parametrize(
    ("probabilities", "active"),
    [
        ("9999", "1111"),
        ("0999", "0000"),  # a click shorter than min_speech_s, cut off by the end
        ("0909990", "0000000"),
        ("9444", "1111"),  # between the two thresholds it holds on
        ("4444", "0000"),
        ("99990009999", "11111111111"),  # a pause shorter than min_silence_s
        ("9999" + "0" * 12, "1" * 13 + "000"),
    ],
)
def test_hysteresis(monkeypatch: pytest.MonkeyPatch, probabilities: str, active: str) -> None:
    given = iter(probabilities)
    detector = activity_stage()
    monkeypatch.setattr(detector, "_network", lambda chunk, state: (int(next(given)) / 10, state))
    sound = np.zeros(512 * len(probabilities), np.float32)
    blocks = cut(sound, [512] * len(probabilities))
    result = joined([*(detector(block) for block in blocks), detector.finish()])
    assert "".join(str(int(decision)) for decision in result.active) == active


def test_only_the_rate_of_perception_is_taken(detector: SpeechActivityDetector) -> None:
    with pytest.raises(ValueError, match="16000 Hz"):
        detector(AudioBlock(SOUND, 0.0, 48_000))


def test_without_sound_nothing_is_decided(detector: SpeechActivityDetector) -> None:
    detector.reset()
    assert detector.finish().active.shape == (0,)


@needs_data
def test_an_actor_is_heard_and_the_silence_around_him_is_not(detector: SpeechActivityDetector) -> None:
    sound, rate = soundfile.read(DATA / "voice/ravdess/03-01-01-01-01-01-01.flac", dtype="float32")
    assert rate == RATE
    activity = joined(run(detector, cut(sound, [1600] * (len(sound) // 1600))))
    heard_s = CHUNK_S * np.flatnonzero(activity.active)
    assert 0.8 < heard_s[0] < 1.2
    assert 2.3 < heard_s[-1] < 2.8
    assert len(heard_s) == round((heard_s[-1] - heard_s[0]) / CHUNK_S) + 1, "one utterance, not several"
