"""Results for other programs, on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def print_json(fields: Mapping[str, Any] | Sequence[Any], *, indent: int | None = None) -> None:
    """Print JSON that is whole in every encoding: in others than UTF-8 what is not ASCII is escaped."""
    unicode = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    print(json.dumps(fields, ensure_ascii=not unicode, allow_nan=False, indent=indent), flush=True)
