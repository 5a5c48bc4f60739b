"""Tiers as an ELAN annotation document, after the schema EAFv3.0 of the Max Planck Institute in Nijmegen."""

from __future__ import annotations

import itertools
import mimetypes
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from live_sentiment import __version__
from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.export.recorded import RecordedSession
from live_sentiment.export.tiers import Interval, Mark, tiers_of
from live_sentiment.export.writing import whole_file

if TYPE_CHECKING:
    from live_sentiment.export import Progress

MARK_MS = 250
"""ELAN knows stretches only: a moment is this long, and ends where it is."""

_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_LANGUAGE = "eng"
_STRETCH, _OF_EPISODE = "stretch", "of an episode"
_ASSOCIATION = "Symbolic_Association"


class _Document:
    """Elements written one by one, so that hours need no tree in memory."""

    def __init__(self, xml: XMLGenerator) -> None:
        self._xml = xml

    def begin(self, name: str, **attributes: object) -> None:
        self._xml.startElement(name, AttributesImpl({key: str(value) for key, value in attributes.items()}))
        self._xml.characters("\n")

    def end(self, name: str) -> None:
        self._xml.endElement(name)
        self._xml.characters("\n")

    def add(self, name: str, text: str = "", **attributes: object) -> None:
        self._xml.startElement(name, AttributesImpl({key: str(value) for key, value in attributes.items()}))
        self._xml.characters(_allowed(text))
        self.end(name)


def write_eaf(session: RecordedSession, path: Path, progress: Progress) -> Path:
    """Write one tier each for transcript, words, emotion, polarity and modalities; media are linked.

    Raises:
        UsageError: the folder cannot be written.
        RunError: the disk is full.
    """
    tiers = tiers_of(session, progress)
    stretches: dict[str, Sequence[Interval]] = {
        "transcript": tiers.transcript,
        "words": tiers.words,
        "emotion": tiers.emotion,
        "polarity": tiers.polarity,
        **tiers.presence,
        "turning points": list(_stretched(tiers.turning_points)),
        "events": list(_stretched(tiers.events)),
    }
    times = sorted({t for tier in stretches.values() for i in tier for t in (i.start_ms, i.end_ms)})
    with whole_file(path) as aside, aside.open("wb") as file:
        xml = XMLGenerator(file, encoding="utf-8", short_empty_elements=True)
        xml.startDocument()
        document = _Document(xml)
        document.begin(
            "ANNOTATION_DOCUMENT",
            AUTHOR=f"live-sentiment {__version__}",
            DATE=_date(session),
            FORMAT="3.0",
            VERSION="3.0",
            **{
                "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
                "xsi:noNamespaceSchemaLocation": _SCHEMA,
            },
        )
        _write_header(document, session, path)
        document.begin("TIME_ORDER")
        for time_ms in times:
            document.add("TIME_SLOT", TIME_SLOT_ID=f"ts{time_ms}", TIME_VALUE=time_ms)
        document.end("TIME_ORDER")
        _write_tiers(document, session, stretches)
        _write_types(document)
        document.end("ANNOTATION_DOCUMENT")
        xml.endDocument()
    return path


def _write_header(document: _Document, session: RecordedSession, path: Path) -> None:
    document.begin("HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    if session.media is not None:
        media = session.media.resolve()
        document.add(
            "MEDIA_DESCRIPTOR",
            MEDIA_URL=media.as_uri(),
            MIME_TYPE=_mime_type(media),
            **_relative(media, path.parent.resolve()),
        )
    document.add("PROPERTY", session.name, NAME="live-sentiment source")
    document.add("PROPERTY", str(session.header["version"]), NAME="live-sentiment timeline version")
    for part, model in sorted(session.header.get("models", {}).items()):
        document.add("PROPERTY", str(model), NAME=f"live-sentiment {part}")
    document.end("HEADER")


def _write_tiers(
    document: _Document, session: RecordedSession, stretches: dict[str, Sequence[Interval]]
) -> None:
    numbers = itertools.count(1)
    episodes: list[int] = []
    for name, intervals in stretches.items():
        kind = name if name in {"emotion", "polarity"} else _STRETCH
        document.begin("TIER", TIER_ID=name, LINGUISTIC_TYPE_REF=kind)
        for interval in intervals:
            number = next(numbers)
            if name == "emotion":
                episodes.append(number)
            document.begin("ANNOTATION")
            document.begin(
                "ALIGNABLE_ANNOTATION",
                ANNOTATION_ID=f"a{number}",
                TIME_SLOT_REF1=f"ts{interval.start_ms}",
                TIME_SLOT_REF2=f"ts{interval.end_ms}",
            )
            document.add("ANNOTATION_VALUE", interval.label)
            document.end("ALIGNABLE_ANNOTATION")
            document.end("ANNOTATION")
        document.end("TIER")
    for value in ("confidence", "valence", "arousal"):
        document.begin(
            "TIER", TIER_ID=f"emotion {value}", LINGUISTIC_TYPE_REF=_OF_EPISODE, PARENT_REF="emotion"
        )
        for parent, episode in zip(episodes, session.episodes, strict=True):
            document.begin("ANNOTATION")
            document.begin("REF_ANNOTATION", ANNOTATION_ID=f"a{next(numbers)}", ANNOTATION_REF=f"a{parent}")
            document.add("ANNOTATION_VALUE", str(episode[value]))
            document.end("REF_ANNOTATION")
            document.end("ANNOTATION")
        document.end("TIER")


def _write_types(document: _Document) -> None:
    vocabularies = {"emotion": EMOTIONS, "polarity": POLARITIES}
    for name in (_STRETCH, *vocabularies):
        vocabulary = {"CONTROLLED_VOCABULARY_REF": name} if name in vocabularies else {}
        document.add(
            "LINGUISTIC_TYPE",
            GRAPHIC_REFERENCES="false",
            LINGUISTIC_TYPE_ID=name,
            TIME_ALIGNABLE="true",
            **vocabulary,
        )
    document.add(
        "LINGUISTIC_TYPE",
        CONSTRAINTS=_ASSOCIATION,
        GRAPHIC_REFERENCES="false",
        LINGUISTIC_TYPE_ID=_OF_EPISODE,
        TIME_ALIGNABLE="false",
    )
    document.add("LANGUAGE", LANG_ID=_LANGUAGE, LANG_LABEL="English")
    document.add(
        "CONSTRAINT", STEREOTYPE=_ASSOCIATION, DESCRIPTION="1-1 association with a parent annotation"
    )
    for name, entries in vocabularies.items():
        document.begin("CONTROLLED_VOCABULARY", CV_ID=name)
        for entry in entries:
            document.begin("CV_ENTRY_ML", CVE_ID=f"{name}-{entry}")
            document.add("CVE_VALUE", entry, LANG_REF=_LANGUAGE)
            document.end("CV_ENTRY_ML")
        document.end("CONTROLLED_VOCABULARY")


def _stretched(marks: Iterable[Mark]) -> Iterator[Interval]:
    """Marks as stretches; two that are nearer to each other than MARK_MS share what lies between."""
    before_ms = 0
    for mark in marks:
        # A mark at 0 has nothing before it.
        end_ms = max(mark.time_ms, 1)
        yield Interval(max(end_ms - MARK_MS, before_ms), end_ms, mark.label)
        before_ms = end_ms


def _date(session: RecordedSession) -> str:
    """When the session began; of a file's replay, when its results were written."""
    if session.record is not None:
        return session.record.started.isoformat(timespec="seconds")
    written = datetime.fromtimestamp(session.timeline.stat().st_mtime, UTC)
    return written.isoformat(timespec="seconds")


def _mime_type(media: Path) -> str:
    known = {".mkv": "video/x-matroska", ".wav": "audio/x-wav"}
    return (
        known.get(media.suffix.lower()) or mimetypes.guess_type(media.name)[0] or "application/octet-stream"
    )


def _relative(media: Path, folder: Path) -> dict[str, str]:
    try:
        relative = Path(os.path.relpath(media, folder)).as_posix()
    except ValueError:  # another drive
        return {}
    # As bytes: the name of a file need not be UTF-8.
    return {
        "RELATIVE_MEDIA_URL": quote(os.fsencode(relative if relative.startswith(".") else f"./{relative}"))
    }


def _allowed(text: str) -> str:
    """Without the characters that XML 1.0 has no way to write."""
    return "".join(c for c in text if (c >= " " or c in "\t\n\r") and c not in "\ufffe\uffff")
