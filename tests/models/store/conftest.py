"""A small model, and an index that has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import toy_model


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return toy_model.write_manifest(tmp_path / "manifest.toml")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all that pip knows."""
    folder = toy_model.write_wheels(tmp_path / "wheels")
    for name, value in toy_model.pip_from(folder).items():
        monkeypatch.setenv(name, value)
    return folder
