"""The video or sound beside the results: where it lies, and how the page gets at it."""

from __future__ import annotations

import base64
import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from live_sentiment.core.errors import UsageError

EMBED_LIMIT_BYTES = 300 * 2**20
"""Browsers take no longer text than about half a gigabyte; base64 makes four bytes of three."""
_PIECE_BYTES = 3 * 2**18
"""A multiple of three, so that the pieces of base64 join."""

_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/mp4",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".ogv": "video/ogg",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
}


@dataclass(frozen=True, slots=True)
class Media:
    """A file with the picture and sound of the session."""

    path: Path
    has_picture: bool

    @property
    def mime_type(self) -> str:
        """As browsers name it; those that do not know it may still look inside."""
        return _TYPES.get(self.path.suffix.lower(), "video/mp4" if self.has_picture else "audio/mpeg")

    def link_from(self, page: Path) -> str:
        """Its address as seen from the page: relative, so that both can be moved together."""
        try:
            relative = os.path.relpath(self.path.resolve(), page.parent.resolve())
        except ValueError:  # another drive
            return self.path.resolve().as_uri()
        # "./" keeps a colon in a file's name from being read as the scheme of an address.
        return "./" + quote(os.fsencode(Path(relative).as_posix()))

    @contextlib.contextmanager
    def playable(self) -> Iterator[Media]:
        """The same, or for the recording of a live session an MP4 of it that every browser plays.

        Raises:
            RunError: the recording is damaged, or the disk is full.
        """
        from live_sentiment.report.playable import can_be_mp4, write_mp4

        if not can_be_mp4(self.path):
            yield self
            return
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch) / f"{self.path.stem}.mp4"
            write_mp4(self.path, copy)
            yield Media(copy, self.has_picture)

    def embedded(self) -> Iterator[str]:
        """Its bytes in base64, in pieces.

        Raises:
            UsageError: it is larger than browsers take, or cannot be read.
        """
        try:
            size = self.path.stat().st_size
            if size > EMBED_LIMIT_BYTES:
                raise UsageError(
                    f"{self.path.name} has {size / 2**20:.0f} MiB; browsers open pages with up to "
                    f"{EMBED_LIMIT_BYTES / 2**20:.0f} MiB of video. Leave out --embed: the page then links it"
                )
            with self.path.open("rb") as file:
                while piece := file.read(_PIECE_BYTES):
                    yield base64.b64encode(piece).decode("ascii")
        except OSError as error:
            raise UsageError(f"cannot read {self.path}: {error.strerror}") from error
