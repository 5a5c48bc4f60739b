"""CSV and Parquet: read back with their own libraries, they hold the timeline's numbers."""

from __future__ import annotations

import csv
import json
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES
from live_sentiment.export import FORMATS
from live_sentiment.export.csv_files import write_csv
from live_sentiment.export.parquet import write_parquet
from live_sentiment.export.recorded import open_recorded
from live_sentiment.export.tables import TABLES
from tests.helpers.sessions import EVENTS, lines_of, silent, write_session


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def expected(point: dict) -> dict[str, object]:
    """A row of points, spelt out from docs/timeline.md."""
    row: dict[str, object] = {"time_s": point["time"], "emotion": point["emotion"]}
    row |= {f"emotion_{name}": point["emotions"][name] for name in EMOTIONS}
    row |= {f"polarity_{name}": point["polarity"][name] for name in POLARITIES}
    row |= {"valence": point["valence"], "arousal": point["arousal"]}
    row |= {f"{name}_confidence": point["confidence"][name] for name in ("emotion", "polarity")}
    row |= {name: point["confidence"][name] for name in ("valence_sd", "arousal_sd")}
    for name in MODALITIES:
        row[f"{name}_share"] = point["shares"].get(name)
        row[f"{name}_effect"] = point["effects"].get(name)
        row[f"{name}_present"] = point["presence"][name]["present"]
        row[f"{name}_reason"] = point["presence"][name]["reason"]
    row["words"] = " ".join(word["text"] for word in point["words"])
    return row | {"people": len(point["people"])}


def as_text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def test_the_csv_of_points_holds_the_timelines_numbers(session, tmp_path):
    path = write_csv(session, tmp_path / "points.csv", silent)
    rows = read_csv(path)
    wanted = [expected(point) for point in lines_of(session, "point")]
    assert rows == [{name: as_text(value) for name, value in row.items()} for row in wanted]
    assert [float(row["valence"]) for row in rows] == [row["valence"] for row in wanted]


def test_the_other_tables_lie_beside_it(session, tmp_path):
    write_csv(session, tmp_path / "points.csv", silent)
    words = read_csv(tmp_path / "words.csv")
    assert [(float(w["start_s"]), float(w["end_s"]), w["text"], w["emotion"]) for w in words] == [
        *((0.1, 0.4, "Good", "joy"), (0.387, 0.912, "morning.", "joy"), (3.0, 3.2, "Über", "anger")),
        *((3.2, 3.5, '"so"', "anger"), (3.5, 3.9, "<b>&", "anger")),
    ]
    (first, second) = read_csv(tmp_path / "episodes.csv")
    assert first == {
        "start_s": "0.0",
        "end_s": "2.0",
        "emotion": "joy",
        "confidence": "0.7123",
        "valence": "0.5",
        "arousal": "-0.25",
    }
    assert second["emotion"] == "anger"
    (turning,) = read_csv(tmp_path / "turning_points.csv")
    assert (turning["kind"], turning["valence"], turning["words"]) == ("peak", "0.6234", "Good morning.")
    assert [row["message"] for row in read_csv(tmp_path / "events.csv")] == [
        event.message for event in EVENTS
    ]
    people = read_csv(tmp_path / "people.csv")
    faces = [(point["time"], face) for point in lines_of(session, "point") for face in point["people"]]
    assert [(float(row["time_s"]), int(row["person"])) for row in people] == [
        (time_s, face["person"]) for time_s, face in faces
    ]
    assert [float(people[0][side]) for side in ("left", "top", "width", "height")] == faces[0][1]["box"]


def test_parquet_holds_the_timelines_numbers_typed(session, tmp_path):
    table = parquet.read_table(write_parquet(session, tmp_path / "points.parquet", silent))
    assert table.to_pylist() == [expected(point) for point in lines_of(session, "point")]
    schema = table.schema
    assert schema.field("time_s").type == pa.float64()
    assert schema.field("text_present").type == pa.bool_()
    assert schema.field("people").type == pa.int32()
    assert pa.types.is_dictionary(schema.field("emotion").type)


def test_parquet_says_units_and_schema(session, tmp_path):
    write_parquet(session, tmp_path / "points.parquet", silent)
    schema = parquet.read_schema(tmp_path / "points.parquet")
    assert schema.field("time_s").metadata[b"unit"] == b"s"
    assert schema.field("valence").metadata[b"unit"] == b"-1..1"
    assert schema.field("emotion_joy").metadata[b"unit"] == b"probability"
    assert all(schema.field(name).metadata[b"description"] for name in schema.names)
    assert schema.metadata[b"live-sentiment:schema"] == b"live-sentiment/timeline"
    assert schema.metadata[b"live-sentiment:version"] == b"1"
    assert schema.metadata[b"live-sentiment:complete"] == b"true"
    assert json.loads(schema.metadata[b"live-sentiment:models"]) == session.header["models"]


def test_both_hold_the_same_tables(session, tmp_path):
    for name in ("csv", "parquet"):
        FORMATS[name].load()(session, tmp_path / FORMATS[name].file, silent)
    for table in TABLES:
        rows = parquet.read_table(tmp_path / f"{table.name}.parquet").to_pylist()
        assert rows, table.name
        as_csv = [{name: as_text(value) for name, value in row.items()} for row in rows]
        assert read_csv(tmp_path / f"{table.name}.csv") == as_csv


FORMULAS = ("=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_text_is_a_formula_and_numbers_stay_numbers(tmp_path, text):
    timeline = write_session(tmp_path / "talk") / "timeline.jsonl"
    lines = [json.loads(line) for line in timeline.read_text("utf-8").splitlines()]
    for line in lines:
        for said in line.get("words", ()):
            said["text"] = text
        if line["type"] == "event":
            line["message"] = text
    timeline.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    session = open_recorded(timeline)
    write_csv(session, tmp_path / "points.csv", silent)
    cells = [row["text"] for row in read_csv(tmp_path / "words.csv")]
    cells += [row["message"] for row in read_csv(tmp_path / "events.csv")]
    assert set(cells) == {f"'{text}"}
    spoken = [row["words"] for row in read_csv(tmp_path / "points.csv") if row["words"]]
    assert all(cell.startswith(f"'{text}") for cell in spoken)
    below = [row["valence"] for row in read_csv(tmp_path / "points.csv") if row["valence"].startswith("-")]
    assert [float(cell) for cell in below]
    write_parquet(session, tmp_path / "points.parquet", silent)
    assert set(parquet.read_table(tmp_path / "words.parquet")["text"].to_pylist()) == {text}


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_the_registry_names_every_file(session, tmp_path, name):
    out = tmp_path / "out"
    out.mkdir()
    FORMATS[name].load()(session, out / FORMATS[name].file, silent)
    assert {file.name for file in out.iterdir()} == {FORMATS[name].file, *FORMATS[name].beside}


def test_column_names_are_unique():
    for table in TABLES:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_an_empty_session_makes_empty_tables(tmp_path, write):
    folder = write_session(tmp_path / "talk")
    header = (folder / "timeline.jsonl").read_text().split("\n", 1)[0]
    (folder / "timeline.jsonl").write_text(header + "\n")
    path = write(open_recorded(folder), tmp_path / "points.x", silent)
    names = read_csv(path) if write is write_csv else parquet.read_table(path).to_pylist()
    assert names == []


def test_hours_are_not_held_in_memory(tmp_path):
    folder = write_session(tmp_path / "long")
    timeline = folder / "timeline.jsonl"
    header, line = timeline.read_text().splitlines()[:2]
    with timeline.open("w") as file:
        file.write(header + "\n")
        for number in range(1, 10_001):
            file.write(line.replace('"time":0.25', f'"time":{number * 0.25}') + "\n")
    done: list[float] = []
    tracemalloc.start()
    session = open_recorded(folder)
    path = write_csv(session, tmp_path / "points.csv", done.append)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(read_csv(path)) == 10_000
    assert peak < timeline.stat().st_size / 5
    assert done == sorted(done)
    assert done[-1] > 0.9


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_a_missing_folder_is_said(session, tmp_path, write):
    with pytest.raises(UsageError, match="choose another folder with --output"):
        write(session, tmp_path / "gone" / "points.x", silent)
