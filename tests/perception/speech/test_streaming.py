"""Streaming transcription with a scripted recogniser: what is heard when, and what becomes of it.

The samples of the scripted sound are their own numbers, so that the recogniser below knows which stretch of
the session it was given.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live_sentiment.core.config import SpeechConfig, load_config
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import AudioBlock, SpeechActivity, Transcript, Word
from live_sentiment.models.transcriber import Hypothesis
from live_sentiment.perception.speech.streaming import END_SILENCE_S, LEAD_S, StreamingTranscriber

RATE = 16_000
CHUNK = 512
CHUNK_S = CHUNK / RATE
SCALE = np.float32(2**-24)


def sound(seconds: float) -> np.ndarray:
    return np.arange(1, round(seconds * RATE) + 1).astype(np.float32) * SCALE


def sentence(text: str, start_s: float, step_s: float = 0.4) -> list[Word]:
    return [
        Word(word, round(start_s + i * step_s, 3), round(start_s + (i + 1) * step_s, 3), 0.9)
        for i, word in enumerate(text.split())
    ]


@dataclass
class Scripted:
    """Hears the words of a script that lie in the sound; a word cut by the end of it loses its tail."""

    script: Sequence[Word]
    no_speech: float = 0.0
    log_probability: float = -0.2
    compression: float = 1.0
    heard_s: list[tuple[float, float]] = field(default_factory=list)

    def recognise(self, samples: np.ndarray, *, beam: int = 1) -> Hypothesis:
        there = np.flatnonzero(samples)
        begin_s = (samples[there[0]] / SCALE - 1 - there[0]) / RATE
        end_s = begin_s + len(samples) / RATE
        self.heard_s.append((float(begin_s), float(end_s)))
        words = [
            Word(
                word.text if word.end_s <= end_s else word.text[:1],
                max(word.start_s - begin_s, 0.0),
                min(word.end_s, end_s) - begin_s,
                word.probability,
            )
            for word in self.script
            if word.end_s > begin_s + 0.05 and word.start_s < end_s
        ]
        return Hypothesis(tuple(words), self.no_speech, self.log_probability, self.compression)


def voice(seconds: float, speech: Iterable[tuple[float, float]]) -> np.ndarray:
    """Whether each chunk is active."""
    ends_s = np.arange(1, int(seconds / CHUNK_S) + 1) * CHUNK_S
    active = np.zeros(len(ends_s), np.bool_)
    for start_s, end_s in speech:
        active |= (ends_s > start_s) & (ends_s - CHUNK_S < end_s)
    return active


def activity(
    active: np.ndarray, first: int = 0, end: int | None = None, origin_s: float = 0.0
) -> SpeechActivity:
    part = active[first:end]
    return SpeechActivity(origin_s + first * CHUNK_S, CHUNK_S, part.astype(np.float32), part)


def run(
    transcriber: StreamingTranscriber,
    samples: np.ndarray,
    active: np.ndarray,
    blocks: Sequence[int] = (),
    lag_chunks: int = 0,
) -> list[Transcript]:
    """Stream sound in blocks of the given lengths (then of 100 ms), with what activity is decided by then."""
    results: list[Transcript | None] = []
    position = told = 0
    lengths = itertools.chain(blocks, itertools.repeat(1600))
    while position < len(samples):
        block = AudioBlock(samples[position : position + next(lengths)], position / RATE)
        position += len(block.samples)
        known = min(max(position // CHUNK - lag_chunks, told), len(active))
        results.append(transcriber(block, activity(active, told, known)))
        told = known
    results.append(transcriber.finish(activity(active, told)))
    return [result for result in results if result is not None]


def committed(results: Iterable[Transcript]) -> list[Word]:
    return [word for result in results for word in result.committed]


def said(results: Iterable[Transcript]) -> str:
    return " ".join(word.text for word in committed(results))


TALK = [*sentence("this is the first thing.", 1.0), *sentence("and here comes the second one", 6.0)]
TALK_VOICE = voice(12.0, [(1.0, 3.0), (6.0, 8.4)])


def test_words_come_once_with_the_times_they_were_said_at() -> None:
    results = run(StreamingTranscriber(SpeechConfig(), Scripted(TALK)), sound(12.0), TALK_VOICE)
    assert [word.text for word in committed(results)] == [word.text for word in TALK]
    for word, truth in zip(committed(results), TALK, strict=True):
        assert word.start_s == pytest.approx(truth.start_s, abs=0.002)
        assert word.end_s == pytest.approx(truth.end_s, abs=0.002)


def test_partial_words_run_ahead_and_are_corrected() -> None:
    results = run(StreamingTranscriber(SpeechConfig(), Scripted(TALK)), sound(12.0), TALK_VOICE)
    first = results[[bool(result.partial) for result in results].index(True)]
    assert [word.text for word in first.partial] == ["this", "is", "t"]
    assert first.committed == ()
    assert "t" not in said(results).split()
    assert results[-1].partial == ()


def test_silence_is_not_heard_and_its_watermark_runs_on() -> None:
    recogniser = Scripted(TALK)
    results = run(StreamingTranscriber(SpeechConfig(), recogniser), sound(10.0), voice(10.0, []))
    assert recogniser.heard_s == []
    assert committed(results) == []
    watermarks_s = [result.watermark_s for result in results]
    assert watermarks_s == sorted(watermarks_s)
    assert watermarks_s[-2] == pytest.approx(10.0 - LEAD_S, abs=CHUNK_S)
    assert watermarks_s[-1] == 10.0


def test_only_the_voice_and_a_little_around_it_is_heard_and_only_while_there_is_more_of_it() -> None:
    recogniser = Scripted(TALK)
    run(StreamingTranscriber(SpeechConfig(), recogniser), sound(12.0), TALK_VOICE)
    starts_s, ends_s = zip(*recogniser.heard_s, strict=True)
    assert starts_s[0] == pytest.approx(1.0 - LEAD_S, abs=CHUNK_S)
    # Nothing is left to hear behind 3.0 s, and 0.4 s of speech behind 8.0 s.
    assert ends_s == pytest.approx([2.0, 3.0, 7.0, 8.0, 8.4 + END_SILENCE_S], abs=0.05)


def test_the_end_of_an_utterance_settles_it_at_once() -> None:
    transcriber = StreamingTranscriber(SpeechConfig(), Scripted(TALK))
    active = voice(12.0, [(1.0, 3.0)])
    known = int((3.0 + END_SILENCE_S) / CHUNK_S) + 2
    result = transcriber(AudioBlock(sound(4.0), 0.0), activity(active, 0, known))
    assert result is not None
    assert said([result]) == "this is the first thing."
    assert result.partial == ()
    assert result.watermark_s > 3.0


def test_watermarks_never_break_their_promise() -> None:
    script = sentence("word " * 60, 0.5, 0.45)
    active = voice(32.0, [(0.5, 12.0), (12.9, 20.0), (21.5, 27.5)])
    results = run(StreamingTranscriber(SpeechConfig(), Scripted(script)), sound(32.0), active)
    promised_s = -np.inf
    for result in results:
        assert result.watermark_s >= promised_s
        assert all(word.end_s > promised_s for word in result.committed)
        promised_s = result.watermark_s
    assert promised_s == 32.0


LENGTHS = st.lists(st.integers(1, 40_000), max_size=12)


@settings(deadline=None, max_examples=40)
@given(LENGTHS, st.integers(0, 5))
def test_the_result_does_not_depend_on_the_blocks(lengths: list[int], lag_chunks: int) -> None:
    script = [*sentence("one two. three four five six seven eight nine ten", 0.7, 0.7), *TALK[5:]]
    active = voice(12.0, [(0.6, 5.0), (6.0, 8.3)])
    config = SpeechConfig(hop_s=0.7, buffer_s=4.0)
    expected = committed(run(StreamingTranscriber(config, Scripted(script)), sound(12.0), active))
    assert expected
    again = run(StreamingTranscriber(config, Scripted(script)), sound(12.0), active, lengths, lag_chunks)
    assert committed(again) == expected


@pytest.mark.parametrize("stops", ["", "."], ids=["no sentence ends", "sentences"])
def test_the_buffer_stays_within_its_bound_and_no_word_is_lost_or_repeated_at_a_cut(stops: str) -> None:
    text = " ".join(f"w{i}{stops if i % 7 == 0 else ''}" for i in range(120))
    recogniser = Scripted(sentence(text, 0.5, 0.5))
    config = SpeechConfig(buffer_s=8.0)
    results = run(StreamingTranscriber(config, recogniser), sound(62.0), voice(62.0, [(0.4, 60.5)]))
    assert said(results) == text
    assert max(end_s - begin_s for begin_s, end_s in recogniser.heard_s) <= 8.0 + 2 * CHUNK_S


class Fickle(Scripted):
    """Never says the same twice."""

    def recognise(self, samples: np.ndarray, *, beam: int = 1) -> Hypothesis:
        hypothesis = super().recognise(samples)
        turn = len(self.heard_s)
        renamed = [Word(f"{w.text}{turn}", w.start_s, w.end_s, w.probability) for w in hypothesis.words]
        return Hypothesis(tuple(renamed), 0.0, -0.2, 1.0)


def test_passes_that_never_agree_do_not_hold_the_session_up() -> None:
    recogniser = Fickle(sentence("x " * 60, 0.5, 0.5))
    config = SpeechConfig(buffer_s=6.0)
    results = run(StreamingTranscriber(config, recogniser), sound(30.0), voice(30.0, [(0.4, 30.0)]))
    assert max(end_s - begin_s for begin_s, end_s in recogniser.heard_s) <= 6.0 + 2 * CHUNK_S
    assert len(committed(results)) > 40
    assert results[-2].watermark_s > 20.0


def test_a_sentence_said_again_and_again_is_written_as_often() -> None:
    script = sentence("we have won. " * 9, 0.5, 0.35)
    recogniser = Scripted(script, compression=5.0)
    active = voice(12.0, [(0.4, 10.0)])
    assert (
        said(run(StreamingTranscriber(SpeechConfig(), recogniser), sound(12.0), active))
        == "we have won. " * 8 + "we have won."
    )
    config = SpeechConfig(buffer_s=4.0)
    assert said(run(StreamingTranscriber(config, recogniser), sound(12.0), active)).count("won") == 9


def test_a_word_said_again_behind_a_short_pause_is_written_again() -> None:
    script = [Word("no", 1.0, 1.3, 0.9), Word("no", 2.2, 2.5, 0.9)]
    active = voice(6.0, [(1.0, 1.3), (2.2, 2.5)])
    assert said(run(StreamingTranscriber(SpeechConfig(), Scripted(script)), sound(6.0), active)) == "no no"


def test_times_follow_the_stamps_over_an_offset_and_a_gap() -> None:
    transcriber = StreamingTranscriber(SpeechConfig(), Scripted(TALK))
    samples = sound(12.0)
    active = voice(12.0, [(1.0, 3.0), (6.0, 8.4)])
    results = []
    for first in range(12):
        # Sound between 4 and 5 s is lost.
        if first != 4:
            block = AudioBlock(samples[first * RATE : (first + 1) * RATE], 100.0 + first)
            known = slice(int(first / CHUNK_S), int((first + 1) / CHUNK_S))
            results.append(transcriber(block, activity(active, known.start, known.stop, 100.0)))
        else:
            active_part = activity(active, int(4 / CHUNK_S), int(5 / CHUNK_S), 100.0)
            results.append(transcriber(AudioBlock(np.zeros(0, np.float32), 104.0), active_part))
    results.append(transcriber.finish())
    heard = committed(result for result in results if result)
    assert [word.text for word in heard] == [word.text for word in TALK]
    assert [word.start_s for word in heard] == pytest.approx([100 + word.start_s for word in TALK], abs=0.002)


@pytest.mark.parametrize(
    "recogniser",
    [
        Scripted(TALK, no_speech=0.9, log_probability=-0.5),
        Scripted(TALK, log_probability=-1.5),
        Scripted([Word("so", 1.0, 1.3, 0.1), *sentence("so so", 1.3, 0.3)], compression=3.0),
    ],
    ids=["says itself that nobody speaks", "guesses", "loops"],
)
def test_a_pass_that_is_not_to_be_believed_yields_no_words(recogniser: Scripted) -> None:
    results = run(StreamingTranscriber(SpeechConfig(), recogniser), sound(12.0), TALK_VOICE)
    assert recogniser.heard_s
    assert committed(results) == []
    assert all(result.partial == () for result in results)
    assert results[-1].watermark_s == 12.0


def test_a_sure_pass_is_believed_whatever_its_no_speech_probability() -> None:
    results = run(
        StreamingTranscriber(SpeechConfig(), Scripted(TALK, no_speech=0.9)), sound(12.0), TALK_VOICE
    )
    assert len(committed(results)) == len(TALK)


def test_words_in_a_silence_are_dropped_and_a_pause_belongs_to_no_word() -> None:
    script = [
        Word("before", 1.0, 1.4, 0.9),
        Word("you", 1.95, 2.05, 0.9),  # invented: nobody speaks
        Word("behind", 1.6, 2.6, 0.9),  # the alignment gave it the pause before it
    ]
    # The detector holds on for 0.3 s, and the silence behind it is too short to end the utterance.
    active = voice(6.0, [(0.9, 1.7), (2.2, 2.9)])
    sure = voice(6.0, [(0.9, 1.4), (2.2, 2.6)]).astype(np.float32)
    transcriber = StreamingTranscriber(SpeechConfig(), Scripted(script))
    first = transcriber(AudioBlock(sound(6.0), 0.0), SpeechActivity(0.0, CHUNK_S, sure, active))
    assert first is not None
    before, behind = first.committed
    assert (before.text, before.start_s) == ("before", pytest.approx(1.0, abs=0.01))
    assert (behind.text, behind.start_s) == ("behind", pytest.approx(2.1, abs=0.05))


def test_reset_forgets_everything() -> None:
    transcriber = StreamingTranscriber(SpeechConfig(), Scripted(TALK))
    first = run(transcriber, sound(12.0), TALK_VOICE)
    transcriber.reset()
    assert run(transcriber, sound(12.0), TALK_VOICE) == first


def test_a_stream_without_sound_ends() -> None:
    result = StreamingTranscriber(SpeechConfig(), Scripted([])).finish()
    assert result == Transcript((), (), 0.0)


@pytest.mark.parametrize(
    ("override", "reason"), [("buffer_s=1.5", "two hops"), ("hop_s=7", "two hops"), ("buffer_s=29", "28")]
)
def test_a_buffer_that_cannot_work_is_refused(override: str, reason: str) -> None:
    with pytest.raises(UsageError, match=rf"perception\.speech\.buffer_s.*{reason}"):
        load_config(overrides=[f"perception.speech.{override}"])
