"""docs/configuration.md is what the program prints, and says something of every key."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from live_sentiment.console.configuration_page import page
from live_sentiment.console.main import main
from live_sentiment.core.config import known_keys, load_config

COMMITTED = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_committed_page_is_the_one_that_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "configuration", "--markdown"]) == 0
    printed = capsys.readouterr().out
    assert COMMITTED.read_text(encoding="utf-8") == printed, (
        "write it anew: live-sentiment schema configuration --markdown > docs/configuration.md"
    )


def test_every_key_has_one_row_with_type_default_and_meaning() -> None:
    parts = page().split("\n## ")
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for part in parts
        if not part.startswith("Profiles")
        for line in part.splitlines()
        if line.startswith("| `")
    ]
    assert [row[0].strip("`") for row in rows] == known_keys()
    assert [row[0] for row in rows if len(row) != 5 or not (row[1] and row[2] and row[4])] == []


@pytest.mark.parametrize(
    ("key", "cells"),
    [
        ("perception.face.rate_hz", ["number", "`12.5`", "at least 0.1, at most 240"]),
        ("overload.backlog_s", ["number", "`3.0`", "above 0, at most 3600"]),
        ("models.cache", ["path", "not set", ""]),
        ("models.offline", ["true or false", "`false`", ""]),
        ("fusion.weights", ["name or path", '`"fusion-pairs"`', ""]),
        ("perception.speech.encoding", ["one of `spliced`, `padded`", '`"spliced"`', ""]),
    ],
)
def test_a_row_states_what_is_accepted(key: str, cells: list[str]) -> None:
    assert f"| `{key}` | {' | '.join(cells)} | " in page()


def test_the_example_is_a_configuration(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", page(), flags=re.DOTALL)
    (tmp_path / "mine.toml").write_text(example, encoding="utf-8")
    assert load_config(file=tmp_path / "mine.toml") != load_config()


def test_the_json_schema_takes_what_the_program_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "configuration"]) == 0
    schema = json.loads(capsys.readouterr().out)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    assert validator.is_valid(load_config().model_dump(mode="json"))
    assert validator.is_valid({"window": {"hop_s": 0.5}})
    assert not validator.is_valid({"window": {"hop": 0.5}})
    assert not validator.is_valid({"window": {"hop_s": -1}})


def test_only_the_configuration_is_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "live", "--markdown"]) == 2
    assert "schema configuration --markdown" in capsys.readouterr().err
