"""Experiments by name: one TOML file each, to be run as they are or copied and changed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from live_sentiment.core.config import merge, parse_override, put, read_toml, validated
from live_sentiment.core.errors import UsageError
from live_sentiment.training.experiments.config import ExperimentConfig

_FOLDER = Path(__file__).parent

PRESETS = tuple(sorted(file.stem for file in _FOLDER.glob("*.toml")))
"""Names that `load_experiment` knows."""


def load_experiment(
    preset: str | None = None, *, file: Path | None = None, overrides: Iterable[str] = ()
) -> ExperimentConfig:
    """Build an experiment: defaults, then the preset, then the TOML file, then `part.key=value` strings.

    A value that begins with `[`, `{` or `"` is read as TOML: `data.corpora=["meld", "ravdess"]`.

    Raises:
        UsageError: no such preset, an unreadable file, an unknown key (the nearest known one is named) or a
            value out of range.
    """
    tree: dict[str, Any] = {}
    if preset is not None:
        merge(tree, read_toml(preset_file(preset)))
    if file is not None:
        merge(tree, read_toml(file))
    for override in overrides:
        key, text = parse_override(override)
        put(tree, key, _value(key, text))
    return validated(ExperimentConfig, tree)


def preset_file(name: str) -> Path:
    """Where the preset's TOML lies.

    Raises:
        UsageError: there is no such preset.
    """
    if name not in PRESETS:
        raise UsageError(f"unknown preset {name!r}; choose one of {', '.join(PRESETS)}")
    return _FOLDER / f"{name}.toml"


def _value(key: str, text: str) -> Any:
    if not text.startswith(("[", "{", '"')):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"--set {key}: {text} is not valid TOML: {error}") from error
