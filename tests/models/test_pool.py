"""One copy of the models for all who want it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from live_sentiment.core.config import Config
from live_sentiment.models import loading, pool
from live_sentiment.models.loading import Models
from live_sentiment.models.pool import discard, shared_models, unload_models


@pytest.fixture(autouse=True)
def by_rule(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def load(config: Any, store: Any, *, live: bool = False) -> Models:
        nothing: Any = SimpleNamespace()
        smaller: Any = "smaller" if live else None
        return Models(*[nothing] * 8, smaller_transcriber=smaller)

    unload_models()
    monkeypatch.setattr(pool, "load_models", load)
    monkeypatch.setattr(pool, "load_smaller_transcriber", lambda config, store: "smaller")
    yield
    unload_models()


def test_all_share_one_copy_and_the_next_gets_it_too() -> None:
    with shared_models(Config()) as first, shared_models(Config()) as second:
        assert first is second
    with shared_models(Config()) as third:
        assert third is first


def test_models_in_use_are_not_unloaded() -> None:
    with shared_models(Config()) as first:
        unload_models()
        with shared_models(Config()) as second:
            assert second is first
    unload_models()
    with shared_models(Config()) as third:
        assert third is not first


def test_a_live_session_adds_what_it_may_fall_back_on_and_loads_nothing_twice() -> None:
    with shared_models(Config()) as file, shared_models(Config(), live=True) as live:
        assert file.smaller_transcriber is None
        assert live.smaller_transcriber == "smaller"
        assert live.transcriber is file.transcriber
    with shared_models(Config()) as again:
        assert again is live


def test_what_hangs_is_given_to_nobody_new() -> None:
    with shared_models(Config()) as first:
        discard(first)
        with shared_models(Config()) as second:
            assert second is not first
    with shared_models(Config()) as third:
        assert third is second


def test_what_fails_to_load_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(config: Any, store: Any, *, live: bool = False) -> Models:
        raise OSError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr(pool, "load_models", fail)
        with pytest.raises(OSError, match="no space left"), shared_models(Config()):
            pass
    with shared_models(Config()) as models:
        assert isinstance(models, loading.Models)
