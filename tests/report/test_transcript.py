"""Paragraphs of the transcript."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from live_sentiment.export.recorded import open_recorded
from live_sentiment.report.transcript import Paragraph, paragraphs

Line = dict[str, Any]


def read(make_session: Callable[..., Path], lines: list[Line]) -> list[Paragraph]:
    return list(paragraphs(open_recorded(make_session(lines))))


def test_a_silence_begins_a_paragraph(
    make_session: Callable[..., Path],
    make_header: Callable[..., Line],
    make_point: Callable[..., Line],
    make_word: Callable[..., Line],
    make_episode: Callable[..., Line],
) -> None:
    words = (make_word("Hello", 1.0, 1.4), make_word("there.", 1.5, 2.0), make_word("Bye", 4.0, 4.4, 0.3))
    first, second = read(
        make_session, [make_header(), make_point(5.0, words=words), make_episode(0.0, 3.0, "joy")]
    )
    assert first == Paragraph(1.0, "joy", ((0, "Hello", 0.9), (1, "there.", 0.9)))
    assert second == Paragraph(4.0, None, ((2, "Bye", 0.3),))


def test_a_long_paragraph_ends_with_a_sentence_or_at_last_with_a_word(
    make_session: Callable[..., Path],
    make_header: Callable[..., Line],
    make_point: Callable[..., Line],
    make_word: Callable[..., Line],
) -> None:
    def talk(ending: str) -> tuple[Line, ...]:
        return tuple(make_word(f"w{i}{ending}", float(i), i + 0.9) for i in range(100))

    def starts(ending: str, name: str) -> list[float]:
        lines = [make_header(), make_point(100.0, words=talk(ending))]
        folder = make_session(lines, name=name)
        return [paragraph.start_s for paragraph in paragraphs(open_recorded(folder))]

    assert starts(".", "sentences") == [0.0, 31.0, 62.0, 93.0]
    assert starts("", "breathless") == [0.0, 61.0]
