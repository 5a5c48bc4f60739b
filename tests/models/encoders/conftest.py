"""Networks on disk, and a store that asks no network."""

from __future__ import annotations

from pathlib import Path

import pytest

from live_sentiment.core.config import ModelsConfig
from live_sentiment.models.store.store import ModelStore
from tests.helpers.tiny_networks import KINDS, save_network


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tiny network of every kind, by its name."""
    folder = tmp_path_factory.mktemp("networks")
    for kind in KINDS:
        save_network(folder / kind, kind)
    return folder


@pytest.fixture(scope="session")
def offline_store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    """An empty store that may not fetch anything."""
    return ModelStore(ModelsConfig(cache=tmp_path_factory.mktemp("cache"), offline=True))
