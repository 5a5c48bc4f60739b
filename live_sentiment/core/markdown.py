"""Pages in Markdown: the prose that lies beside the code, and tables."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any


def prose(package: str, name: str, section: str | None = None) -> dict[str, str]:
    """The texts of a page by name, from `name`.toml in a package; `str.format` fills their places."""
    read: dict[str, Any] = tomllib.loads(files(package).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    return read[section] if section else read


def row(cells: Iterable[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False) -> str:
    """The lines of a table; of `numbers`, the columns after the first are aligned to the right."""
    rule = ["---", *["---:" if numbers else "---"] * (len(head) - 1)]
    return "\n".join(row(cells) for cells in (head, rule, *rows))
