"""Why an utterance was read as it was: a row a word, and one for each trait of the voice."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from live_sentiment.explain.utterances import Explanation
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.theme import EMOTION_COLOURS, MODALITY_COLOURS, QUIET, clock, percent
from live_sentiment.terminal.words import MOVED

LABELS = {"text": "text", "voice": "voice", "vision": "face"}
UNITS = {"pitch": " semitones", "energy": " dB", "rate": " %"}
"""Of a contrast with the speaker's usual."""


def explanation(one: Explanation) -> RenderableType:
    """When, what, and how sure; what each modality, each word and each trait of the voice adds, in points.

    Bold are the words that move the leading emotion.
    """
    emotion = one.words.emotion
    colour = EMOTION_COLOURS[emotion]
    heading = Text.assemble(
        (f"{clock(one.start_s)}–{clock(one.end_s)}", QUIET),
        "  ",
        (f"{emotion} {percent(one.words.probability).strip()}", f"bold {colour}"),
        f"  polarity {_points(one.words.polarity)}",
    )
    parts = Text("  ").join(
        Text.assemble((LABELS[name], MODALITY_COLOURS[name]), f" {_points(effect)}")
        for name, effect in one.modalities.items()
    )
    table = Table(box=None, pad_edge=False, header_style=QUIET)
    table.add_column("word", overflow="fold")
    table.add_column(emotion, justify="right", no_wrap=True)
    table.add_column("polarity", justify="right", no_wrap=True)
    for word in one.words.words:
        style = f"bold {colour}" if abs(word.effect) >= MOVED else ""
        text = Text(printable(word.word.text), style=style)
        table.add_row(text, _points(word.effect), _points(word.polarity))
    for trait in () if one.voice is None else one.voice.traits:
        contrast = f"{trait.trait} {_signed(trait.contrast)}{UNITS[trait.trait]} against usual"
        table.add_row(Text(contrast, style=MODALITY_COLOURS["voice"]), _points(trait.effect), "")
    return Group(heading, parts, table, Text())


def _points(part: float) -> str:
    return _signed(100 * part)


def _signed(value: float) -> str:
    return f"{round(value, 1) + 0.0:+.1f}".replace("-", "−")
