"""Captions: strictly valid WebVTT, no word lost, times monotone, cues a person can read."""

from __future__ import annotations

import html
import itertools
import os
import re
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from live_sentiment.core.errors import RunError
from live_sentiment.core.types import Event, Transcript, Word
from live_sentiment.sinks.captions import CUE_S, LINE_CHARACTERS, LINES, CaptionWriter
from live_sentiment.timeline.episodes import Episode
from tests.helpers.story import point, word

TIMING = re.compile(r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3}) --> (\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})")
CUE_TEXT = re.compile(r"(?:[^&<]|&(?:amp|lt|gt);)+")


def parse(text: str) -> list[tuple[float, float, list[str]]]:
    """Every rule of a WebVTT file of plain cues, checked: start, end and lines of each cue."""
    head, *blocks = text.split("\n\n")
    assert head == "WEBVTT"
    assert blocks.pop() == ""
    cues = []
    for block in blocks:
        timing, *lines = block.split("\n")
        match = TIMING.fullmatch(timing)
        assert match, timing
        h, m, s, ms, *end = map(int, match.groups())
        assert lines
        for line in lines:
            assert CUE_TEXT.fullmatch(line), line
            assert "-->" not in line
        start_s = h * 3600 + m * 60 + s + ms / 1000
        end_s = end[0] * 3600 + end[1] * 60 + end[2] + end[3] / 1000
        cues.append((start_s, end_s, [html.unescape(line) for line in lines]))
    return cues


def caption(path: Path, passes: list[Transcript]) -> list[tuple[float, float, list[str]]]:
    writer = CaptionWriter(path)
    for transcript in passes:
        writer.words(transcript)
    writer.close(complete=True)
    return parse(path.read_text("utf-8"))


def said(text: str, *, word_s: float = 0.4, start_s: float = 0.0) -> tuple[Word, ...]:
    return tuple(
        Word(w, start_s + n * word_s, start_s + (n + 1) * word_s - 0.05, 0.9)
        for n, w in enumerate(text.split())
    )


def texts(cues: list[tuple[float, float, list[str]]]) -> list[str]:
    return [" ".join(lines) for _, _, lines in cues]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "transcript.vtt"


def test_sentences_are_cues(path):
    cues = caption(path, [Transcript(said("Good morning. How are you? Fine"), (), 3.0)])
    assert texts(cues) == ["Good morning.", "How are you?", "Fine"]
    assert cues[1][:2] == (0.8, 1.95)


def test_a_pause_ends_a_cue(path):
    words = (*said("well then"), *said("here we go", start_s=3.0))
    assert texts(caption(path, [Transcript(words, (), 5.0)])) == ["well then", "here we go"]


def test_cues_are_short_in_time_and_text(path):
    words = said(" ".join(["interesting"] * 60), word_s=0.9)
    fast = said(" ".join(["quickly"] * 60), word_s=0.1, start_s=100.0)
    cues = caption(path, [Transcript((*words, *fast), (), 120.0)])
    for start_s, end_s, lines in cues:
        assert end_s - start_s <= CUE_S + 0.002
        assert len(lines) <= LINES
        assert all(len(line) <= LINE_CHARACTERS for line in lines)
    assert sum(len(text.split()) for text in texts(cues)) == 120


def test_partial_words_are_not_written(path):
    cues = caption(path, [Transcript(said("yes"), said("yes maybe not"), 0.4)])
    assert texts(cues) == ["yes"]


def test_a_cue_is_written_as_soon_as_it_is_complete(path):
    writer = CaptionWriter(path)
    writer.words(Transcript(said("we begin"), (), 0.8))
    assert parse(path.read_text()) == []
    writer.words(Transcript((), (), 2.0))
    assert texts(parse(path.read_text())) == ["we begin"]
    writer.words(Transcript(said("And so it ends. Or", start_s=2.5), (), 4.0))
    assert texts(parse(path.read_text())) == ["we begin", "And so it ends."]
    writer.close(complete=False)
    assert texts(parse(path.read_text())) == ["we begin", "And so it ends.", "Or"]


def test_markup_is_escaped(path):
    cues = caption(path, [Transcript((word("<b>a</b>&amp;", 0.3), word("-->", 0.6)), (), 1.0)])
    assert texts(cues) == ["<b>a</b>&amp; -->"]


def test_line_breaks_within_a_word_and_empty_words_do_no_harm(path):
    words = (word("one\n\ntwo", 0.3), word("  ", 0.5), word("three", 0.8))
    assert texts(caption(path, [Transcript(words, (), 1.0)])) == ["one two three"]


def test_nothing_said_is_a_valid_empty_file(path):
    assert caption(path, [Transcript((), (), 9.0)]) == []


def test_hours_are_written(path):
    (cue,) = caption(path, [Transcript((word("late", 3723.5),), (), 3724.0)])
    assert cue[:2] == (3723.3, 3723.5)
    assert "01:02:03.300 --> 01:02:03.500" in path.read_text()


def test_only_words_are_written(path):
    writer = CaptionWriter(path)
    writer.point(point(0.25, words=(word("twice", 0.2),)))
    writer.segment(Episode(0.0, 1.0, "joy", 0.5, 0.0, 0.0))
    writer.event(Event(0.1, "gap", "a gap"))
    writer.close(complete=True)
    writer.words(Transcript(said("too late."), (), 9.0))
    assert parse(path.read_text()) == []


def test_ffmpeg_reads_the_same_cues(path):
    cues = caption(path, [Transcript(said("One <two> & three. Four five."), (), 9.0)])
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(container.streams.subtitles[0]) if p.size]
        read = [(float(p.pts * p.time_base), bytes(p).decode()) for p in packets]
    assert [(start, html.unescape(text)) for start, text in read] == [
        (start, "\n".join(lines)) for start, _, lines in cues
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_keeps_whole_cues(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "live_sentiment.sinks.file.create_file",
        lambda _: os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", 0),
    )
    with pytest.raises(RunError, match="the captions up to"):
        CaptionWriter(tmp_path / "transcript.vtt")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=60),
            st.floats(0, 3),
            st.floats(0, 9),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_no_word_is_lost_and_times_never_go_back(path, spoken):
    words, time_s = [], 0.0
    for text, gap_s, length_s, backwards in spoken:
        # Recognisers do overlap neighbouring words by a little.
        start_s = max(time_s + gap_s - (0.2 if backwards else 0.0), 0.0)
        time_s = start_s + length_s
        words.append(Word(text, start_s, time_s, 0.5))
    cues = caption(path, [Transcript((w,), (), w.end_s) for w in words])
    assert " ".join(texts(cues)).split() == " ".join(w.text for w in words).split()
    for start_s, end_s, _ in cues:
        assert end_s > start_s
    for before, after in itertools.pairwise(cues):
        assert before[1] <= after[0]
