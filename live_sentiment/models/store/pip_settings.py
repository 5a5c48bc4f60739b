"""What of the user's pip configuration a download needs, and nothing that lets pip run code.

A constraint may put a source distribution in the place of a wheel, and pip builds it before any hash is
compared; a requirement may add another package. So pip is given no configuration file, and of the settings,
wherever they come from, only those that say how the user's index is reached.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

from live_sentiment.core.errors import RunError

REACHES = frozenset(
    {
        *("index-url", "extra-index-url", "no-index", "find-links", "proxy", "keyring-provider"),
        *("cert", "client-cert", "trusted-host", "timeout", "default-timeout", "retries", "resume-retries"),
    }
)
"""Settings that say where packages are and how they are got."""
_SECTIONS = ("global", "download", ":env:")
"""Where a setting may stand, the stronger place behind the weaker one."""
_TIMEOUT_S = 60.0


def pip_command(*arguments: str) -> list[str]:
    """Run pip as this Python has it; a folder named pip in the current directory is not what runs."""
    return [sys.executable, "-P", "-m", "pip", *arguments]


def pip_environment() -> dict[str, str]:
    """The environment for pip: ours, with the settings that reach the user's index and no others.

    Raises:
        RunError: pip cannot read its own configuration.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("PIP_")}
    settings = {f"PIP_{key.upper().replace('-', '_')}": value for key, value in _settings().items()}
    return {**inherited, **settings, "PIP_CONFIG_FILE": os.devnull}


def _settings() -> Mapping[str, str]:
    done = subprocess.run(
        pip_command("config", "list", "--disable-pip-version-check"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise RunError(f"pip cannot read its configuration ({lines[-1] if lines else 'it does not say why'})")
    found = list(_parsed(done.stdout.splitlines()))
    return {key: value for place in _SECTIONS for section, key, value in found if section == place and value}


def _parsed(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """Section, key and value of each setting that counts; pip prints `section.key='value'`."""
    for line in lines:
        name, _, written = line.partition("=")
        section, _, key = name.rpartition(".")
        if key.lower().replace("_", "-") in REACHES:
            try:
                value = ast.literal_eval(written)
            except (ValueError, SyntaxError):
                continue
            yield section, key.lower().replace("_", "-"), str(value)
