"""What is sent to a terminal: everything at first, then what has changed."""

from __future__ import annotations

import io

from rich.console import Console
from rich.text import Text

from live_sentiment.terminal.screen import REPAINT, Screen


def terminal(width: int = 20, height: int = 5) -> tuple[Screen, Console, io.StringIO]:
    sent = io.StringIO()
    console = Console(file=sent, width=width, height=height, force_terminal=True, color_system="truecolor")
    return Screen(console), console, sent


def news(sent: io.StringIO) -> str:
    text = sent.getvalue()
    sent.seek(0)
    sent.truncate()
    return text


def frame(*lines: str) -> list[Text]:
    return [Text(line) for line in lines]


def test_only_lines_that_have_changed_are_sent() -> None:
    screen, _, sent = terminal()
    screen.draw(frame("one", "two", "three"))
    first = news(sent)
    assert all(word in first for word in ("one", "two", "three"))
    screen.draw(frame("one", "two!", "three"))
    assert news(sent) == "\x1b[2;1H\x1b[2Ktwo!"
    screen.draw(frame("one", "two!", "three"))
    assert news(sent) == ""


def test_a_change_of_style_is_a_change() -> None:
    screen, _, sent = terminal()
    screen.draw([Text("one"), Text("two", style="bold"), Text.assemble(("three", "red"))])
    news(sent)
    screen.draw([Text("one", style="bold"), Text("two"), Text.assemble(("three", "blue"))])
    assert news(sent).count("H\x1b[2K") == 3


def test_a_full_line_is_not_erased_behind_its_end() -> None:
    screen, _, sent = terminal(5)
    screen.draw(frame("12345", "1234"))
    assert "\x1b[1;1H12345\x1b[2;1H\x1b[2K1234" in news(sent)


def test_styles_are_those_of_rich() -> None:
    line = Text.assemble("a", ("b", "bold #ff0000"), "c", ("d", "dim"), style="italic")
    screen, console, sent = terminal()
    screen.draw([line])
    shown = news(sent)
    console.print(line, end="")
    assert shown.endswith(news(sent))


def test_another_size_begins_anew() -> None:
    screen, console, sent = terminal()
    screen.draw(frame("one", "two"))
    news(sent)
    console.width = 30
    screen.draw(frame("one", "two"))
    text = news(sent)
    assert "\x1b[2J" in text
    assert "one" in text
    screen.draw(frame("one"))
    assert "\x1b[2J" in news(sent), "fewer lines leave nothing behind"


def test_now_and_then_everything_is_sent_again_without_a_flicker() -> None:
    screen, _, sent = terminal()
    sizes = []
    for _ in range(2 * REPAINT):
        screen.draw(frame("one"))
        sizes.append(len(news(sent)))
    assert [number for number, size in enumerate(sizes) if size] == [0, REPAINT]
    assert sizes[REPAINT] < sizes[0], "nothing is cleared"


def test_the_screen_comes_back_whole() -> None:
    screen, _, sent = terminal()
    screen.enter()
    screen.draw(frame("one"))
    screen.leave()
    left = news(sent)
    assert left.startswith("\x1b[?1049h")
    assert left.endswith("\x1b[?1049l\x1b[?25h")
    screen.enter()
    screen.draw(frame("one"))
    assert "one" in news(sent)
