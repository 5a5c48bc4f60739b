"""What a session can be turned into, by name: tables, captions, annotation tiers, pictures.

An exporter is a function of the session, the file to write and a progress. It writes that file (tables: and
the ones beside it), whole or not at all, and returns its path. Its module is imported when it is first used,
and so is the library that it needs.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from live_sentiment.core.errors import UsageError

if TYPE_CHECKING:
    from live_sentiment.export.recorded import RecordedSession

Progress: TypeAlias = Callable[[float], None]
"""Told, as often as you like, which part of the work is done, in [0, 1]."""

Exporter: TypeAlias = "Callable[[RecordedSession, Path, Progress], Path]"
"""Writes the session to the file. Raises UsageError (no media, nothing can be written) or RunError (disk
full)."""


@dataclass(frozen=True, slots=True)
class Format:
    """One of the formats."""

    name: str
    """As users type it."""
    file: str
    """What its file is called."""
    summary: str
    """What is in it, for `--help`."""
    exporter: str
    """"module:function", the module within this package."""
    beside: tuple[str, ...] = ()
    """Further files it writes in the same folder."""
    needs: str = ""
    """The library that writes it, where that is one of the extra `export`."""

    def check(self) -> None:
        """Make sure that it can be written here.

        Raises:
            UsageError: its library is missing.
        """
        if self.needs and find_spec(self.needs) is None:
            raise UsageError(
                f"{self.name} is written with {self.needs}, which is missing: "
                "pip install 'live-sentiment[export]'"
            )

    def load(self) -> Exporter:
        """Import the exporter.

        Raises:
            UsageError: its library is missing.
        """
        self.check()
        module, function = self.exporter.split(":")
        return cast(Exporter, getattr(importlib.import_module(f"{__name__}.{module}"), function))


def _tables(ending: str) -> tuple[str, ...]:
    names = ("words", "episodes", "turning_points", "events", "people")
    return tuple(f"{name}.{ending}" for name in names)


FORMATS: dict[str, Format] = {
    format.name: format
    for format in (
        Format("csv", "points.csv", "tables as text", "csv_files:write_csv", _tables("csv")),
        Format(
            "parquet",
            "points.parquet",
            "typed tables",
            "parquet:write_parquet",
            _tables("parquet"),
            "pyarrow",
        ),
        Format("vtt", "captions.vtt", "WebVTT captions with emotions", "captions:write_vtt"),
        Format("srt", "captions.srt", "SubRip captions with emotions", "captions:write_srt"),
        Format("eaf", "annotations.eaf", "tiers for ELAN", "elan:write_eaf"),
        Format("textgrid", "annotations.TextGrid", "tiers for Praat", "praat:write_textgrid"),
        Format("mp4", "annotated.mp4", "the video with the results drawn in", "video:write_mp4"),
        Format("png", "plot.png", "a plot of the whole session", "plot:write_png", needs="matplotlib"),
        Format("png-dark", "plot-dark.png", "it on dark ground", "plot:write_dark_png", needs="matplotlib"),
    )
}
"""Every format, by name."""


def formats(text: str) -> list[Format]:
    """The formats of a list such as "csv,vtt", each once, in that order.

    Raises:
        UsageError: one is unknown; names the nearest.
    """
    chosen = {}
    for name in filter(None, (piece.strip().lower() for piece in text.split(","))):
        if name not in FORMATS:
            close = difflib.get_close_matches(name, FORMATS, n=1, cutoff=0.6)
            hint = f", did you mean {close[0]}?" if close else ""
            raise UsageError(f"unknown export format {name!r}{hint} (known are {', '.join(FORMATS)})")
        chosen[name] = FORMATS[name]
    if not chosen:
        raise UsageError(f"name at least one export format of {', '.join(FORMATS)}")
    return list(chosen.values())
