"""The tables as CSV (RFC 4180): UTF-8, one header line, numbers as the timeline has them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from live_sentiment.export.recorded import RecordedSession
from live_sentiment.export.tables import POINTS, TABLES
from live_sentiment.export.writing import told, whole_file

if TYPE_CHECKING:
    from live_sentiment.export import Progress

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What begins a formula in a spreadsheet, also in full width; words and notes may begin with any of it."""


def write_csv(session: RecordedSession, path: Path, progress: Progress) -> Path:
    """Write the table of points to `path`, the other tables beside it.

    What is absent is an empty field; flags are "true" and "false". Text that a spreadsheet would take for a
    formula has an apostrophe before it (OWASP, CSV Injection); numbers are left alone.

    Raises:
        UsageError: the folder cannot be written.
        RunError: the disk is full.
    """
    for table in TABLES:
        own = path if table is POINTS else path.with_name(f"{table.name}.csv")
        rows = told(table.rows(session), session.point_count, progress if table is POINTS else None)
        with whole_file(own) as aside, aside.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([column.name for column in table.columns])
            for row in rows:
                writer.writerow([_written(column.value(row)) for column in table.columns])
    return path


def _written(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
