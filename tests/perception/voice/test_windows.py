"""Which moments of a voice are read, from which sound, whatever the blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live_sentiment.core.config import VoiceConfig
from live_sentiment.core.types import AudioBlock, SpeechActivity
from live_sentiment.perception.voice.continuous import ContinuousSound
from live_sentiment.perception.voice.normalise import PRIOR_S, SpeakerNormaliser
from live_sentiment.perception.voice.windows import SpokenWindow, SpokenWindows

RATE = 16_000
CHUNK_S = 0.032
CONFIG = VoiceConfig(hop_s=0.5, context_s=2.0)
SOUND = np.random.default_rng(0).normal(0, 0.1, 7 * RATE).astype(np.float32)


def activity(stretches: list[tuple[float, float]], start_s: float, length_s: float) -> SpeechActivity:
    chunks = int(np.ceil(length_s / CHUNK_S))
    middle = (np.arange(chunks) + 0.5) * CHUNK_S
    active = np.zeros(chunks, np.bool_)
    for begin, end in stretches:
        active |= (middle >= begin - start_s) & (middle < end - start_s)
    return SpeechActivity(start_s, CHUNK_S, np.where(active, 0.9, 0.1).astype(np.float32), active)


def piece(whole: SpeechActivity, first: int, end: int) -> SpeechActivity:
    return SpeechActivity(
        whole.start_s + first * CHUNK_S, CHUNK_S, whole.probability[first:end], whole.active[first:end]
    )


def run(start_s: float, whole: SpeechActivity, sizes: list[int], lag: int) -> list[SpokenWindow]:
    """Feed SOUND in blocks of these sizes, the activity lagging by some chunks."""
    windows = SpokenWindows(CONFIG)
    found: list[SpokenWindow] = []
    at, told = 0, 0
    for size in [*sizes, len(SOUND)]:
        block = AudioBlock(SOUND[at : at + size], start_s + at / RATE)
        at = min(at + size, len(SOUND))
        known = max(told, min(at // 512 - lag, len(whole.active)))
        found += windows(block, piece(whole, told, known))
        assert windows.known_s <= block.end_s + 1e-9
        assert all(window.time_s <= windows.known_s + 1e-6 for window in found)
        told = known
    empty = AudioBlock(SOUND[:0], start_s + len(SOUND) / RATE)
    return found + windows(empty, piece(whole, told, len(whole.active))) + windows.finish()


def test_a_window_each_hop_with_speech() -> None:
    whole = activity([(1.0, 2.6), (5.2, 5.4)], 0.0, 7.0)
    found = run(0.0, whole, [], 0)
    assert [window.time_s for window in found] == [1.5, 2.0, 2.5]
    assert [round(window.speech_s, 1) for window in found] == [0.5, 1.0, 1.5]
    assert [len(window.samples) / RATE for window in found] == [1.5, 2.0, 2.0]
    assert all(window.new_speech_s == pytest.approx(0.5, abs=0.04) for window in found)
    np.testing.assert_array_equal(found[2].samples, SOUND[RATE // 2 : 5 * RATE // 2])


def test_the_silence_that_the_detector_holds_on_for_is_no_speech() -> None:
    whole = activity([(0.5, 1.5)], 0.0, 7.0)
    held = SpeechActivity(0.0, CHUNK_S, whole.probability, whole.active | (np.arange(219) < 56))
    assert run(0.0, held, [], 0)[-1].speech_s == run(0.0, whole, [], 0)[-1].speech_s


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 20_000), max_size=12),
    st.integers(0, 8),
    st.sampled_from([0.0, 0.3, 10.123, -2.7]),
    st.lists(st.tuples(st.floats(0, 7), st.floats(0.1, 4)), max_size=4),
)
def test_blocks_and_lag_change_nothing(
    sizes: list[int], lag: int, start_s: float, speech: list[tuple[float, float]]
) -> None:
    whole = activity([(start_s + begin, start_s + begin + length) for begin, length in speech], start_s, 7.0)
    at_once, in_pieces = run(start_s, whole, [], 0), run(start_s, whole, sizes, lag)
    assert [window.time_s for window in in_pieces] == [window.time_s for window in at_once]
    for one, other in zip(at_once, in_pieces, strict=True):
        np.testing.assert_array_equal(one.samples, other.samples)
        np.testing.assert_array_equal(one.speech, other.speech)
        assert one.time_s / CONFIG.hop_s == round(one.time_s / CONFIG.hop_s)


def test_time_follows_the_stamps_over_a_gap() -> None:
    windows = SpokenWindows(CONFIG)
    found = windows(AudioBlock(SOUND[:RATE], 0.0), activity([(0.0, 1.0)], 0.0, 1.0))
    later = 3600.25
    chunks = round(later / CHUNK_S) + 70
    silent_until = SpeechActivity(
        32 * CHUNK_S,
        CHUNK_S,
        np.where(np.arange(32, chunks) * CHUNK_S >= later, 0.9, 0.0).astype(np.float32),
        np.arange(32, chunks) * CHUNK_S >= later,
    )
    found += windows(AudioBlock(SOUND[: 2 * RATE], later), silent_until)
    assert [window.time_s for window in found] == [0.5, 1.0, 3601.0, 3601.5, 3602.0]
    at_3601 = found[2].samples
    assert not at_3601[: round(1.25 * RATE)].any(), "the gap is silence"
    np.testing.assert_array_equal(at_3601[round(1.25 * RATE) :], SOUND[: round(0.75 * RATE)])


def test_nothing_is_due_without_sound() -> None:
    windows = SpokenWindows(CONFIG)
    assert windows.known_s == -np.inf
    assert windows(AudioBlock(SOUND[:0], 0.0), activity([], 0.0, 0.0)) == []
    assert windows.finish() == []


def test_old_sound_is_let_go() -> None:
    windows = SpokenWindows(CONFIG)
    for second in range(60):
        windows(
            AudioBlock(SOUND[:RATE], float(second)),
            piece(activity([(0, 60)], 0, 60), 31 * second, 31 * second + 31),
        )
    held_s = sum(len(samples) for _, samples in windows._sound._pieces) / RATE
    assert held_s < CONFIG.context_s + 4


def test_stamps_are_believed_once_they_stray() -> None:
    sound = ContinuousSound()
    assert sound(AudioBlock(SOUND[:RATE], 5.0)).missing == 0
    assert sound(AudioBlock(SOUND[:RATE], 6.015)).missing == 0, "within the tolerance"
    assert sound(AudioBlock(SOUND[:RATE], 7.5)).missing == RATE // 2
    assert len(sound(AudioBlock(SOUND[:RATE], 8.25)).samples) == round(0.75 * RATE)
    assert sound.time_s(sound.count) == 9.25
    sound.reset()
    assert sound.count == 0
    assert sound.time_s(0) == 0


def test_the_speakers_mean_is_learnt_in_seconds_of_speech() -> None:
    mean, deviation = np.zeros(3, np.float32), np.full(3, 2.0, np.float32)
    speaker = SpeakerNormaliser(mean, deviation)
    always = np.array([4.0, -4.0, 0.0], np.float32)
    first = speaker(always, 1.0)
    np.testing.assert_allclose(first, always * PRIOR_S / (PRIOR_S + 1) / 2, rtol=1e-6)
    for _ in range(399):
        last = speaker(always, 0.5)
    np.testing.assert_allclose(last, always * PRIOR_S / (PRIOR_S + 1 + 399 * 0.5) / 2, rtol=1e-5)
    speaker.reset()
    np.testing.assert_array_equal(speaker(always, 1.0), first)


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.01, 2)), min_size=1, max_size=30))
def test_the_running_mean_is_the_weighted_mean(said: list[tuple[float, float]]) -> None:
    speaker = SpeakerNormaliser(np.array([7.0], np.float32), np.array([1.0], np.float32))
    for value, seconds in said:
        normalised = speaker(np.array([value], np.float32), seconds)
    values, seconds = np.array([(7.0, PRIOR_S), *said]).T
    mean = (np.float32(values) * seconds).sum() / seconds.sum()
    np.testing.assert_allclose(normalised, np.float32(said[-1][0]) - mean, atol=1e-3)
