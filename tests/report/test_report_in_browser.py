"""The page as a reader meets it, in headless Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from live_sentiment.export.recorded import open_recorded
from live_sentiment.report.page import write_report

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

TWO_HOURS_S = 7200.0
LARGEST_BYTES = 15_000_000

MakeSession = Callable[..., Path]
Open = Callable[..., "Visit"]


class Visit:
    """A page in a browser, with everything that went wrong or over the wire."""

    def __init__(self, page: Any, path: Path) -> None:
        self.page = page
        self.path = path
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(path.as_uri())
        self.until("document.documentElement.classList.contains('ready')")

    def until(self, condition: str) -> None:
        """Wait; playwright's own way to do so evaluates strings in the page, which the page forbids."""
        self.page.evaluate(
            f"""() => new Promise((done, fail) => {{
              let looks = 2000;
              const look = () => {{
                if ({condition}) done();
                else if (--looks) setTimeout(look, 10);
                else fail(new Error("it never came to be"));
              }};
              look();
            }})"""
        )

    @property
    def moment_s(self) -> float:
        """Where the cursor is, as a screen reader would say it."""
        return float(self.page.get_attribute("#plot-episodes", "aria-valuenow"))

    @property
    def said(self) -> str:
        return str(self.page.get_attribute("#plot-episodes", "aria-valuetext"))

    @property
    def video_s(self) -> float:
        return float(self.page.evaluate("document.querySelector('#media').currentTime"))

    def playheads(self) -> list[float]:
        """Where the cursor stands in each plot, as a part of its width."""
        return list(
            self.page.evaluate(
                """[...document.querySelectorAll('.playhead')].map((head) => {
                  const place = head.getBoundingClientRect();
                  const over = head.parentElement.getBoundingClientRect();
                  return (place.left + 1 - over.left) / over.width;
                })"""
            )
        )

    def click_plot(self, name: str, part: float) -> None:
        """Click at a part of a plot's width."""
        over = self.page.locator(f"#plot-{name} .u-over")
        over.scroll_into_view_if_needed()
        place = over.bounding_box()
        over.click(position={"x": place["width"] * part, "y": place["height"] / 2})

    def drag_plot(self, name: str, by_px: float) -> None:
        over = self.page.locator(f"#plot-{name} .u-over")
        over.scroll_into_view_if_needed()
        place = over.bounding_box()
        x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + by_px, y, steps=4)
        self.page.mouse.up()

    def picture(self, name: str) -> str:
        """What a plot's canvas shows."""
        # Drawn at the end of the turn.
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        return str(self.page.evaluate(f"document.querySelector('#plot-{name} canvas').toDataURL()"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*sandbox, "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any, make_session: MakeSession) -> Iterator[Open]:
    """Writes the report of a session and opens it."""
    contexts = []

    def open_page(lines: Any = None, *, embed: bool = False, clip: bool = True, **look: Any) -> Visit:
        folder = make_session(lines, clip=clip)
        path = write_report(open_recorded(folder), folder / "report.html", embed=embed)
        contexts.append(browser.new_context(viewport={"width": 1300, "height": 900}, **look))
        return Visit(contexts[-1].new_page(), path)

    yield open_page
    for context in contexts:
        context.close()


def test_it_loads_without_a_complaint_and_without_the_network(visit: Open) -> None:
    page = visit()
    page.until("document.querySelector('#media').readyState > 0")
    assert page.complaints == []
    assert page.requests == [page.path.as_uri(), page.path.with_name("demo.mp4").as_uri()]


def test_what_users_wrote_is_shown_and_not_obeyed(visit: Open, hostile: str) -> None:
    page = visit()
    assert page.page.get_by_role("cell", name=hostile, exact=True).count() == 1
    assert page.page.title() != "1"
    assert page.page.locator("img").count() == 0


@pytest.mark.parametrize("plot", ["episodes", "affect", "emotions", "shares", "presence"])
def test_a_click_in_any_plot_seeks(visit: Open, plot: str) -> None:
    page = visit()
    page.until("document.querySelector('#media').readyState > 0")
    page.click_plot(plot, 0.5)
    assert page.moment_s == pytest.approx(7.25, abs=0.1)
    page.until("!document.querySelector('#media').seeking")
    assert page.video_s == pytest.approx(7.25, abs=0.1)
    assert page.playheads() == pytest.approx([0.5] * 5, abs=0.01)


def test_playing_moves_the_cursor(visit: Open) -> None:
    page = visit()
    page.page.evaluate("document.querySelector('#media').muted = true")
    page.page.get_by_role("button", name="Play").click()
    page.until("document.querySelector('#plot-episodes').getAttribute('aria-valuenow') > 0.5")
    page.page.get_by_role("button", name="Pause").click()
    page.until("document.querySelector('#media').paused")
    assert page.moment_s == pytest.approx(page.video_s, abs=0.2)
    assert page.said.startswith("0:0"), "a screen reader hears where it stopped"
    assert page.playheads() == pytest.approx([page.moment_s / 14.5] * 5, abs=0.01)


def test_the_players_own_controls_move_the_cursor_too(visit: Open) -> None:
    page = visit()
    page.until("document.querySelector('#media').readyState > 0 && !document.querySelector('#media').seeking")
    page.page.evaluate("document.querySelector('#media').currentTime = 9")
    page.until("document.querySelector('#plot-episodes').getAttribute('aria-valuenow') == '9.0'")


def test_an_embedded_video_plays_from_the_page_alone(visit: Open) -> None:
    page = visit(embed=True)
    page.path.with_name("demo.mp4").unlink()
    page.until("document.querySelector('#media').readyState > 0")
    page.click_plot("affect", 0.5)
    page.until("!document.querySelector('#media').seeking")
    assert page.video_s == pytest.approx(7.25, abs=0.1)
    assert [url for url in page.requests if not url.startswith("blob:")] == [page.path.as_uri()]
    assert page.complaints == []


def test_a_video_that_is_gone_is_said(visit: Open) -> None:
    page = visit()
    page.path.with_name("demo.mp4").unlink()
    page.page.reload()
    page.page.wait_for_selector("#media-refused:not([hidden])")
    assert "./demo.mp4" in page.page.inner_text("#media-refused")


def test_keys_move_and_zoom_after_a_click(visit: Open) -> None:
    page = visit()
    page.click_plot("emotions", 0.5)
    before = page.picture("emotions")
    page.page.keyboard.press("ArrowRight")
    assert page.moment_s == pytest.approx(8.25, abs=0.1)
    page.page.keyboard.press("Shift+ArrowLeft")
    assert page.moment_s == 0.0
    page.page.keyboard.press("End")
    assert page.moment_s == 14.5
    page.page.keyboard.press("+")
    assert page.picture("emotions") != before
    page.page.keyboard.press("0")
    assert page.picture("emotions") == before


def test_a_moment_is_told_in_words(visit: Open, lines: list[dict[str, Any]]) -> None:
    page = visit(lines)
    page.page.focus("#plot-episodes")
    for _ in range(2):
        page.page.keyboard.press("ArrowRight")
    at_2_s = next(line for line in lines if line["type"] == "point" and line["time"] == 2.0)
    joy = round(at_2_s["emotions"]["joy"] * 100)
    assert page.said.replace("\N{NO-BREAK SPACE}", " ") == (
        f"0:02.0, joy {joy} %, valence +{at_2_s['valence']:.2f}, arousal +{at_2_s['arousal']:.2f}"
    )


def test_everything_can_be_reached_by_keyboard(visit: Open) -> None:
    page = visit()
    reached = []
    for _ in range(40):  # the video's own controls are some of them
        page.page.keyboard.press("Tab")
        reached.append(
            page.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        )
    assert reached[0] == "Skip to the plots"
    assert "plot-episodes" in reached
    assert "▶ Play" in reached
    words = [text for text in reached if text.startswith("word")]
    assert words == ["word2"], "the transcript is one stop, not one a word"


def test_a_word_tells_its_moment_and_seeks(visit: Open) -> None:
    page = visit()
    first = page.page.get_by_role("button", name="word2", exact=True)
    first.focus()
    tip = page.page.inner_text("#word-tip").replace("\N{NO-BREAK SPACE}", " ")
    assert "“word2” 0:00.2 to 0:00.4, recognised with 90 %" in tip
    assert "all the words of the last 4 s together" in tip
    assert "+12 points: 33 % of what it rests on" in tip
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("Enter")
    assert page.moment_s == 0.7
    current = page.page.locator("[aria-current]")
    assert current.inner_text() == "word4"
    page.page.keyboard.press("Escape")
    assert page.page.locator("#word-tip").is_hidden()


def test_hovering_tells_the_moment_under_the_pointer(visit: Open) -> None:
    page = visit()
    over = page.page.locator("#plot-affect .u-over")
    place = over.bounding_box()
    over.hover(position={"x": place["width"] * 4.5 / 14.5, "y": 20})
    assert page.page.inner_text("[data-slot=where]") == "under the pointer"
    assert page.page.inner_text("[data-slot=time]") in {"0:04.4", "0:04.5"}
    assert page.page.inner_text("[data-slot=vision]") == "missing: no face"
    assert page.moment_s == 0.0, "hovering does not seek"


def test_two_hours_fit_and_pan(visit: Open, two_hours: list[dict[str, Any]]) -> None:
    page = visit(two_hours)
    assert sum(line["type"] == "point" for line in two_hours) == 28_800
    assert page.path.stat().st_size < LARGEST_BYTES
    whole = page.picture("affect")
    assert page.page.inner_text("#means") == "Means over 16 s; zoom in for every result."
    for _ in range(2):
        page.page.click("[data-action=zoom-in]")
    zoomed = page.picture("affect")
    page.drag_plot("emotions", -200)
    panned = page.picture("affect")
    assert len({whole, zoomed, panned}) == 3, "every plot is drawn anew, not the dragged one only"
    assert page.moment_s == 0.0, "a drag is no click"
    page.click_plot("affect", 0.0)
    for _ in range(4):
        page.page.keyboard.press("+")
    assert page.page.inner_text("#means") == "", "near by, every result is drawn"
    # A quarter of the session was shown; 200 px of some 900 were dragged.
    width = page.page.evaluate("document.querySelector('#plot-affect .u-over').clientWidth")
    assert page.moment_s == pytest.approx(200 / width * 1800, rel=0.05)
    assert page.complaints == []


def test_the_wheel_zooms_with_ctrl_and_scrolls_the_page_without(visit: Open) -> None:
    page = visit()
    over = page.page.locator("#plot-affect .u-over")
    over.hover()
    before = page.picture("affect")
    page.page.mouse.wheel(0, 60)
    page.until("scrollY > 0")
    assert page.picture("affect") == before
    over.hover()
    page.page.keyboard.down("Control")
    page.page.mouse.wheel(0, -120)
    page.page.keyboard.up("Control")
    assert page.picture("affect") != before


def test_light_and_dark_have_their_own_colours(visit: Open) -> None:
    page = visit(color_scheme="light")
    light = page.page.evaluate("getComputedStyle(document.body).backgroundColor"), page.picture("affect")
    page.page.emulate_media(color_scheme="dark")
    dark = page.page.evaluate("getComputedStyle(document.body).backgroundColor"), page.picture("affect")
    assert light[0] != dark[0]
    assert light[1] != dark[1]


def test_paper_is_white_and_whole_in_dark_mode_too(visit: Open) -> None:
    page = visit(color_scheme="dark")
    before = page.picture("affect")
    page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    printed = page.picture("affect")
    assert page.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(245, 246, 248)"
    assert printed != before
    page.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.picture("affect") == before
    assert len(page.page.pdf()) > 20_000


def test_it_fits_a_phone(visit: Open) -> None:
    page = visit()
    page.page.set_viewport_size({"width": 380, "height": 800})
    page.picture("affect")
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 380


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(visit: Open, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1."""
    page = visit(color_scheme=scheme)
    assert page.page.evaluate(_CONTRASTS) == []


_CONTRASTS = """() => {
  const style = getComputedStyle(document.documentElement);
  const canvas = document.createElement('canvas').getContext('2d');
  const light = (name) => {
    canvas.fillStyle = style.getPropertyValue(`--${name}`).trim();
    const hex = canvas.fillStyle;
    const linear = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const pairs = [];
  for (const ground of ['ground', 'page']) {
    for (const ink of ['ink', 'quiet', 'accent', 'alert']) pairs.push([ink, ground]);
  }
  for (const emotion of ['neutral', 'joy', 'sadness', 'anger', 'fear', 'disgust', 'surprise']) {
    pairs.push(['on-emotion', emotion]);
  }
  return pairs.filter(([a, b]) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05) < 4.5;
  }).map((pair) => pair.join(' on '));
}"""
