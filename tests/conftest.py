"""Fixtures for every test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from live_sentiment.core.config import ModelsConfig
from live_sentiment.core.errors import RunError
from live_sentiment.models.store.progress import TerminalProgress
from live_sentiment.models.store.store import ModelStore

pytest_plugins = ["tests.helpers.realtime", "tests.helpers.windows"]


class StoreForTests(ModelStore):
    """Skips the test that asks for a model that cannot be had; where CI is set, it fails instead."""

    def pull(self, name: str) -> Path:
        try:
            return super().pull(name)
        except RunError as error:
            if os.environ.get("CI"):
                pytest.fail(str(error), pytrace=False)
            pytest.skip(str(error))


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """As the commands run: threads that share busy cores wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def model_store() -> ModelStore:
    """The store over the user's own cache, or $LIVE_SENTIMENT_CACHE; pulls a model when a test first asks."""
    return StoreForTests(ModelsConfig(), progress=TerminalProgress())


@pytest.fixture(scope="session")
def pulled(model_store: ModelStore) -> None:
    """Every model that the default profile loads."""
    for name in ("whisper-tiny.en", "all-minilm-l6-v2", "yunet-2023mar"):
        model_store.path(name)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "live-sentiment-test", str(disk)]
    linux = sys.platform.startswith("linux")
    if not linux or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a small file system")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
