"""`live-sentiment models`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from live_sentiment.console.main import main
from live_sentiment.models.store import store
from live_sentiment.models.store.manifest import load_manifest
from live_sentiment.models.store.store import CACHE_VARIABLE
from tests.helpers import toy_model


@pytest.fixture(autouse=True)
def toy_in_a_cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy is all there is to have; pip finds it; the cache is empty."""
    manifest = load_manifest(toy_model.write_manifest(tmp_path / "manifest.toml"))
    monkeypatch.setattr(store, "load_manifest", lambda: manifest)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    for name, value in toy_model.pip_from(toy_model.write_wheels(tmp_path / "wheels")).items():
        monkeypatch.setenv(name, value)


def test_pull_list_verify_path_remove(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "cache" / "models" / "toy"

    assert main(["models", "list"]) == 0
    assert "absent" in capsys.readouterr().out

    assert main(["models", "pull", "toy"]) == 0
    output, errors = capsys.readouterr()
    assert output == f"toy: {folder}\n"
    assert errors == "pulling toy (0.2 MB). Licence: CC0-1.0, nobody; trained on nothing\n", (
        "no word of pip's"
    )

    assert main(["models", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed["state"] == "verified"
    assert listed["path"] == str(folder)
    assert listed["licence"] == "CC0-1.0"
    assert listed["sources"] == ["toy-part1==1.0", "toy-part2==1.0"]

    assert main(["models", "verify"]) == 0
    assert capsys.readouterr().out == f"toy: verified, {folder}\n"

    assert main(["models", "path", "toy"]) == 0
    assert capsys.readouterr().out == f"{folder}\n"

    assert main(["models", "remove", "toy"]) == 0
    assert capsys.readouterr().out == "toy: removed\n"
    assert not folder.exists()
    assert main(["models", "remove", "toy"]) == 0
    assert "not in" in capsys.readouterr().out


def test_pull_all_and_remove_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "--all"]) == 0
    assert (tmp_path / "cache" / "models" / "toy" / "weights.bin").is_file()
    assert main(["models", "remove", "--all"]) == 0
    assert not (tmp_path / "cache" / "models" / "toy").exists()


def test_pull_takes_what_the_default_profile_needs(tmp_path: Path) -> None:
    # The toy is of the part "text" and no configuration names it.
    assert main(["models", "pull"]) == 0
    assert not (tmp_path / "cache" / "models" / "toy").exists()


def test_a_damaged_model_fails_verify_and_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "toy", "--cache", str(tmp_path / "other")]) == 0
    (tmp_path / "other" / "models" / "toy" / "config.json").write_text("{}")
    capsys.readouterr()
    assert main(["models", "verify", "--cache", str(tmp_path / "other")]) == 1
    assert "config.json has 2 bytes instead of 14" in capsys.readouterr().out
    assert main(["models", "path", "toy", "--cache", str(tmp_path / "other")]) == 1
    assert "`live-sentiment models pull toy` fetches it again" in capsys.readouterr().err


def test_what_is_not_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "verify"]) == 0
    assert "no models in" in capsys.readouterr().out
    assert main(["models", "verify", "toy"]) == 1
    assert main(["models", "path", "toy"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_local_folder_serves_offline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = toy_model.write_folder(tmp_path / "usb")
    assert main(["models", "pull", "toy", "--offline", "--folder", str(folder)]) == 0
    assert capsys.readouterr().out == f"toy: {folder / 'toy'}\n"


@pytest.mark.parametrize("action", ["pull", "verify", "remove", "path"])
def test_a_misspelt_name_does_nothing_and_exits_2(
    action: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", action, "toy", "toyy"]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors == "live-sentiment: no model 'toyy' in the store; did you mean 'toy'?\n"
    assert not (tmp_path / "cache").exists()


def test_remove_wants_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "remove"]) == 2
    assert "--all" in capsys.readouterr().err
