"""The committed words as WebVTT captions (W3C, WebVTT: The Web Video Text Tracks Format)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from live_sentiment.core.types import Transcript, Word
from live_sentiment.sinks.file import PieceFile
from live_sentiment.sinks.protocol import Sink

LINE_CHARACTERS = 42
LINES = 2
CUE_S = 7.0
"""Length, lines and line length within what broadcasters ask of subtitles."""
PAUSE_S = 0.8
"""Silence that ends a cue."""

_SENTENCE_END = (".", "!", "?", "…", '."', '!"', '?"')


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that are shown together; cues never overlap."""

    start_ms: int
    end_ms: int
    """Later than `start_ms`."""
    words: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """As they are shown."""
        return wrapped(self.words)


class CueBuilder:
    """Groups words into cues.

    A cue ends with a sentence, at a pause, or where the next word would make it too long. No word is lost:
    one that is longer than a line stands alone on one.
    """

    def __init__(self) -> None:
        self._words: list[Word] = []
        self.end_ms = 0
        """Of the last complete cue."""

    def add(self, word: Word) -> Iterator[Cue]:
        """Take the next word; gives the cues that it completes."""
        text = " ".join(word.text.split())
        if not text:
            return
        word = Word(text, word.start_s, word.end_s, word.probability)
        if self._words and not self._fits(word):
            yield from self.finish()
        self._words.append(word)
        if text.endswith(_SENTENCE_END):
            yield from self.finish()

    def wait(self, watermark_s: float) -> Iterator[Cue]:
        """No word that ends before this will come: gives the cue that the pause completes."""
        if self._words and watermark_s - self._words[-1].end_s >= PAUSE_S:
            yield from self.finish()

    def finish(self) -> Iterator[Cue]:
        """The last cue."""
        if not self._words:
            return
        words, self._words = self._words, []
        # Whole milliseconds, outwards, and never before the end of the cue above.
        start_ms = max(math.floor(words[0].start_s * 1000), self.end_ms)
        self.end_ms = max(math.ceil(words[-1].end_s * 1000), start_ms + 1)
        yield Cue(start_ms, self.end_ms, tuple(word.text for word in words))

    def _fits(self, word: Word) -> bool:
        return (
            word.start_s - self._words[-1].end_s < PAUSE_S
            and word.end_s - self._words[0].start_s <= CUE_S
            and len(wrapped([*(shown.text for shown in self._words), word.text])) <= LINES
        )


class CaptionWriter(Sink):
    """Writes each cue as soon as it is complete.

    Raises:
        UsageError: the file cannot be created.
        RunError: (from any method) the disk is full; what was written stays intact.
    """

    def __init__(self, path: Path) -> None:
        self._file = PieceFile(path)
        self._cues = CueBuilder()
        self._write("WEBVTT\n\n")

    def words(self, transcript: Transcript) -> None:
        """Take newly committed words, and write the cues that they or their watermark complete."""
        for word in transcript.committed:
            self._show(self._cues.add(word))
        self._show(self._cues.wait(transcript.watermark_s))

    def close(self, *, complete: bool) -> None:
        """Write the last cue and close the file."""
        self._show(self._cues.finish())
        self._file.close()

    def _show(self, cues: Iterable[Cue]) -> None:
        for cue in cues:
            text = "\n".join(escaped(line) for line in cue.lines)
            self._write(f"{timestamp(cue.start_ms)} --> {timestamp(cue.end_ms)}\n{text}\n\n")

    def _write(self, piece: str) -> None:
        if not self._file.closed:
            self._file.write(piece, kept=f"the captions up to {self._cues.end_ms / 1000:.2f} s")


def wrapped(words: Sequence[str]) -> list[str]:
    """The words in lines of LINE_CHARACTERS; at least one word a line."""
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= LINE_CHARACTERS:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def escaped(text: str) -> str:
    """Text as it stands in a cue."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def timestamp(milliseconds: int, point: str = ".") -> str:
    """Hours, minutes and seconds; SubRip has a comma for a point."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"
