"""What comes from outside cannot move the cursor, hide text or fake a line."""

import pytest

from live_sentiment.terminal.printable import printable, printable_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b[31mgone.mp4", "�[2J�[31mgone.mp4"),
        ("a\r\nlive-sentiment: all is well", "a��live-sentiment: all is well"),
        ("\x9b31m", "�31m"),  # the one-byte form of ESC [
        ("invoice\u202e4pm.exe", "invoice�4pm.exe"),
        ("not-utf8-\udcff", "not-utf8-�"),
        ("naïve 漢字 🎥", "naïve 漢字 🎥"),
    ],
)
def test_control_codes_are_replaced_and_letters_stay(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).isprintable()


def test_the_lines_of_a_message_stay_lines() -> None:
    assert printable_lines("a\x1b[2J\nb\tc") == "a�[2J\nb�c"
