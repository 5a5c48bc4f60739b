"""A recorded session for each test of an export."""

from __future__ import annotations

from pathlib import Path

import pytest

from live_sentiment.export.recorded import RecordedSession
from tests.helpers.sessions import session_in


@pytest.fixture
def session(tmp_path: Path) -> RecordedSession:
    return session_in(tmp_path / "talk")
