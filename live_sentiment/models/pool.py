"""Loaded models, kept for the next who wants the same ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from live_sentiment.core.config import Config

if TYPE_CHECKING:
    from live_sentiment.runtime.stages import Stages

_lock = threading.Lock()
_loading = threading.Lock()
"""Held while loading: two threads that import the same libraries at once can wait for each other."""
_idle: dict[tuple[str, bool], list[Stages]] = {}
"""By the parts of the configuration that decide what is loaded, and whether it is for a live session."""


@contextmanager
def borrowed_stages(config: Config, *, live: bool = False) -> Iterator[Stages]:
    """Models that nobody else uses meanwhile: kept ones where there are, or else loaded now.

    Raises:
        UsageError, RunError: see `load_stages`.
    """
    settings = config.model_dump_json(include={"compute", "models", "perception", "fusion"})
    kinds = (True,) if live else (False, True)
    with _lock:
        kept = next((_idle[settings, kind] for kind in kinds if _idle.get((settings, kind))), [])
        stages = kept.pop() if kept else None
    if stages is None:
        with _loading:
            from live_sentiment.models.store.store import ModelStore
            from live_sentiment.runtime.stages import load_stages

            stages = load_stages(config, ModelStore(config.models), live=live)
        kept = _idle.setdefault((settings, live), [])
    try:
        yield stages
    finally:
        with _lock:
            kept.append(stages)


def unload_models() -> None:
    """Let go of every model that is kept and not in use; the next analysis loads anew."""
    with _lock:
        for kept in _idle.values():
            kept.clear()
