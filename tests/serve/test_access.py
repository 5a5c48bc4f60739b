"""Who is served: by the Host header, the origin and the token."""

from __future__ import annotations

import pytest

from live_sentiment.serve.access import Access

HOME = Access(loopback=True, host="127.0.0.1")
ELSEWHERE = Access(loopback=False, host="0.0.0.0")


def status(access: Access, headers: dict[str, str], query: dict[str, str] | None = None) -> int:
    refusal = access.refusal({"Host": "127.0.0.1:8765", **headers}, query or {})
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:9000", "LOCALHOST", "[::1]:8765", "127.8.0.1"])
def test_names_of_this_computer_itself_are_served(host: str) -> None:
    assert status(HOME, {"Host": host}) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8765",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.168.0.7:8765",
        "",
        "[::1",
        "@",
    ],
)
def test_a_name_that_is_only_resolved_to_this_computer_is_not(host: str) -> None:
    assert status(HOME, {"Host": host}) == 403


def test_the_name_that_the_user_gave_is_served() -> None:
    assert status(Access(loopback=True, host="Studio.Local"), {"Host": "studio.local:8765"}) == 200


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://127.0.0.1:8765", 200),
        ("HTTP://127.0.0.1:8765", 200),
        ("https://127.0.0.1:8765", 200),
        ("http://127.0.0.1:3000", 403),
        ("http://localhost:8765", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
@pytest.mark.parametrize("access", [HOME, ELSEWHERE])
def test_only_pages_of_this_very_server_may_read_it(access: Access, origin: str, expected: int) -> None:
    assert status(access, {"Origin": origin}, {"token": access.token or ""}) == expected


def test_at_home_there_is_no_token_and_elsewhere_every_server_has_its_own() -> None:
    assert HOME.token is None
    assert ELSEWHERE.token
    assert ELSEWHERE.token != Access(loopback=False, host="0.0.0.0").token


def test_the_token_is_taken_from_the_address_or_the_header_and_nothing_else_is() -> None:
    token = ELSEWHERE.token or ""
    assert status(ELSEWHERE, {}, {"token": token}) == 200
    assert status(ELSEWHERE, {"Authorization": f"Bearer {token}"}) == 200
    assert status(ELSEWHERE, {"Authorization": f"bearer  {token} "}) == 200
    for headers in (
        {},
        {"Authorization": token},
        {"Authorization": f"Basic {token}"},
        {"Authorization": "Bearer"},
    ):
        assert status(ELSEWHERE, headers) == 401
    for wrong in ("", token[:-1], token + "x", token.swapcase(), "ü\udcff"):
        assert status(ELSEWHERE, {}, {"token": wrong}) == 401
    assert status(ELSEWHERE, {"Authorization": "Bearer wrong"}, {"token": token}) == 401


def test_what_is_no_secret_needs_no_token_but_a_page_of_ours() -> None:
    assert ELSEWHERE.refusal({"Host": "me"}, {}, public=True) is None
    assert ELSEWHERE.refusal({"Host": "me", "Origin": "http://you"}, {}, public=True) is not None
