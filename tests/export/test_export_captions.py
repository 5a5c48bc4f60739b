"""Captions with emotions: strict parsers of both formats read the words, the times and the emotion back."""

from __future__ import annotations

import html
import itertools
import re

import av
import pytest
import srt
import webvtt

from live_sentiment.export.captions import cues, write_srt, write_vtt
from live_sentiment.export.recorded import open_recorded
from tests.helpers.sessions import session_in, silent, write_session

WANTED = [
    (0.1, 0.912, "joy", "Good morning."),
    (3.0, 3.9, "anger", 'Über "so" <b>&'),
]


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def test_webvtt_reads_back(session, tmp_path):
    read = webvtt.read(write_vtt(session, tmp_path / "captions.vtt", silent))
    cue_texts = [html.unescape(re.sub(r"</?c[^>]*>", "", caption.raw_text)) for caption in read]
    assert [(seconds(cue.start), seconds(cue.end)) for cue in read] == [cue[:2] for cue in WANTED]
    assert cue_texts == [f"[{emotion}] {text}" for _, _, emotion, text in WANTED]
    for cue, (_, _, emotion, _) in zip(read, WANTED, strict=True):
        assert cue.raw_text.startswith(f"<c.{emotion}>")
        assert cue.raw_text.endswith("</c>")


def test_webvtt_keeps_to_the_grammar(session, tmp_path):
    head, *blocks = write_vtt(session, tmp_path / "captions.vtt", silent).read_text("utf-8").split("\n\n")
    assert head == "WEBVTT"
    assert blocks.pop() == ""
    for block in blocks:
        timing, payload = block.split("\n", 1)
        assert re.fullmatch(r"\d\d:[0-5]\d:[0-5]\d\.\d{3} --> \d\d:[0-5]\d:[0-5]\d\.\d{3}", timing)
        assert re.fullmatch(r"<c\.[a-z]+>(?:[^&<>]|&(?:amp|lt|gt);)+</c>", payload)


def test_subrip_reads_back(session, tmp_path):
    path = write_srt(session, tmp_path / "captions.srt", silent)
    read = list(srt.parse(path.read_text("utf-8"), ignore_errors=False))
    assert [cue.index for cue in read] == [1, 2]
    assert [(cue.start.total_seconds(), cue.end.total_seconds()) for cue in read] == [c[:2] for c in WANTED]
    assert [cue.content for cue in read] == [f"[{emotion}] {text}" for _, _, emotion, text in WANTED]


@pytest.mark.parametrize(("write", "name"), [(write_vtt, "a.vtt"), (write_srt, "a.srt")])
def test_ffmpeg_reads_the_same_times(session, tmp_path, write, name):
    path = write(session, tmp_path / name, silent)
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(container.streams.subtitles[0]) if p.size]
        times = [(float(p.pts * p.time_base), float((p.pts + p.duration) * p.time_base)) for p in packets]
    assert times == [pytest.approx(cue[:2]) for cue in WANTED]


def test_cues_never_overlap_and_hold_every_word(session):
    shown = list(cues(session))
    assert [word for cue in shown for word in cue.words] == [word["text"] for word in session.words]
    assert all(before.end_ms <= after.start_ms for before, after in itertools.pairwise(shown))


def test_words_outside_of_any_episode_have_no_emotion(tmp_path):
    folder = write_session(tmp_path)
    lines = (folder / "timeline.jsonl").read_text("utf-8").splitlines(keepends=True)
    kept = "".join(line for line in lines if '"type":"episode"' not in line)
    (folder / "timeline.jsonl").write_text(kept, "utf-8")
    session = open_recorded(folder)
    assert "\nGood morning.\n" in write_vtt(session, tmp_path / "a.vtt", silent).read_text("utf-8")
    assert "\nGood morning.\n" in write_srt(session, tmp_path / "a.srt", silent).read_text("utf-8")


def test_long_cues_keep_to_their_lines(tmp_path):
    folder = write_session(tmp_path)
    long = "incomprehensibilities" * 3
    text = (folder / "timeline.jsonl").read_text("utf-8").replace("Good", long)
    (folder / "timeline.jsonl").write_text(text, "utf-8")
    (first, _) = srt.parse(write_srt(open_recorded(folder), tmp_path / "a.srt", silent).read_text("utf-8"))
    assert first.content.split("\n") == ["[joy]", long, "morning."]


def test_nothing_said_makes_empty_captions(tmp_path):
    session = session_in(tmp_path)
    quiet = type(session)(**{name: getattr(session, name) for name in session.__slots__} | {"words": ()})
    assert write_vtt(quiet, tmp_path / "a.vtt", silent).read_text() == "WEBVTT\n\n"
    assert write_srt(quiet, tmp_path / "a.srt", silent).read_text() == ""
