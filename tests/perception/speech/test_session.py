"""Voice activity, recogniser and agreement together, on real clips and on sound without speech."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from faster_whisper.audio import decode_audio

from live_sentiment.core.config import SpeechConfig
from live_sentiment.core.types import AudioBlock, SpeechActivity, Word
from live_sentiment.models.store.store import ModelStore
from live_sentiment.models.transcriber import Recogniser
from live_sentiment.models.transcriber_loading import load_recogniser
from live_sentiment.perception.speech.measure import compare_encodings
from live_sentiment.perception.speech.streaming import StreamingTranscriber
from live_sentiment.perception.speech.wer import UNITS, word_error_rate
from tests.helpers.places import CASES, DATA, MEDIA, needs_cases, needs_data, needs_media
from tests.helpers.stages import activity_stage

pytestmark = pytest.mark.models

RATE = 16_000
ADDRESS = (
    "speak with you about the battle we're waging against an oil spill that is assaulting our shores and our "
    "citizens. On April 20th, an explosion ripped through BP Deepwater Horizon drilling rig, about 40 miles "
    "off the coast of Louisiana. Eleven workers lost their lives. Seventeen others"
)
"""whisper-base's transcript of the clip (padded, beam of 5), read over for sense: the reference stated."""

GRID = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {letter: letter for letter in "abcdefghijklmnopqrstuvxyz"},
    {str(digit): UNITS[digit] for digit in range(1, 10)} | {"z": "zero"},
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)
"""What each letter of a GRID file's name stands for."""


@pytest.fixture(scope="module")
def recogniser(model_store: ModelStore) -> Recogniser:
    return load_recogniser(SpeechConfig(), model_store)


@pytest.fixture(scope="module")
def address() -> np.ndarray:
    return decode_audio(str(MEDIA / "address_20s_450p25.mp4"))


def listen(
    recogniser: Recogniser,
    sound: np.ndarray,
    block: int = 1600,
    change: Callable[[SpeechActivity], SpeechActivity] = lambda activity: activity,
) -> list[Word]:
    detector = activity_stage()
    transcriber = StreamingTranscriber(SpeechConfig(), recogniser)
    words: list[Word] = []
    for first in range(0, len(sound), block):
        piece = AudioBlock(sound[first : first + block], first / RATE)
        result = transcriber(piece, change(detector(piece)))
        words += result.committed if result else ()
    return [*words, *transcriber.finish(change(detector.finish())).committed]


def text(words: list[Word]) -> str:
    return " ".join(word.text for word in words)


@needs_media
@pytest.mark.media
def test_an_address_is_written_down_the_same_however_it_is_cut(
    recogniser: Recogniser, address: np.ndarray
) -> None:
    words = listen(recogniser, address)
    assert word_error_rate([(ADDRESS, text(words))]) <= 0.06
    assert all(later.start_s >= word.end_s > word.start_s for word, later in itertools.pairwise(words))
    assert all(0.0 < word.probability <= 1.0 for word in words)
    part = address[: 8 * RATE]
    assert listen(recogniser, part, block=7777) == listen(recogniser, part, block=512)


@needs_media
@pytest.mark.media
def test_nothing_is_written_in_the_silence_behind_speech(recogniser: Recogniser, address: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    silence = rng.normal(0, 1e-3, 20 * RATE).astype(np.float32)
    words = listen(recogniser, np.concatenate([address[: 6 * RATE], silence]))
    assert words[-1].text == "citizens."
    assert words[-1].end_s < 6.5


@needs_media
@pytest.mark.media
def test_the_spelling_sentences_of_grid(recogniser: Recogniser) -> None:
    pairs = []
    for clip in sorted((MEDIA / "grid").glob("*.mpg")):
        reference = " ".join(words[letter] for words, letter in zip(GRID, clip.stem, strict=True))
        pairs.append((reference, text(listen(recogniser, decode_audio(str(clip))))))
    assert len(pairs) == 5
    assert word_error_rate(pairs) <= 0.3


@needs_data
def test_words_start_when_they_are_said(recogniser: Recogniser) -> None:
    """Three read sentences with pauses between them: 0.5, 0.8 and 2 s of silence are put in."""
    files = [f"ravdess/03-01-0{emotion}-01-01-01-01.flac" for emotion in (1, 3, 5)]
    parts, starts_s, position = [], [], 0
    for file, pause_s in zip(files, (0.5, 0.8, 2.0), strict=True):
        sound = decode_audio(str(DATA / "voice" / file))
        loud = np.flatnonzero(np.abs(sound) > 0.05 * np.abs(sound).max())
        pause = np.zeros(int(pause_s * RATE), np.float32)
        parts += [pause, sound[loud[0] : loud[-1]]]
        position += len(pause)
        starts_s.append(position / RATE)
        position += len(parts[-1])
    words = listen(recogniser, np.concatenate(parts))
    assert text(words).lower().count("by the door") == 3
    kids = [word.start_s for word in words if word.text.lower() == "kids"]
    assert kids == pytest.approx(starts_s, abs=0.3)


@needs_cases
def test_a_sentence_said_six_times_without_a_pause_is_written_six_times(recogniser: Recogniser) -> None:
    words = listen(recogniser, decode_audio(str(CASES / "six_times_one_sentence.wav")))
    assert text(words).lower().count("wonderful news") == 6


@needs_data
@pytest.mark.parametrize("actor", [1, 2])
def test_a_sentence_that_somebody_says_five_times_is_written_five_times(
    recogniser: Recogniser, actor: int
) -> None:
    sound = decode_audio(str(DATA / "voice" / "ravdess" / f"03-01-01-01-01-01-{actor:02d}.flac"))
    loud = np.flatnonzero(np.abs(sound) > 0.05 * np.abs(sound).max())
    once = sound[loud[0] : loud[-1] + RATE // 20]
    words = listen(recogniser, np.concatenate([*[once] * 5, np.zeros(RATE, np.float32)]))
    assert text(words).lower().count("by the door") == 5


def chords(seconds: float) -> np.ndarray:
    """A struck chord each second, with overtones: music as far as a recogniser is concerned."""
    t = np.arange(int(seconds * RATE)) / RATE
    roots_hz = np.array([261.6, 220.0, 174.6, 196.0])[t.astype(int) % 4]
    struck = np.exp(-2 * (t % 1))
    notes = [
        np.sin(2 * np.pi * roots_hz * interval * overtone * t) / overtone**1.5
        for interval in (1.0, 1.26, 1.5)
        for overtone in range(1, 6)
    ]
    music = struck * np.sum(notes, axis=0)
    return (0.3 * music / np.abs(music).max()).astype(np.float32)


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


@pytest.mark.parametrize("sound", [np.zeros(12 * RATE, np.float32), noise(12), chords(12)])
@pytest.mark.parametrize("deceived", [False, True], ids=["detector", "detector deceived"])
def test_no_words_are_made_up_where_nobody_speaks(
    recogniser: Recogniser, sound: np.ndarray, deceived: bool
) -> None:
    """Not even when the voice activity detector takes everything for speech."""

    def always(activity: SpeechActivity) -> SpeechActivity:
        everything = np.ones_like(activity.active)
        return replace(activity, active=everything, probability=everything.astype(np.float32))

    words = listen(recogniser, sound, change=always) if deceived else listen(recogniser, sound)
    assert words == []


@needs_media
@pytest.mark.media
def test_the_comparison_has_a_row_for_each_encoding_and_mode(model_store: ModelStore) -> None:
    clip = MEDIA / "grid" / "lrwp9a.mpg"
    said = "lay red with p nine again"
    clips = [(clip, said), (decode_audio(str(clip))[: 3 * RATE], said)]
    rows = compare_encodings(clips, model_store.path("whisper-tiny.en"))
    assert [(row.encoding, row.mode) for row in rows] == [
        ("spliced", "whole"),
        ("spliced", "streaming"),
        ("padded", "whole"),
        ("padded", "streaming"),
    ]
    assert all(row.word_error_rate <= 0.2 for row in rows)
    assert all(row.pass_ms > 0 and 0 < row.real_time_factor < 10 for row in rows)
    assert [row.passes for row in rows if row.mode == "whole"] == [2, 2]
