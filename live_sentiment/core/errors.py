"""The two ways a command ends badly, each with its exit code and one line a person can act on."""

from __future__ import annotations

from live_sentiment.terminal.printable import printable


class LiveSentimentError(Exception):
    """Base of every error this package raises on purpose: `str(error)` says what happened and what to do."""

    exit_code = 1


class UsageError(LiveSentimentError):
    """The command, its options, its configuration or its input were wrong; exit code 2."""

    exit_code = 2


class RunError(LiveSentimentError):
    """The work was asked for correctly and failed on the way (disk full, no network); exit code 1."""

    exit_code = 1


class EndedBySignal(SystemExit):
    """The system ends the process, by SIGTERM or SIGHUP; raised in the main thread.

    `code` is the exit code: 128 and the number of the signal, as shells have it.
    """

    def __str__(self) -> str:
        """What the dashboard says of it."""
        return "interrupted"


def describe(error: BaseException) -> str:
    """What happened, on one line."""
    if isinstance(error, LiveSentimentError):
        return one_line(str(error))
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    if isinstance(error, RecursionError):
        return "something is nested too deeply to be read"
    if isinstance(error, OSError) and error.strerror is not None:
        names = [str(name) for name in (error.filename, error.filename2) if name is not None]
        return one_line(": ".join([error.strerror, " → ".join(names)] if names else [error.strerror]))
    return one_line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def one_line(text: str) -> str:
    """Text that may hold line breaks and control codes of others, as one line."""
    return printable(" ".join(text.split("\n")).strip())
