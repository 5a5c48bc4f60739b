"""The end of a replay: what it comes to, on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from live_sentiment.core.types import Modality
from live_sentiment.sinks.summary import Summary
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.theme import (
    EMOTION_COLOURS,
    FRAME,
    MODALITY_COLOURS,
    QUIET,
    bar,
    clock,
    percent,
    signed,
)
from live_sentiment.timeline.turning import TurningPoint

LABEL = 10
BAR = 30


def summary(result: Summary, source: str, outputs: Sequence[Path] = ()) -> RenderableType:
    """Time in each emotion, means, presence, turning points with their words, counts and files."""
    return Group(*_lines(result, source, outputs))


def _lines(result: Summary, source: str, outputs: Sequence[Path]) -> Iterator[Text]:
    cut = "" if result.complete else ", cut short"
    yield Text.assemble((printable(source), "bold"), (f"  {clock(result.duration_s)}{cut}", QUIET))
    yield Text()
    if not result.emotion_s:
        yield Text("nobody seen or heard", style="italic")
    for emotion, time_s in result.emotion_s.items():
        yield _row(
            emotion,
            time_s / max(result.duration_s, time_s),
            EMOTION_COLOURS[emotion],
            f"{time_s:.1f} s",
        )
    if result.valence is not None and result.arousal is not None:
        yield Text()
        yield Text.assemble(
            "valence".ljust(LABEL),
            signed(result.valence),
            "   arousal ",
            signed(result.arousal),
            (" mean", QUIET),
        )
    yield Text()
    for modality, part in result.presence.items():
        yield _row(modality, part, MODALITY_COLOURS[modality], _absence(result, modality))
    if result.turning_points:
        yield Text()
        yield Text("turning points of valence", style=QUIET)
        yield from (_turning(turning) for turning in result.turning_points)
    yield Text()
    yield Text(", ".join(_count(name, number) for name, number in result.counts.items()), style=QUIET)
    yield from (Text(printable(note), style=QUIET) for note in result.notes)
    yield from (Text(printable(str(path))) for path in outputs)


def _row(name: str, part: float, colour: str, remark: str) -> Text:
    full, track = bar(part, BAR)
    return Text.assemble(
        name.ljust(LABEL), (full, colour), (track, FRAME), percent(part).rjust(6), (f"   {remark}", QUIET)
    )


def _absence(result: Summary, modality: Modality) -> str:
    return ", ".join(
        f"{printable(reason)} {percent(part).strip()}" for reason, part in result.reasons[modality].items()
    )


def _turning(turning: TurningPoint) -> Text:
    mark, colour = (
        ("▲", EMOTION_COLOURS["joy"]) if turning.kind == "peak" else ("▼", EMOTION_COLOURS["sadness"])
    )
    said = printable(" ".join(word.text for word in turning.words))
    return Text.assemble(
        (mark, colour),
        f" {clock(turning.time_s).rjust(7)}  {signed(turning.previous_valence)} → {signed(turning.valence)}",
        f"  “{said}”" if said else "",
    )


def _count(name: str, number: int) -> str:
    noun = name.replace("_", " ")
    return f"{number} {noun.removesuffix('s') if number == 1 else noun}"
