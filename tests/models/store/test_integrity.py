"""What is wrong with a folder is said file by file, and a stamp vouches for one state of one folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from live_sentiment.models.store import integrity
from live_sentiment.models.store.manifest import ModelFile, load_manifest
from tests.helpers import toy_model


@pytest.fixture
def files(tmp_path: Path) -> tuple[ModelFile, ...]:
    return load_manifest(toy_model.write_manifest(tmp_path / "manifest.toml"))["toy"].files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return toy_model.write_folder(tmp_path / "models") / "toy"


def test_each_fault_is_named(
    folder: Path, files: tuple[ModelFile, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert integrity.problems(folder, files) == []
    (folder / "weights.bin").write_bytes(toy_model.WEIGHTS[:-1])
    (folder / "config.json").unlink()
    assert integrity.problems(folder, files) == [
        "weights.bin has 204799 bytes instead of 204800",
        "config.json is missing",
    ]

    def unreadable(file: Path) -> str:
        raise PermissionError(13, os.strerror(13))

    (folder / "weights.bin").write_bytes(toy_model.WEIGHTS)
    monkeypatch.setattr(integrity, "sha256", unreadable)
    assert integrity.problems(folder, files)[0] == "weights.bin cannot be read (Permission denied)"


def test_a_stamp_is_for_one_folder_and_one_manifest(
    tmp_path: Path, folder: Path, files: tuple[ModelFile, ...]
) -> None:
    stamp = tmp_path / "state" / "stamp.json"
    assert not integrity.is_stamped(stamp, folder, files)
    integrity.write_stamp(stamp, folder, files)
    assert integrity.is_stamped(stamp, folder, files)

    copy = shutil.copytree(folder, tmp_path / "copy")
    assert not integrity.is_stamped(stamp, copy, files)

    newer = (files[0].model_copy(update={"sha256": "0" * 64}), *files[1:])
    assert not integrity.is_stamped(stamp, folder, newer), "a release that pins other bytes"

    (folder / "config.json").unlink()
    assert not integrity.is_stamped(stamp, folder, files)
    stamp.write_text("{")
    assert not integrity.is_stamped(stamp, folder, files), "a stamp that is itself damaged"
