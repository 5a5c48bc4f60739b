"""The two ways a command ends badly, each with its exit code and one line a person can act on."""

from __future__ import annotations


class LiveSentimentError(Exception):
    """Base of every error this package raises on purpose: `str(error)` says what happened and what to do."""

    exit_code = 1


class UsageError(LiveSentimentError):
    """The command, its options, its configuration or its input were wrong; exit code 2."""

    exit_code = 2


class RunError(LiveSentimentError):
    """The work was asked for correctly and failed on the way (disk full, no network); exit code 1."""

    exit_code = 1
