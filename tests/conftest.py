"""Fixtures for every test."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from live_sentiment.config import ModelsConfig
from live_sentiment.errors import RunError
from live_sentiment.weights.progress import TerminalProgress
from live_sentiment.weights.store import ModelStore

# The suite's own helpers (places.py) are imported by name.
sys.path.insert(0, str(Path(__file__).parent))


class StoreForTests(ModelStore):
    """Skips the test that asks for a model that cannot be had; where CI is set, it fails instead."""

    def pull(self, name: str) -> Path:
        try:
            return super().pull(name)
        except RunError as error:
            if os.environ.get("CI"):
                pytest.fail(str(error), pytrace=False)
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def model_store() -> ModelStore:
    """The store over the user's own cache, or $LIVE_SENTIMENT_CACHE; pulls a model when a test first asks."""
    return StoreForTests(ModelsConfig(), progress=TerminalProgress())
