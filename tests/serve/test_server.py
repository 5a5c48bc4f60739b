"""Clients on real sockets: what they are told, in which order, when they are slow, and when it ends."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import socket as sockets
import sys
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from live_sentiment.core.config import ServeConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Event, Transcript
from live_sentiment.serve import outbox, routes
from live_sentiment.serve.listening import parse
from live_sentiment.serve.server import LiveServer
from live_sentiment.timeline.episodes import Episode
from tests.helpers.live_clients import RUNNING, Served, everything, receive, run, served, until
from tests.helpers.story import HOP_S, point, word


def tell_some(live: Served) -> None:
    hub = live.hub
    hub.point(point(0.25, final=False))
    hub.words(Transcript((word("Hello.", 0.2),), (word("my", 0.4),), 0.25))
    hub.point(point(0.25, words=(word("Hello.", 0.2),)))
    hub.event(Event(0.3, "marker", "he laughs"))
    hub.segment(Episode(0.0, 0.25, "joy", 0.7, 0.1, 0.2))
    hub.point(point(0.5, final=False))


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


def test_a_websocket_client_is_told_everything_in_order_and_why_it_ends(live: Served) -> None:
    async def client() -> tuple[list[dict[str, Any]], int | None]:
        async with aiohttp.ClientSession() as session, session.ws_connect(live.ws) as socket:
            hello = await receive(socket)
            tell_some(live)
            live.hub.close(complete=True)
            return [hello, *await everything(socket)], socket.close_code

    messages, code = run(client())
    assert kinds(messages) == ["hello", "point", "words", "point", "event", "episode", "point", "end"]
    assert messages[0]["source"] == "Cam and Mic"
    assert [message["final"] for message in messages if message["type"] == "point"] == [False, True, False]
    assert messages[2]["committed"][0]["text"] == "Hello."
    assert messages[2]["partial"][0]["text"] == "my"
    assert messages[-1] == {"type": "end", "time": 0.25, "complete": True}
    assert code == aiohttp.WSCloseCode.OK


def test_server_sent_events_tell_the_same_and_end(live: Served) -> None:
    with live.events() as events:
        assert next(events)["type"] == "hello"
        tell_some(live)
        live.hub.close(complete=False)
        rest = list(events)
    assert kinds(rest) == ["point", "words", "point", "event", "episode", "point", "end"]
    assert rest[-1]["complete"] is False


def test_a_late_client_gets_the_last_minute_first(live: Served) -> None:
    for tick in range(1, 401):
        live.hub.point(point(tick * HOP_S, final=False))
        if tick > 8:
            live.hub.point(point((tick - 8) * HOP_S))
    live.hub.close(complete=True)
    with live.events() as events:
        messages = list(events)
    finals = [message["time"] for message in messages if message.get("final")]
    assert finals == [tick * HOP_S for tick in range(153, 393)]
    assert [m["time"] for m in messages if m.get("final") is False] == [t * HOP_S for t in range(393, 401)]
    assert messages[-1]["type"] == "end"


def test_many_clients_are_all_told_everything(live: Served) -> None:
    async def clients() -> list[list[dict[str, Any]]]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            opened = await asyncio.gather(*(session.ws_connect(live.ws) for _ in range(50)))
            await until(lambda: live.hub.clients == 50)
            for tick in range(1, 41):
                live.hub.point(point(tick * HOP_S))
            live.hub.close(complete=True)
            return await asyncio.gather(*map(everything, opened))

    for messages in run(clients()):
        assert [message["time"] for message in messages[1:-1]] == [tick * HOP_S for tick in range(1, 41)]
        assert messages[-1]["type"] == "end"
    assert live.hub.lost == 0


def test_a_client_that_leaves_is_forgotten(live: Served) -> None:
    async def client() -> None:
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(live.ws) as socket:
                await receive(socket)
                assert live.hub.clients == 1
            await until(lambda: live.hub.clients == 0)

    run(client())
    with live.events() as events:
        next(events)
        assert live.hub.clients == 1
    run(until(lambda: live.hub.clients == 0))


def stalled(live: Served, path: str = "/ws") -> sockets.socket:
    """A client that asks and then reads nothing, with as little room as the system gives it."""
    client = sockets.socket()
    client.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    client.settimeout(20)
    client.connect(("127.0.0.1", live.port))
    upgrade = (
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    version, more = ("1.1", upgrade) if path == "/ws" else ("1.0", "")
    client.sendall(f"GET {path} HTTP/{version}\r\nHost: {live.host}\r\n{more}\r\n".encode())
    return client


async def tell_much(live: Served, finals: int, enough: Callable[[], bool] = lambda: False) -> None:
    """More than the system's buffers take, no faster than the loop can send it to who reads."""
    for tick in range(1, finals + 1):
        if enough():
            return
        live.hub.point(point(tick * HOP_S, final=False))
        live.hub.point(point(tick * HOP_S, words=tuple(word("w" * 200, tick * HOP_S) for _ in range(10))))
        if tick % 10 == 0:
            await asyncio.sleep(0.001)


def test_a_slow_client_loses_provisional_points_only_is_told_and_holds_up_nobody(live: Served) -> None:
    with stalled(live, "/events") as slow:

        async def others() -> list[dict[str, Any]]:
            await until(lambda: live.hub.clients == 1)
            async with aiohttp.ClientSession() as session, session.ws_connect(live.ws) as socket:
                reading = asyncio.create_task(everything(socket))
                await until(lambda: live.hub.clients == 2)
                await tell_much(live, 600)
                live.hub.close(complete=True)
                return await reading

        quick = run(others())
        text = b"".join(iter(lambda: slow.recv(65536), b"")).decode()
    messages = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    finals = [message["time"] for message in messages if message.get("final")]
    assert finals == [tick * HOP_S for tick in range(1, 601)]
    provisional = [message for message in messages if message.get("final") is False]
    told = [message for message in messages if message["type"] == "lost"]
    assert 0 < len(provisional) < 600
    assert sum(message["provisional"] for message in told) == told[-1]["total"] == 600 - len(provisional)
    assert messages[-1]["type"] == "end"
    assert [message["time"] for message in quick if message.get("final")] == finals


def test_a_client_hopelessly_behind_is_sent_away_with_the_reason(
    live: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LASTING", 100)

    async def client() -> tuple[list[dict[str, Any]], int | None]:
        async with aiohttp.ClientSession() as session, session.ws_connect(live.ws, autoclose=False) as socket:
            await receive(socket)
            # Nothing is read meanwhile, and aiohttp's own buffer is soon full.
            await tell_much(live, 10_000, enough=lambda: live.hub.sent_away > 0)
            messages = await everything(socket)
            return messages, socket.close_code

    messages, code = run(client())
    finals = [message["time"] for message in messages if message.get("final")]
    assert finals == [tick * HOP_S for tick in range(1, len(finals) + 1)], "whole, up to where it was cut"
    assert messages[-1]["type"] == "bye"
    assert messages[-1]["reason"] == "behind"
    assert code == aiohttp.WSCloseCode.TRY_AGAIN_LATER
    run(until(lambda: live.hub.clients == 0))
    assert live.hub.sent_away == 1


@pytest.mark.parametrize("path", ["/ws", "/events"])
def test_a_client_that_takes_nothing_at_all_is_cut_off(
    live: Served, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(routes, "STALLED_S", 0.1)
    with stalled(live, path):

        async def story() -> None:
            await until(lambda: live.hub.clients == 1)
            await tell_much(live, 1000)
            await until(lambda: live.hub.clients == 0)

        run(story())


def test_clients_leave_some_connections_to_who_only_asks() -> None:
    with served(config=ServeConfig(connections=routes.ASKING + 1)) as live, live.events() as events:
        next(events)
        status, _, body = live.get("/events")
        assert status == 503
        assert b"1 clients" in body
        assert live.get("/metrics")[0] == 200


def test_a_quiet_stream_of_events_is_kept_alive(live: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BEAT_S", 0.02)
    with stalled(live, "/events") as client:
        read = b""
        while not read.endswith(b"\n\n:\n\n:\n\n"):
            read += client.recv(65536)
    assert read.count(b"data: ") == 1


def test_clients_are_told_that_the_server_closes_where_the_session_did_not_end() -> None:
    async def client(live: Served, opened: asyncio.Event) -> tuple[dict[str, Any], int | None]:
        async with aiohttp.ClientSession() as session, session.ws_connect(live.ws) as socket:
            await receive(socket)
            opened.set()
            messages = await everything(socket)
            return messages[-1], socket.close_code

    async def both() -> tuple[dict[str, Any], int | None]:
        opened = asyncio.Event()
        with served() as live:
            connected = asyncio.create_task(client(live, opened))
            await opened.wait()
            closing = asyncio.to_thread(live.hub.shut)
            await closing
            return await connected

    message, code = run(both())
    assert (message["type"], message["reason"]) == ("bye", "closing")
    assert code == aiohttp.WSCloseCode.GOING_AWAY


def test_the_port_is_free_when_the_server_is_gone() -> None:
    with served() as live:
        assert live.get("/")[0] == 200
        port = live.port
    with served(f"127.0.0.1:{port}") as again:
        assert again.get("/")[0] == 200


def test_pages_of_other_origins_and_other_names_of_this_computer_are_refused(live: Served) -> None:
    for path in ("/", "/ws", "/events", "/metrics", "/live.js"):
        assert live.get(path, {"Origin": "https://evil.example"})[0] == 403
        assert live.get(path, {"Host": f"evil.example:{live.port}"})[0] == 403
    assert live.get("/metrics", {"Origin": f"http://{live.host}"})[0] == 200

    async def foreign() -> None:
        async with aiohttp.ClientSession() as session:
            await session.ws_connect(live.ws, headers={"Origin": "http://localhost:3000"})

    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        run(foreign())
    assert live.hub.clients == 0


def test_elsewhere_than_at_home_the_token_is_needed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with served("0.0.0.0:0") as live:
        assert len(live.token) >= 32
        right, wrong = f"?token={live.token}", f"?token={live.token[:-1]}x"
        for path in ("/", "/events", "/ws", "/metrics"):
            for shown in ("", wrong, "?token=%ff%00ü"):
                status, headers, body = live.get(path + shown.encode("ascii", "ignore").decode())
                assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
                assert live.token.encode() not in body
            assert live.get(path, {"Authorization": f"Bearer {live.token}x"})[0] == 401
        assert live.get(f"/{right}")[0] == 200
        assert live.get("/metrics", {"Authorization": f"Bearer {live.token}"})[0] == 200
        assert live.get("/live.js")[0] == 200, "what the page loads is the same for everybody"
        assert live.get(f"/metrics{right}", {"Origin": "http://evil.example"})[0] == 403

        async def client() -> dict[str, Any]:
            async with aiohttp.ClientSession() as session, session.ws_connect(live.ws + right) as socket:
                return await receive(socket)

        assert run(client())["type"] == "hello"
        with sockets.create_connection(("127.0.0.1", live.port)) as malformed:
            malformed.sendall(f"GET /{right} HTTP/9.9 nonsense\r\n\r\n".encode())
            assert b"400" in malformed.recv(100)
    assert live.token not in caplog.text
    assert "evil.example" not in caplog.text


def test_the_page_and_its_files_load_nothing_from_elsewhere(live: Served) -> None:
    for path, content_type in (
        ("/", "text/html"),
        ("/live.js", "text/javascript"),
        ("/chart.js", "text/javascript"),
        ("/live.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
    ):
        status, headers, body = live.get(path)
        assert status == 200
        assert headers["Content-Type"].startswith(content_type)
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert b"http:" not in body.replace(b"http://www.w3.org/2000/svg", b"")
        assert b"https:" not in body.replace(b'"https:"', b"")
    for path, content_type in (("/uPlot.iife.js", "text/javascript"), ("/uPlot.min.css", "text/css")):
        status, headers, _ = live.get(path)
        assert (status, headers["Content-Type"].split(";")[0]) == (200, content_type)
    assert live.get("/../server.py")[0] == 404
    assert live.get("/page/index.html")[0] == 404


@pytest.mark.parametrize(("method", "path"), [("HEAD", "/events"), ("HEAD", "/ws"), ("POST", "/metrics")])
def test_nothing_but_reading_is_offered(live: Served, method: str, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=20)
    connection.request(method, path)
    assert connection.getresponse().status == 405
    connection.close()
    assert live.hub.clients == 0


def test_a_missing_library_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(UsageError, match=r"needs prometheus_client: pip install 'live-sentiment\[serve\]'"):
        LiveServer(parse("127.0.0.1:0"))


def test_what_fails_at_the_start_is_told_to_who_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    server = LiveServer(parse("127.0.0.1:0"))
    server.close()
    with pytest.raises((OSError, ValueError)), server.serving(lambda: RUNNING):
        pass
