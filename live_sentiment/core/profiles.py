"""Named sets of settings; data only, so that the command line knows the names without loading anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PROFILES: Mapping[str, Mapping[str, Any]] = {
    "light": {
        "perception.face.rate_hz": 6.25,
        "perception.voice.hop_s": 1.0,
        "perception.speech.hop_s": 2.0,
    },
    "balanced": {},
    "accurate": {
        "perception.face.rate_hz": 25.0,
        "perception.face.detect_size_px": 640,
        "perception.speech.model": "whisper-base",
    },
}
"""Named sets of overrides; a file and --set come on top of them."""
