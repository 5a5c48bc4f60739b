"""Where something is sent: HOST:PORT, and whether that is this machine."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from live_sentiment.core.errors import UsageError

_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.%\w]+)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>\d{1,5})")


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port of it."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether what is sent there stays on this machine; of a name other than "localhost" nobody knows."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Read HOST:PORT; an IPv6 address stands in brackets.

    >>> parse_address("127.0.0.1:9000")
    Address(host='127.0.0.1', port=9000)

    Raises:
        UsageError: it is none.
    """
    match = _ADDRESS.fullmatch(text)
    port = int(match["port"]) if match else 0
    if match is None or not 0 < port < 65536:
        raise UsageError(f"{text!r} is no address; write HOST:PORT, e.g. 127.0.0.1:9000 or [::1]:9000")
    return Address(match["six"] or match["host"], port)
