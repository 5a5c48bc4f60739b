"""The summary by what it says."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from live_sentiment.sinks.summary import Summarizer
from live_sentiment.terminal.summary import summary
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.turning import TurningPoint
from tests.helpers.story import ABSENT, PRESENT, point, word


def shown(summarizer: Summarizer, *outputs: Path, width: int = 100) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(summary(summarizer.summary(), "clip.mp4", outputs))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def session(*, complete: bool = True) -> Summarizer:
    summarizer = Summarizer()
    for tick in range(1, 41):
        presence = {**PRESENT, "vision": ABSENT["vision"]} if tick > 30 else PRESENT
        summarizer.point(point(tick / 4, valence=0.4, presence=presence, words=(word("so", tick / 4),)))
    summarizer.segment(Episode(0.0, 7.5, "joy", 0.7, 0.4, 0.0))
    summarizer.segment(Episode(7.5, 10.0, "neutral", 0.7, 0.4, 0.0))
    summarizer.segment(TurningPoint(5.0, "peak", 0.6, -0.1, (word("what", 4.8), word("joy!", 5.2))))
    summarizer.segment(TurningPoint(7.0, "trough", -0.3, 0.6, ()))
    summarizer.close(complete=complete)
    return summarizer


def test_it_tells_the_session():
    text = shown(session(), Path("out/timeline.jsonl"), Path("out/transcript.vtt"))
    assert text.splitlines()[0] == "clip.mp4  0:10"
    assert re.search(r"joy +━+╸?─+ +75 % +7\.5 s", text)
    assert re.search(r"neutral +━+╸?─+ +25 % +2\.5 s", text)
    assert text.index("joy ") < text.index("neutral ")
    assert "valence   +0.40   arousal −0.20 mean" in text
    assert re.search(r"vision +━+╸?─+ +75 % +no face 25 %", text)
    assert re.search(r"voice +━+ +100 %", text)
    assert "▲    0:05  −0.10 → +0.60  “what joy!”" in text
    assert "▼    0:07  +0.60 → −0.30" in text
    assert "40 points, 40 words, 2 episodes, 2 turning points, 0 events" in text
    assert "out/timeline.jsonl" in text
    assert "out/transcript.vtt" in text


def test_a_session_cut_short_says_so():
    assert "cut short" in shown(session(complete=False)).splitlines()[0]


def test_a_session_without_anybody():
    summarizer = Summarizer()
    summarizer.point(point(0.25, presence=ABSENT))
    summarizer.close(complete=True)
    text = shown(summarizer)
    assert "nobody seen or heard" in text
    assert "valence" not in text
    assert "1 point, 0 words" in text
    assert re.search(r"voice +─+ +0 % +no speech 100 %", text)
