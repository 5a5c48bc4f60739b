"""Loaded models: one copy per process and settings, shared by all who want it and kept for the next."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from live_sentiment.core.config import Config
from live_sentiment.models.loading import Models, load_models, load_smaller_transcriber
from live_sentiment.models.store.store import ModelStore


@dataclass(slots=True)
class _Held:
    models: Models
    live: bool
    """Whether they were loaded with what a live session may fall back on."""
    users: int = 0


_lock = threading.Lock()
"""Held while loading, too: two threads that import the same libraries at once can wait for each other."""
_held: dict[str, _Held] = {}
"""By the parts of the configuration that decide what is loaded."""


@contextmanager
def shared_models(config: Config, *, live: bool = False, store: ModelStore | None = None) -> Iterator[Models]:
    """The models of a configuration: those that are loaded already, or else loaded now.

    Raises:
        UsageError, RunError: see `load_models`.
    """
    settings = config.model_dump_json(include={"compute", "models", "perception", "fusion"})
    with _lock:
        held = _held.get(settings)
        store = store or ModelStore(config.models)
        if held is None:
            held = _held[settings] = _Held(load_models(config, store, live=live), live)
        elif live and not held.live:
            smaller = load_smaller_transcriber(config, store)
            held.models, held.live = replace(held.models, smaller_transcriber=smaller), True
        models = held.models
        held.users += 1
    try:
        yield models
    finally:
        with _lock:
            held.users -= 1


def discard(models: Models) -> None:
    """Give these to nobody new: a call of one of them hangs. Whoever has them keeps them."""
    with _lock:
        for settings in [settings for settings, held in _held.items() if held.models is models]:
            del _held[settings]


def unload_models() -> None:
    """Let go of every model that is kept and not in use; the next analysis loads anew."""
    with _lock:
        for settings in [settings for settings, held in _held.items() if not held.users]:
            del _held[settings]
