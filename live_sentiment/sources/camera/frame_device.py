"""What a reader of pictures is to a camera: open, grab, retrieve, release, all on one thread."""

from __future__ import annotations

from typing import Protocol

from live_sentiment.core.types import ImageArray


class EndedError(Exception):
    """There are no more pictures and there never will be: a file has been shown. Not a fault."""


class FrameDevice(Protocol):
    """One opening of a source of pictures. Each call may block, even for ever; `release` comes last."""

    def open(self) -> None:
        """Make ready for the first picture.

        Raises:
            UsageError: it cannot be opened; says why and what to do.
        """
        ...

    def grab(self) -> bool:
        """Wait for the next picture. Returns whether there is one.

        Raises:
            EndedError: there never will be one.
        """
        ...

    def retrieve(self) -> ImageArray | None:
        """The grabbed picture, shape (height, width, 3), uint8, BGR; None where it cannot be read."""
        ...

    def release(self) -> None:
        """Let it go, whatever state it is in; also when `open` failed."""
        ...
