"""The words in paragraphs, as they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from live_sentiment.export.recorded import RecordedSession
from live_sentiment.sinks.lines import Fields

BREAK_S = 1.5
"""A silence that begins a new paragraph."""
LONG_S = 30.0
"""A paragraph this long ends with its next sentence."""
LONGEST_S = 60.0
"""A paragraph this long ends with the next word, if nobody ever finishes a sentence."""
_SENTENCE_END = (".", "!", "?", "…", '."', '!"', '?"')


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words that belong together."""

    start_s: float
    emotion: str | None
    """Of the episode in which it begins; None outside of any."""
    words: tuple[tuple[int, str, float], ...]
    """Each word's number in the session, from 0; its text; and the recogniser's probability."""


def paragraphs(session: RecordedSession) -> Iterator[Paragraph]:
    """Group the words of a session: a paragraph ends at a silence, or with a sentence once it is long."""
    held: list[tuple[int, Fields]] = []
    for number, word in enumerate(session.words):
        if held and _ends(held[0][1], held[-1][1], word):
            yield _paragraph(held, session)
            held = []
        held.append((number, word))
    if held:
        yield _paragraph(held, session)


def _ends(first: Fields, last: Fields, following: Fields) -> bool:
    silence_s = following["start"] - last["end"]
    length_s = last["end"] - first["start"]
    sentence = str(last["text"]).endswith(_SENTENCE_END)
    return bool(silence_s >= BREAK_S or (length_s >= LONG_S and sentence) or length_s >= LONGEST_S)


def _paragraph(held: list[tuple[int, Fields]], session: RecordedSession) -> Paragraph:
    start_s = float(held[0][1]["start"])
    # Words are placed by the window that ends with them, as everything in the timeline is.
    emotion = session.emotion_at(float(held[0][1]["end"]))
    return Paragraph(start_s, emotion, tuple((n, w["text"], w["probability"]) for n, w in held))
