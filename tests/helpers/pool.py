"""The real pool of models, with models by rule in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from live_sentiment.models import pool
from live_sentiment.runtime.stages import Stages
from tests.helpers.scripted import ScriptedStages


def scripted_pool(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[], ScriptedStages] = ScriptedStages
) -> Iterator[list[bool]]:
    """For each time that models were loaded, whether for a live session."""
    loaded: list[bool] = []

    def load(config: Any, store: Any, *, live: bool = False) -> object:
        loaded.append(live)
        return object()

    pool.unload_models()
    monkeypatch.setattr(pool, "load_models", load)
    monkeypatch.setattr(Stages, "of", lambda models, config: make())
    yield loaded
    pool.unload_models()
