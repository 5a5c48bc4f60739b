"""HOST:PORT."""

from __future__ import annotations

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.sinks.address import Address, parse_address


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1:9000", "127.0.0.1", 9000, True),
        ("127.8.8.8:1", "127.8.8.8", 1, True),
        ("localhost:65535", "localhost", 65535, True),
        ("[::1]:9000", "::1", 9000, True),
        ("192.168.1.4:9000", "192.168.1.4", 9000, False),
        ("0.0.0.0:9000", "0.0.0.0", 9000, False),
        ("broker.lab:1883", "broker.lab", 1883, False),
        ("[fe80::1%eth0]:1883", "fe80::1%eth0", 1883, False),
    ],
)
def test_addresses(text: str, host: str, port: int, loopback: bool) -> None:
    address = parse_address(text)
    assert address == Address(host, port)
    assert address.loopback == loopback
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    ["", "9000", "localhost", "localhost:", "localhost:0", "localhost:65536", "::1:9000", "a b:1", ":1"],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="write HOST:PORT"):
        parse_address(text)
