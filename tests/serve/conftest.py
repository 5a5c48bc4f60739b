"""A running server for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.live_clients import Served, served


@pytest.fixture
def live() -> Iterator[Served]:
    with served() as running:
        yield running
