"""live-sentiment: what a person feels, from voice, face and words on one clock.

`analyze` and `Session` are the way in for programs; docs/python.md shows how. Everything is imported when it
is first asked for, so that `import live_sentiment` costs nothing.
"""

from __future__ import annotations

import os

# ONNX Runtime and the hub's client report their use to their makers unless this is set before they load.
# Whoever wants them to says so: what is set already stays.
for _telemetry in ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ.setdefault(_telemetry, "1")

# Not from `typing`: Ctrl-C in these first milliseconds of the program is a traceback.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from live_sentiment.api import Session as Session
    from live_sentiment.api import analyze as analyze
    from live_sentiment.core.config import Config as Config
    from live_sentiment.core.config import load_config as load_config
    from live_sentiment.core.errors import LiveSentimentError as LiveSentimentError
    from live_sentiment.core.errors import RunError as RunError
    from live_sentiment.core.errors import UsageError as UsageError
    from live_sentiment.core.types import Event as Event
    from live_sentiment.core.types import TimelinePoint as TimelinePoint
    from live_sentiment.core.types import Word as Word
    from live_sentiment.models.pool import unload_models as unload_models

__version__ = "0.1.0"

_WHERE = {
    "analyze": "api",
    "Session": "api",
    "Config": "core.config",
    "load_config": "core.config",
    "LiveSentimentError": "core.errors",
    "RunError": "core.errors",
    "UsageError": "core.errors",
    "unload_models": "models.pool",
    "Event": "core.types",
    "TimelinePoint": "core.types",
    "Word": "core.types",
}
"""The module of each public name."""

__all__ = [
    "Config",
    "Event",
    "LiveSentimentError",
    "RunError",
    "Session",
    "TimelinePoint",
    "UsageError",
    "Word",
    "__version__",
    "analyze",
    "load_config",
    "unload_models",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
