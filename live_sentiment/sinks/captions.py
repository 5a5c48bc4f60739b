"""The committed words as WebVTT captions (W3C, WebVTT: The Web Video Text Tracks Format)."""

from __future__ import annotations

import math
from pathlib import Path

from live_sentiment.sinks.file import PieceFile
from live_sentiment.timeline.timeline import Segment
from live_sentiment.types import Event, TimelinePoint, Transcript, Word

LINE_CHARACTERS = 42
LINES = 2
CUE_S = 7.0
"""Length, lines and line length within what broadcasters ask of subtitles."""
PAUSE_S = 0.8
"""Silence that ends a cue."""

_SENTENCE_END = (".", "!", "?", "…", '."', '!"', '?"')


class CaptionWriter:
    """Groups words into cues and writes each as soon as it is complete.

    A cue ends with a sentence, at a pause, or where the next word would make it too long. No word is lost:
    one that is longer than a line stands alone on one.

    Raises:
        UsageError: the file cannot be created.
        RunError: (from any method) the disk is full; what was written stays intact.
    """

    def __init__(self, path: Path) -> None:
        self._file = PieceFile(path)
        self._cue: list[Word] = []
        self._end_ms = 0
        self._write("WEBVTT\n\n")

    def words(self, transcript: Transcript) -> None:
        """Take newly committed words, and write the cues that they or their watermark complete."""
        for word in transcript.committed:
            text = " ".join(word.text.split())
            if text:
                self._take(Word(text, word.start_s, word.end_s, word.probability))
        if self._cue and transcript.watermark_s - self._cue[-1].end_s >= PAUSE_S:
            self._finish_cue()

    def point(self, point: TimelinePoint) -> None:
        """Nothing: captions hold words only."""

    def segment(self, segment: Segment) -> None:
        """Nothing: captions hold words only."""

    def event(self, event: Event) -> None:
        """Nothing: captions hold words only."""

    def close(self, *, complete: bool) -> None:
        """Write the last cue and close the file."""
        self._finish_cue()
        self._file.close()

    def _take(self, word: Word) -> None:
        if self._cue and not self._fits(word):
            self._finish_cue()
        self._cue.append(word)
        if word.text.endswith(_SENTENCE_END):
            self._finish_cue()

    def _fits(self, word: Word) -> bool:
        return (
            word.start_s - self._cue[-1].end_s < PAUSE_S
            and word.end_s - self._cue[0].start_s <= CUE_S
            and len(_lines([*self._cue, word])) <= LINES
        )

    def _finish_cue(self) -> None:
        if not self._cue:
            return
        words, self._cue = self._cue, []
        # Whole milliseconds, outwards, and never before the end of the cue above.
        start_ms = max(math.floor(words[0].start_s * 1000), self._end_ms)
        self._end_ms = max(math.ceil(words[-1].end_s * 1000), start_ms + 1)
        text = "\n".join(_escaped(line) for line in _lines(words))
        self._write(f"{_timestamp(start_ms)} --> {_timestamp(self._end_ms)}\n{text}\n\n")

    def _write(self, piece: str) -> None:
        if not self._file.closed:
            self._file.write(piece, kept=f"the captions up to {self._end_ms / 1000:.2f} s")


def _lines(words: list[Word]) -> list[str]:
    lines = [words[0].text]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word.text) <= LINE_CHARACTERS:
            lines[-1] += f" {word.text}"
        else:
            lines.append(word.text)
    return lines


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _timestamp(milliseconds: int) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"
