"""Options that several commands share."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from live_sentiment.core.profiles import PROFILES

if TYPE_CHECKING:
    from live_sentiment.core.config import Config

LONGEST_S = 1e7
"""No recording lasts four months."""
_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)")


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Declare what decides the configuration."""
    group = parser.add_argument_group("configuration")
    group.add_argument("--profile", choices=PROFILES, default="balanced", help="default: balanced")
    group.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML")
    group.add_argument(
        "--set",
        action="append",
        default=[],
        dest="overrides",
        metavar="PART.KEY=VALUE",
        help="one setting, over profile and file; repeatable",
    )
    group.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), help="where torch computes")
    group.add_argument("--offline", action="store_true", help="never use the network")


def config_from(options: argparse.Namespace) -> Config:
    """The configuration that the options ask for.

    Raises:
        UsageError: see `load_config`.
    """
    from live_sentiment.core.config import load_config

    overrides = list(options.overrides)
    if options.device:
        overrides.append(f"compute.device={options.device}")
    if options.offline:
        overrides.append("models.offline=true")
    return load_config(file=options.config, profile=options.profile, overrides=overrides)


def clock_time(text: str) -> float:
    """Seconds from `75`, `75.5`, `1:15` or `0:01:15.5`; an argparse type."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write seconds or [HH:]MM:SS")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    time_s = hours * 3600 + minutes * 60 + seconds
    if time_s > LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text[:40]} is longer than any recording")
    return time_s


def speed(text: str) -> float | None:
    """Multiple of the media's own pace, None for `max`; an argparse type."""
    if text == "max":
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no speed; write max, 1, 2, 0.5 …")
    return value
