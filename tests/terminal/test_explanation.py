"""What `live-sentiment explain` prints of an utterance."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from live_sentiment.core.types import Word
from live_sentiment.explain.utterances import Explanation
from live_sentiment.explain.voice import ProsodyEffect, VoiceEffects
from live_sentiment.explain.words import WordEffect, WordEffects
from live_sentiment.terminal.explanation import explanation

TEXTS = ("[b]so[/b]", "gl\x1b[2Jad", "q" * 60)
ONE = Explanation(
    61.0,
    64.5,
    {"text": 0.2, "vision": -0.031},
    WordEffects(
        "joy",
        0.62,
        0.5,
        tuple(
            WordEffect(Word(text, 61.0, 62.0, 0.9), effect, -0.0001)
            for text, effect in zip(TEXTS, (0.124, -0.05, 0.0), strict=True)
        ),
    ),
    VoiceEffects("joy", 0.62, (ProsodyEffect("pitch", 200.0, 150.0, 4.98, 0.114),)),
)


def printed(width: int) -> str:
    screen = Console(file=io.StringIO(), width=width, highlight=False)
    screen.print(explanation(ONE))
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_each_word_and_trait_has_its_row() -> None:
    lines = [line.split() for line in printed(100).splitlines()]
    assert lines[0] == ["1:01–1:04", "joy", "62", "%", "polarity", "+50.0"]
    assert lines[1] == ["text", "+20.0", "face", "−3.1"]
    assert lines[2] == ["word", "joy", "polarity"]
    assert lines[3] == ["[b]so[/b]", "+12.4", "+0.0"]
    assert lines[6] == ["pitch", "+5.0", "semitones", "against", "usual", "+11.4"]


@pytest.mark.parametrize("width", [30, 80])
def test_nothing_runs_over_or_escapes(width: int) -> None:
    text = printed(width)
    assert all(len(line) <= width for line in text.splitlines())
    assert "\x1b" not in text
    assert "+12.4" in text
    assert text.count("q") == 60
