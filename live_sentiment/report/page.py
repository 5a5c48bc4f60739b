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
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, MODALITIES
from live_sentiment.export.recorded import RecordedSession
from live_sentiment.export.writing import whole_file
from live_sentiment.report.columns import ABSENT, PER_UNIT, packed
from live_sentiment.report.facts import Facts, facts_of
from live_sentiment.report.media import Media
from live_sentiment.report.models import cards_of, credits_of
from live_sentiment.report.quality import remarks
from live_sentiment.report.transcript import paragraphs
from live_sentiment.report.wording import length, moment, percent, signed

NAME = "report.html"

_ASSETS = Path(__file__).parent / "assets"
_SCRIPTS = ("data", "view", "marks", "levels", "plots", "timeline", "player", "now", "words", "keys", "main")
MOST_STRETCHES = 200
"""Rows of the table of what was missing; the plot shows the rest."""


def write_report(session: RecordedSession, output: Path, *, embed: bool = False) -> Path:
    """Write the page, replacing a file that is there; with `embed`, the video is inside it.

    Raises:
        UsageError: there are no results, it cannot be written there, or the video cannot be embedded.
        RunError: the disk is full, or the recording to be embedded is damaged.
    """
    if not session.point_count:
        raise UsageError(f"{session.timeline} holds no results, so there is nothing to report on")
    if embed and session.media is None:
        raise UsageError(
            f"there is no video or sound of {session.name} to embed in {session.folder} or here; "
            "name it with --media FILE, or leave out --embed"
        )
    media = Media(session.media, bool(session.source.get("video"))) if session.media else None
    playable = media.playable() if media and embed else contextlib.nullcontext(media)
    with (
        playable as shown,
        whole_file(output) as aside,
        aside.open("w", encoding="utf-8", newline="\n") as file,
    ):
        for piece in _page(session, shown, output, embed=embed):
            file.write(piece)
    return output


def _page(session: RecordedSession, media: Media | None, output: Path, *, embed: bool) -> Iterator[str]:
    """The page in pieces; `output` is where it will lie, by which the video's address is made."""
    script, style = _script(), _style()
    facts = facts_of(session)
    yield from _template().generate(
        session=session,
        record=session.record,
        facts=facts,
        version=__version__,
        script=Markup(script),  # the package's own files need no escaping
        style=Markup(style),
        script_hash=_csp_hash(f"\n{script}\n"),
        style_hash=_csp_hash(f"\n{style}\n"),
        data=Markup(_for_script(_data(session, facts))),  # escaped there
        media=media,
        link=media.link_from(output) if media and not embed else None,
        embedded=media.embedded() if media and embed else None,
        paragraphs=paragraphs(session),
        stretches=facts.absences[:MOST_STRETCHES],
        more_stretches=max(len(facts.absences) - MOST_STRETCHES, 0),
        remarks=remarks(session),
        credits=credits_of(session.header),
        cards=cards_of(session.header),
        settings=json.dumps(session.header.get("settings", {}), indent=2, ensure_ascii=False),
        window_s=f"{session.window_s:g}",
        emotions=EMOTIONS,
        modalities=MODALITIES,
    )


def _data(session: RecordedSession, facts: Facts) -> dict[str, Any]:
    """What the scripts know; times in seconds."""
    return {
        "start": session.start_s,
        "end": session.end_s,
        "window_s": session.window_s,
        "per_unit": PER_UNIT,
        "absent": ABSENT,
        "packed": packed(session.points()),
        "episodes": [_picked(line, "start", "end", "emotion") for line in session.episodes],
        "turning_points": [_picked(line, "time", "kind", "valence") for line in session.turning_points],
        "events": [_picked(line, "time", "kind", "message") for line in session.events],
        "absences": [
            {"modality": gap.modality, "start": gap.start_s, "end": gap.end_s, "reason": gap.reason}
            for gap in facts.absences
        ],
        "words": [[word["start"], word["end"], word["probability"]] for word in session.words],
    }


def _picked(line: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: line[name] for name in names}


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


def environment_of(assets: Path) -> Environment:
    """Where the templates of a page come from; they escape what they are given, and miss nothing."""
    return Environment(
        loader=FileSystemLoader(assets),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _template() -> Any:
    environment = environment_of(_ASSETS)
    environment.filters.update(moment=moment, span=length, percent=percent, signed=signed)
    return environment.get_template("page.html")
