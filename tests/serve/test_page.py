"""The live page in a real browser: what it shows, that it reconnects, and that nothing is complained of."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from live_sentiment.core.types import Event, Presence, Transcript
from tests.helpers.live_clients import Served, served
from tests.helpers.story import ABSENT, point, word

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this computer"),
    pytest.mark.skipif(find_spec("playwright") is None, reason="playwright is not installed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Inside a container there is no other sandbox; only our own page is loaded.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Tab:
    """A page that is open, and all that it complained of."""

    def __init__(self, browser, scheme: str = "light") -> None:  # type: ignore[no-untyped-def]
        self._context = browser.new_context(color_scheme=scheme, viewport={"width": 1000, "height": 800})
        self.page = self._context.new_page()
        self.page.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.asked: list[str] = []

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.wait("live")

    def wait(self, state: str) -> None:
        self.page.wait_for_selector(f"#connection[data-state={state}]")

    def wait_for_text(self, selector: str, text: str) -> None:
        self.page.wait_for_function(
            "([selector, text]) => document.querySelector(selector).textContent.includes(text)",
            arg=[selector, text],
        )

    def colours(self) -> int:
        """Different colours on the canvas."""
        return int(
            self.page.evaluate(
                """() => {
                  const canvas = document.querySelector("#timeline canvas");
                  if (canvas === null) return 0;
                  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
                  copy.drawImage(canvas, 0, 0);
                  const pixels = copy.getImageData(0, 0, canvas.width, canvas.height).data;
                  return new Set(new Uint32Array(pixels.buffer)).size;
                }"""
            )
        )

    def close(self) -> None:
        self._context.close()


@pytest.fixture(params=["light", "dark"])
def tab(browser, request: pytest.FixtureRequest) -> Iterator[Tab]:  # type: ignore[no-untyped-def]
    tab = Tab(browser, request.param)
    yield tab
    tab.close()


def test_points_words_and_events_are_shown_as_they_come(live: Served, tab: Tab) -> None:
    tab.open(live.url)
    tab.wait_for_text("#source", "Cam and Mic")
    assert tab.colours() == 0, "nothing is drawn before anything came"
    live.hub.point(point(1.0, "joy", valence=0.4, final=False))
    tab.wait_for_text("#emotion", "joy")
    tab.wait_for_text("#time", "0:01 (provisional)")
    tab.wait_for_text("#valence", "+0.40 ± 0.35")
    live.hub.words(Transcript((word("Hello", 0.8),), (word("worl", 1.2),), 1.0))
    tab.wait_for_text("#committed", "Hello")
    tab.wait_for_text("#partial", "worl")
    live.hub.words(Transcript((word("world.", 1.3),), (), 1.3))
    tab.wait_for_text("#committed", "Hello world.")
    assert tab.page.text_content("#partial") == ""
    presence = {**ABSENT, "voice": Presence(True)}
    live.hub.point(point(1.0, "joy", valence=0.4))
    live.hub.point(point(1.25, "anger", valence=-0.4, presence=presence))
    tab.wait_for_text("#emotion", "anger")
    tab.wait_for_text("#modalities", "no face")
    assert "provisional" not in (tab.page.text_content("#time") or "")
    assert tab.colours() > 5
    live.hub.event(Event(1.3, "marker", "<b>he laughs</b>"))
    tab.wait_for_text("#events", "0:01 <b>he laughs</b>")
    assert tab.page.query_selector("#events b") is None, "what is said is text, never markup"
    live.hub.point(point(1.5, "anger", presence=ABSENT))
    tab.wait_for_text("#polarity", "no evidence")
    live.hub.close(complete=True)
    tab.wait_for_text("#connection", "the session is over")
    assert tab.complaints == []
    assert {url.split("/")[2] for url in tab.asked} == {live.host}


def test_who_opens_the_page_late_sees_the_last_minute(live: Served, tab: Tab) -> None:
    for tick in range(1, 200):
        live.hub.point(point(tick * 0.25, "sadness", valence=-0.3))
    tab.open(live.url)
    tab.wait_for_text("#emotion", "sadness")
    tab.wait_for_text("#time", "0:49")
    assert tab.complaints == []


def test_the_page_connects_again_by_itself_and_starts_over(browser) -> None:  # type: ignore[no-untyped-def]
    tab = Tab(browser)
    try:
        with served() as first:
            tab.open(first.url)
            first.hub.point(point(90.0, "joy"))
            first.hub.event(Event(90.0, "marker", "of the first"))
            tab.wait_for_text("#time", "1:30")
        tab.wait("lost")
        with served(f"127.0.0.1:{first.port}") as second:
            tab.wait("live")
            second.hub.point(point(2.0, "fear"))
            tab.wait_for_text("#time", "0:02")
            assert tab.page.text_content("#emotion") == "fear"
            assert tab.page.text_content("#events") == ""
    finally:
        tab.close()
    # The browser itself tells of attempts that found no server.
    assert all("WebSocket connection" in complaint for complaint in tab.complaints)


def test_elsewhere_the_printed_address_opens_the_page_and_its_stream(browser) -> None:  # type: ignore[no-untyped-def]
    tab = Tab(browser)
    try:
        with served("0.0.0.0:0") as live:
            tab.open(f"http://{live.host}/?token={live.token}")
            live.hub.point(point(1.0, "surprise"))
            tab.wait_for_text("#emotion", "surprise")
            live.hub.close(complete=True)
            tab.wait("ended")
    finally:
        tab.close()
    assert tab.complaints == []


def test_another_page_gets_nothing_out_of_the_server(live: Served, tab: Tab) -> None:
    with served() as other:
        tab.open(other.url)
        # Only the server's own checks stand between: this page may connect to anywhere.
        tab.page.route("**/elsewhere", lambda route: route.fulfill(body="<p>hi", content_type="text/html"))
        tab.page.goto(f"{other.url}elsewhere")
        heard = tab.page.evaluate(
            """(host) => new Promise((tell) => {
                const socket = new WebSocket(`ws://${host}/ws`);
                socket.onmessage = () => tell("message");
                socket.onerror = () => {
                  const events = new EventSource(`http://${host}/events`);
                  events.onmessage = () => tell("message");
                  events.onerror = () =>
                    fetch(`http://${host}/metrics`).then(() => tell("read"), () => tell("nothing"));
                };
            })""",
            live.host,
        )
    assert heard == "nothing"
    assert live.hub.clients == 0
