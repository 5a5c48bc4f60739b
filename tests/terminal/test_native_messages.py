"""What a C library prints while the screen is drawn, on a real pseudo-terminal."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX")

PROGRAM = """
import os, sys
from live_sentiment.terminal.native_messages import kept_off_the_screen
os.write(2, b"<before>")
try:
    with kept_off_the_screen():
        os.write(2, b"<native>")
        print("<own>", end="", file=sys.stderr)
        raise ValueError
except ValueError:
    os.write(2, b"<after>")
    print("<own after>", end="", file=sys.stderr, flush=True)
"""


def said_on_a_terminal() -> bytes:
    parent, child = pty.openpty()
    subprocess.run([sys.executable, "-c", PROGRAM], stderr=child, check=True)
    os.close(child)
    said = b""
    while True:
        try:
            piece = os.read(parent, 1 << 12)
        except OSError:
            piece = b""
        if not piece:
            os.close(parent)
            return said
        said += piece


def test_only_what_the_program_itself_says_is_seen_while_the_screen_is_drawn() -> None:
    assert said_on_a_terminal() == b"<before><own><after><own after>"


def test_a_log_file_gets_everything() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    assert run.stderr == b"<before><native><own><after><own after>"
