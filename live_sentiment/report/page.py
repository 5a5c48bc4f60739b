"""Puts the report together: one HTML file with its style, scripts, plotting library and data inside.

The page may load nothing and run nothing but what it came with: its Content-Security-Policy names the hashes
of its own script and style, and lets only the video in besides.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from live_sentiment import __version__
from live_sentiment.errors import UsageError
from live_sentiment.report.columns import ABSENT, PER_UNIT, packed
from live_sentiment.report.facts import Facts, facts_of
from live_sentiment.report.models import cards_of, credits_of
from live_sentiment.report.quality import remarks
from live_sentiment.report.source import Source
from live_sentiment.report.transcript import paragraphs
from live_sentiment.report.wording import length, moment, percent, signed
from live_sentiment.types import EMOTIONS, MODALITIES

NAME = "report.html"

_ASSETS = Path(__file__).parent / "assets"
_SCRIPTS = ("data", "view", "marks", "plots", "timeline", "player", "now", "words", "keys", "main")
_MOST_STRETCHES = 200
"""Rows of the table of what was missing; the plot shows the rest."""


def write_report(source: Source, output: Path, *, embed: bool = False) -> Path:
    """Write the page, replacing a file that is there; with `embed`, the video is inside it.

    Raises:
        UsageError: it cannot be written there, or the video cannot be embedded.
    """
    if embed and source.media is None:
        raise UsageError(
            f"there is no video or sound of {source.name} to embed in {source.folder} or here; "
            "name it with --media FILE, or leave out --embed"
        )
    # Beside its place and moved there once whole: a report that was there stays until then.
    aside = output.with_name(f"{output.name}.tmp")
    try:
        with aside.open("w", encoding="utf-8", newline="\n") as file:
            for piece in page(source, output, embed=embed):
                file.write(piece)
        aside.replace(output)
    except OSError as error:
        raise UsageError(
            f"cannot write {output}: {error.strerror}; choose another place with --output"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
    return output


def page(source: Source, output: Path, *, embed: bool = False) -> Iterator[str]:
    """The page in pieces; `output` is where it will lie, by which the video's address is made."""
    script, style = _script(), _style()
    media = source.media
    facts = facts_of(source.timeline)
    words = [word for point in source.timeline.points for word in point["words"]]
    yield from _template().generate(
        source=source,
        record=source.record,
        facts=facts,
        version=__version__,
        script=Markup(script),  # the package's own files need no escaping
        style=Markup(style),
        script_hash=_csp_hash(f"\n{script}\n"),
        style_hash=_csp_hash(f"\n{style}\n"),
        session=Markup(_for_script(_session(source, facts, words))),  # escaped there
        media=media,
        link=media.link_from(output) if media and not embed else None,
        embedded=media.embedded() if media and embed else None,
        paragraphs=list(paragraphs(words, source.timeline.of("episode"))),
        episodes=source.timeline.of("episode"),
        turns=source.timeline.of("turning_point"),
        events=source.timeline.of("event"),
        stretches=facts.absences[:_MOST_STRETCHES],
        more_stretches=max(len(facts.absences) - _MOST_STRETCHES, 0),
        remarks=remarks(source, facts),
        credits=credits_of(source.timeline.header),
        cards=cards_of(source.timeline.header),
        settings=json.dumps(source.timeline.header.get("settings", {}), indent=2, ensure_ascii=False),
        window_s=f"{_window_s(source):g}",
        emotions=EMOTIONS,
        modalities=MODALITIES,
    )


def _session(source: Source, facts: Facts, words: list[dict[str, Any]]) -> dict[str, Any]:
    """What the scripts know; times in seconds."""
    timeline = source.timeline
    return {
        "end": facts.duration_s,
        "media_offset": source.media_offset_s,
        "window_s": _window_s(source),
        "per_unit": PER_UNIT,
        "absent": ABSENT,
        "packed": packed(timeline.points),
        "episodes": [_picked(line, "start", "end", "emotion") for line in timeline.of("episode")],
        "turning_points": [_picked(line, "time", "kind", "valence") for line in timeline.of("turning_point")],
        "events": [_picked(line, "time", "kind", "message") for line in timeline.of("event")],
        "absences": [
            {"modality": gap.modality, "start": gap.start_s, "end": gap.end_s, "reason": gap.reason}
            for gap in facts.absences
        ],
        "words": [[word["start"], word["end"], word["probability"]] for word in words],
    }


def _picked(line: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: line[name] for name in names}


def _window_s(source: Source) -> float:
    window = source.timeline.header.get("settings", {}).get("window", {})
    return float(window.get("length_s", 4.0))


def _for_script(data: Any) -> str:
    """JSON that cannot end the element it stands in, whatever the words and names in it are."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@cache
def _script() -> str:
    own = "\n".join((_ASSETS / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    library = (_ASSETS / "vendor" / "uPlot.iife.js").read_text(encoding="utf-8")
    return f'{library}\n(() => {{\n"use strict";\n{own}}})();'


@cache
def _style() -> str:
    library = (_ASSETS / "vendor" / "uPlot.min.css").read_text(encoding="utf-8")
    return library + "\n" + (_ASSETS / "page.css").read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(_ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=moment, span=length, percent=percent, signed=signed)
    return environment.get_template("page.html")
