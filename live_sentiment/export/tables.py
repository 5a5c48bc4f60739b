"""The tables that a session makes: their columns, with type, unit and meaning; see docs/export.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES
from live_sentiment.export.recorded import RecordedSession
from live_sentiment.sinks.channels import AFFECT, PROBABILITY, SHARE
from live_sentiment.sinks.lines import Fields

Kind: TypeAlias = Literal["number", "whole", "flag", "text", "name"]
"""`name`: text of which there are few different ones."""

SECONDS = "s"
PIXELS = "px"


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    kind: Kind
    unit: str
    """Empty for text, flags and counts."""
    meaning: str
    value: Callable[[Fields], Any]
    """Of a row; None where there is none, which is not zero."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table, and where its rows come from."""

    name: str
    columns: tuple[Column, ...]
    rows: Callable[[RecordedSession], Iterable[Fields]]


def _field(*path: str) -> Callable[[Fields], Any]:
    def value(fields: Fields) -> Any:
        found: Any = fields
        for step in path:
            if step not in found:
                return None
            found = found[step]
        return found

    return value


def _number(name: str, unit: str, meaning: str, *path: str) -> Column:
    return Column(name, "number", unit, meaning, _field(*(path or (name,))))


def _time(name: str, meaning: str) -> Column:
    return _number(f"{name}_s", SECONDS, meaning, name)


def _text(row: Fields) -> str:
    return " ".join(word["text"] for word in row["words"])


_WORDS = Column("words", "text", "", "what was said, joined by spaces", _text)
_EMOTION = Column("emotion", "name", "", "the leading emotion", _field("emotion"))
_AFFECT = (
    _number("valence", AFFECT, "unpleasant to pleasant"),
    _number("arousal", AFFECT, "calm to excited"),
)


def _emotions() -> Iterator[Column]:
    for name in EMOTIONS:
        yield _number(f"emotion_{name}", PROBABILITY, f"of {name}", "emotions", name)


def _modality(name: str) -> Iterator[Column]:
    yield _number(f"{name}_share", SHARE, f"part of {name} in the leading emotion", "shares", name)
    yield _number(f"{name}_effect", AFFECT, f"what {name} adds to its probability", "effects", name)
    yield Column(
        f"{name}_present", "flag", "", f"whether there was any {name}", _field("presence", name, "present")
    )
    yield Column(f"{name}_reason", "name", "", "why not", _field("presence", name, "reason"))


def _people(session: RecordedSession) -> Iterator[Fields]:
    for point in session.points():
        for person in point["people"]:
            yield {"time": point["time"], **person}


def _words(session: RecordedSession) -> Iterator[Fields]:
    for word in session.words:
        yield {**word, "emotion": session.emotion_at(word["end"])}


def _side(place: int) -> Callable[[Fields], Any]:
    return lambda row: row["box"][place]


POINTS = Table(
    "points",
    (
        _time("time", "end of the window that the row speaks of"),
        _EMOTION,
        *_emotions(),
        *(_number(f"polarity_{name}", PROBABILITY, f"of {name}", "polarity", name) for name in POLARITIES),
        *_AFFECT,
        _number("emotion_confidence", PROBABILITY, "of the leading emotion", "confidence", "emotion"),
        _number(
            "polarity_confidence", PROBABILITY, "of the most probable polarity", "confidence", "polarity"
        ),
        _number("valence_sd", AFFECT, "standard deviation of valence", "confidence", "valence_sd"),
        _number("arousal_sd", AFFECT, "standard deviation of arousal", "confidence", "arousal_sd"),
        *(column for name in MODALITIES for column in _modality(name)),
        _WORDS,
        Column("people", "whole", "", "faces in the window", lambda row: len(row["people"])),
    ),
    RecordedSession.points,
)
WORDS = Table(
    "words",
    (
        _time("start", "begin of the word"),
        _time("end", "end of the word"),
        Column("text", "text", "", "as written", _field("text")),
        _number("probability", PROBABILITY, "the recogniser's own"),
        Column("emotion", "name", "", "of the episode in which it ends", _field("emotion")),
    ),
    _words,
)
EPISODES = Table(
    "episodes",
    (
        _time("start", "begin of the episode"),
        _time("end", "end of the episode"),
        _EMOTION,
        _number("confidence", PROBABILITY, "mean probability of that emotion"),
        *_AFFECT,
    ),
    lambda session: session.episodes,
)
TURNING_POINTS = Table(
    "turning_points",
    (
        _time("time", "of the extreme"),
        Column("kind", "name", "", "peak or trough", _field("kind")),
        _number("valence", AFFECT, "at the extreme"),
        _number("previous_valence", AFFECT, "at the turning point before"),
        _WORDS,
    ),
    lambda session: session.turning_points,
)
EVENTS = Table(
    "events",
    (
        _time("time", "when it happened"),
        Column("kind", "name", "", "a short stable name", _field("kind")),
        Column("message", "text", "", "what happened", _field("message")),
    ),
    lambda session: session.events,
)
PEOPLE = Table(
    "people",
    (
        _time("time", "of the point"),
        Column("person", "whole", "", "number of the person", _field("person")),
        Column("speaking", "flag", "", "whether this face was fused", _field("speaking")),
        Column("left", "number", PIXELS, "of the face's box", _side(0)),
        Column("top", "number", PIXELS, "of the face's box", _side(1)),
        Column("width", "number", PIXELS, "of the face's box", _side(2)),
        Column("height", "number", PIXELS, "of the face's box", _side(3)),
        *_emotions(),
    ),
    _people,
)

TABLES = (POINTS, WORDS, EPISODES, TURNING_POINTS, EVENTS, PEOPLE)
"""The first is the one that people mean; the others are further files."""
