"""Text from outside, made safe to show: file names, device names, notes and words may hold anything.

Imports nothing, so that the handler of every error can use it.
"""

from __future__ import annotations

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str) -> str:
    """The text on one line, each control code, escape, bidirectional override and lone surrogate replaced."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else REPLACEMENT for character in text)


def printable_lines(text: str) -> str:
    """The same for a message of several lines, which stay lines."""
    return "\n".join(printable(line) for line in text.split("\n"))
