"""Who may ask for the live results.

At a loopback address anybody on this computer may, without a token. What must be kept out there are web pages
of others that run in a browser on this computer: they may not read across origins, and a name of theirs that
is suddenly resolved to 127.0.0.1 (DNS rebinding) gives itself away in the Host header. At any other address
everybody needs the token besides.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

TOKEN_BYTES = 32
"""256 bits: beyond guessing, so that nobody need count attempts."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not served."""

    status: int
    """Of HTTP: 401 where a token would help, 403 where nothing would."""
    reason: str


class Access:
    """Decides by the headers of a request.

    Args:
        loopback: whether only this computer can reach the server.
        host: the name or number that the user asked to serve at.
    """

    def __init__(self, *, loopback: bool, host: str) -> None:
        self._loopback, self._host = loopback, host.lower()
        self.token = None if loopback else secrets.token_urlsafe(TOKEN_BYTES)
        """What everybody must show; None where nobody need."""

    def refusal(
        self, headers: Mapping[str, str], query: Mapping[str, str], *, public: bool = False
    ) -> Refusal | None:
        """Why a request is not served; None where it is.

        Args:
            headers: of the request, found whatever their case.
            query: its parameters.
            public: it asks for what is no secret: the script and the style of the page.
        """
        host = headers.get("Host", "").lower()
        if self._loopback and not self._ours(_name(host)):
            return Refusal(403, "this server answers to the name of this computer itself only")
        origin = headers.get("Origin")
        if origin is not None and urlsplit(origin.lower()).netloc != host:
            return Refusal(403, "pages of other origins may not read this server")
        if self.token is not None and not public and not self._shown(headers, query):
            return Refusal(
                401, "a token is needed: add ?token=… to the address, or send Authorization: Bearer …"
            )
        return None

    def _ours(self, name: str) -> bool:
        if name in {"localhost", self._host}:
            return True
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return False

    def _shown(self, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        scheme, _, credentials = headers.get("Authorization", "").partition(" ")
        shown = credentials.strip() if scheme.lower() == "bearer" else query.get("token", "")
        # Takes as long for a guess that is nearly right as for one that is all wrong.
        return secrets.compare_digest(shown.encode("utf-8", "replace"), (self.token or "").encode())


def _name(host: str) -> str:
    """The Host header without its port and brackets; empty where it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
