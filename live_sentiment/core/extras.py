"""What the package needs beyond its base, by the extra of the installation that brings it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from live_sentiment.core.errors import UsageError

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "train": (
        *("accelerate", "h5py", "peft", "scipy", "sklearn", "soundfile", "tensorboard"),
        "tomli_w",
    ),
    "lsl": ("pylsl",),
    "osc": ("pythonosc",),
    "mqtt": ("paho",),
    "export": ("matplotlib", "pyarrow"),
    "serve": ("aiohttp", "prometheus_client"),
}
"""The modules that each extra of pyproject.toml brings."""


def check_extra(extra: str, what: str) -> None:
    """Make sure that an extra is installed, before anything long begins.

    Args:
        extra: its name.
        what: what needs it, as the user asked for it.

    Raises:
        UsageError: something of it is missing.
    """
    missing = [module for module in EXTRAS[extra] if find_spec(module) is None]
    if missing:
        raise UsageError(f"{what} needs {', '.join(missing)}: pip install 'live-sentiment[{extra}]'")
