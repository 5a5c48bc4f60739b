"""Where the real clips and corpora lie, and the marks that skip a test where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

_SHARED = Path(__file__).parents[3] / "shared"

MEDIA = _SHARED / "media"
"""Real clips; see the README there."""
DATA = _SHARED / "data"
"""Labelled corpora; see the README there."""
CASES = _SHARED / "cases"
"""Small inputs that once gave a wrong result, with the right ones in the README there."""

needs_media = pytest.mark.skipif(not MEDIA.is_dir(), reason=f"no clips in {MEDIA}")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no corpora in {DATA}")
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason=f"no inputs in {CASES}")
