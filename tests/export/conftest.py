"""A recorded session for each test of an export."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sessions import session_in

from live_sentiment.export.recorded import RecordedSession


@pytest.fixture
def session(tmp_path: Path) -> RecordedSession:
    return session_in(tmp_path / "talk")
