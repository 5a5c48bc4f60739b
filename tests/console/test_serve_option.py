"""`--serve` and `schema` on the command line: what is printed, and with which exit code it ends."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys

import jsonschema
import pytest

from live_sentiment.console.main import main
from live_sentiment.console.serving import add_serve_option, open_server


def served_by(*arguments: str, closing: contextlib.ExitStack) -> object:
    parser = argparse.ArgumentParser()
    add_serve_option(parser)
    return open_server(parser.parse_args(arguments), closing)


def test_without_the_option_nothing_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.ExitStack() as closing:
        assert served_by(closing=closing) is None
    assert capsys.readouterr().err == ""


def test_at_home_the_address_is_printed_without_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.ExitStack() as closing:
        assert served_by("--serve", "localhost:0", closing=closing)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("live-sentiment: live results at http://127.0.0.1:")
    assert "token" not in line


def test_elsewhere_the_token_is_printed_once_with_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.ExitStack() as closing:
        assert served_by("--serve", "0.0.0.0:0", closing=closing)
    address, warning = capsys.readouterr().err.splitlines()
    assert "/?token=" in address
    assert "0.0.0.0" not in address
    assert "unencrypted" in warning
    assert "token=" not in warning


@pytest.mark.parametrize("address", ["nobody.invalid:1", "here:there", "192.0.2.7:8765"])
def test_a_bad_address_is_wrong_use(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--serve", address]) == 2
    assert "serve at" in capsys.readouterr().err


def test_a_missing_extra_is_wrong_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert main(["run", "--serve"]) == 2
    assert "pip install 'live-sentiment[serve]'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["timeline", "session", "live", None])
def test_each_schema_is_printed(name: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", *([name] if name else [])]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:live-sentiment:{name or 'live'}:1"
