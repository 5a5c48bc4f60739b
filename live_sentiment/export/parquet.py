"""The tables as Parquet: typed columns with their units, and what a reader must know in the metadata."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment import __version__
from live_sentiment.export.recorded import RecordedSession
from live_sentiment.export.tables import POINTS, TABLES, Table
from live_sentiment.export.writing import told, whole_file

if TYPE_CHECKING:
    from live_sentiment.export import Progress

GROUP_ROWS = 16_384
"""Rows of a row group, and those held in memory: about an hour of points."""


def write_parquet(session: RecordedSession, path: Path, progress: Progress) -> Path:
    """Write the table of points to `path`, the other tables beside it.

    Raises:
        UsageError: the folder cannot be written.
        RunError: the disk is full.
    """
    from pyarrow import parquet

    for table in TABLES:
        own = path if table is POINTS else path.with_name(f"{table.name}.parquet")
        rows = told(table.rows(session), session.point_count, progress if table is POINTS else None)
        schema = _schema(table, session)
        with (
            whole_file(own) as aside,
            aside.open("wb") as file,  # its name need not be UTF-8, which Arrow would have it be
            parquet.ParquetWriter(file, schema, compression="zstd") as writer,
        ):
            while group := list(itertools.islice(rows, GROUP_ROWS)):
                writer.write_table(_filled(table, schema, group))
    return path


def _schema(table: Table, session: RecordedSession) -> Any:
    import pyarrow as pa

    types = {
        "number": pa.float64(),
        "whole": pa.int32(),
        "flag": pa.bool_(),
        "text": pa.string(),
        "name": pa.dictionary(pa.int32(), pa.string()),
    }
    metadata = {
        "schema": str(session.header["schema"]),
        "version": str(session.header["version"]),
        "table": table.name,
        "writer": f"live-sentiment {__version__}",
        "complete": json.dumps(session.complete),
        **{
            part: json.dumps(session.header.get(part, {}), ensure_ascii=False)
            for part in ("source", "models", "settings")
        },
    }
    fields = [
        pa.field(
            column.name, types[column.kind], metadata={"unit": column.unit, "description": column.meaning}
        )
        for column in table.columns
    ]
    return pa.schema(fields, metadata={f"live-sentiment:{name}": value for name, value in metadata.items()})


def _filled(table: Table, schema: Any, rows: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    arrays = [
        pa.array([column.value(row) for row in rows], type=field.type)
        for column, field in zip(table.columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
