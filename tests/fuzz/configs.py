"""Odd configurations: each is refused in one line, or the first seconds of the demo are analysed with it.

`python -m tests.fuzz.configs [--count N] [--seed N]`, from the repository; needs the models in the cache.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from live_sentiment.core.config import Config, known_keys
from live_sentiment.core.profiles import PROFILES
from tests.fuzz.runner import Case, Finished, main

DEMO = Path(__file__).parents[2] / "recordings" / "demo.mp4"
REPLAY = ("replay", str(DEMO), "--end", "1.5", "--no-dashboard", "--json", "--offline", "--output", "out")

ODD: tuple[Any, ...] = (
    *("inf", "-inf", "nan", "0", "-1", "-0.0", "1e-9", "1e300", "9" * 400, "0x7fffffffffffffff", "1_0"),
    *("true", '""', '"\\u0000"', '"auto"', '"../../etc/passwd"', '"/dev/zero"', '"é\\n\\u202e"', "'none'"),
    *(f'"{"x" * 5000}"', "[]", "[1, 2]", '["text"]', "{}", "{a = 1}", "1979-05-27", "[[[[[[]]]]]]"),
)
"""Values as TOML writes them."""

BROKEN: tuple[bytes, ...] = (
    *(b"", b"\xef\xbb\xbf[window]\nhop_s = 0.5\n", b"\xff\xfe", b"\x00" * 100, b"[window", b"= 1"),
    *(b"a = " + b"[" * 20_000, b"a" + b".a" * 20_000 + b" = 1", b"window = 1\n[window]\n", b'"" = 1'),
    *(b"[[window]]\nhop_s = 0.5\n", b"[window]\r\nhop_s = 0.5\r\n", b"# " + b"x" * 1_000_000),
    b"[window]\nhop_s = 0.5\nhop_s = 0.25\n",
)
"""Files that are hardly a configuration."""


def cases(seed: int, count: int) -> Iterator[Case]:
    """As many cases as are asked for, the same for the same seed."""
    for number in range(count):
        dice = random.Random(f"{seed} {number}")
        if number % 15 == 14:
            data = BROKEN[number // 15 % len(BROKEN)]
            yield Case(f"file {data[:30]!r}", partial(_with_file, data), _one_line_or_result)
            continue
        settings = [_setting(dice) for _ in range(dice.choice((1, 1, 2, 3, 5)))]
        name = ", ".join(f"{key} = {value[:40]}" for key, value in settings)
        how: Callable[..., Sequence[str]] = dice.choice((_as_file, _as_overrides))
        yield Case(name, partial(how, settings, dice.choice(list(PROFILES))), _one_line_or_result)


def _setting(dice: random.Random) -> tuple[str, str]:
    key = dice.choice(known_keys())
    default: Any = Config()
    for step in key.split("."):
        default = getattr(default, step)
    if dice.random() < 0.1:
        key = key[:-1] if dice.random() < 0.5 else f"{key}.deeper"
    if isinstance(default, bool) or not isinstance(default, int | float) or dice.random() < 0.4:
        return key, dice.choice(ODD)
    scaled = default * 10 ** dice.uniform(-2, 2) + dice.choice((0, 0, 1))
    return key, str(round(scaled)) if isinstance(default, int) else repr(scaled)


def _as_file(settings: Sequence[tuple[str, str]], profile: str, folder: Path) -> Sequence[str]:
    lines = (f"{key} = {value}\n" for key, value in settings)
    return [*_with_file("".join(lines).encode(), folder), "--profile", profile]


def _as_overrides(settings: Sequence[tuple[str, str]], profile: str, folder: Path) -> Sequence[str]:
    return [*REPLAY, "--profile", profile, *(f"--set={key}={value}" for key, value in settings)]


def _with_file(data: bytes, folder: Path) -> Sequence[str]:
    (folder / "odd.toml").write_bytes(data)
    return [*REPLAY, "--config", "odd.toml"]


def _one_line_or_result(finished: Finished) -> str | None:
    lines = [line for line in finished.err.splitlines() if "hold what was analysed" not in line]
    if finished.exit_code:
        return None if len(lines) == 1 and "run again with --debug" not in lines[0] else "not refused clearly"
    result = json.loads(finished.out)
    if result["duration"] < 1 and result["counts"]["points"] == 0:
        return "no result"
    return None


if __name__ == "__main__":
    sys.exit(main(cases, count=300))
