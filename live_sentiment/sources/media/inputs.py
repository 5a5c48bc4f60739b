"""From what a user typed to the media files that are meant."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from live_sentiment.core.errors import UsageError
from live_sentiment.recording.paths import MEDIA, SESSION, TIMELINE
from live_sentiment.recording.untrusted import check_recording, is_there
from live_sentiment.sources.media.container import open_container
from live_sentiment.sources.media.local_path import local_path

_VIDEO = "3gp asf avi flv gif m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts vob webm wmv"
_AUDIO = "aac ac3 aif aiff amr flac m4a mka mp2 mp3 oga ogg opus wav wma"

MEDIA_SUFFIXES = frozenset(f".{ending}" for ending in f"{_VIDEO} {_AUDIO}".split())
"""What counts as media in a folder or a pattern. A file named outright may be called anything."""


def find_media(arguments: Sequence[str]) -> list[Path]:
    """The media files that files, folders and patterns (`*`, `?`, `**`) name, each once.

    Arguments keep their order. A folder stands for the media files directly in it, a pattern for the media
    files that match; both in natural order ("take 2" before "take 10"), without hidden files. The folder of
    a live session stands for its recording.

    Raises:
        UsageError: nothing there, nothing readable, or nothing that is media.
    """
    found, refused = find_each(arguments)
    for error in refused.values():
        raise error
    return found


def find_each(arguments: Sequence[str]) -> tuple[list[Path], dict[str, Exception]]:
    """The same, and what is wrong with each argument that names nothing: it does not stop the others."""
    found: dict[Path, Path] = {}
    refused: dict[str, Exception] = {}
    for argument in arguments:
        try:
            for path in _expand(argument):
                found.setdefault(path.resolve(), path)
        except OSError as error:
            refused[argument] = UsageError(f"cannot read {argument}: {error.strerror or error}")
        except Exception as error:
            refused[argument] = error
    return list(found.values()), refused


def session_folder(media: Path) -> Path | None:
    """The folder of the live session whose recording this file is; None for any other file."""
    folder = media.absolute().parent
    is_recording = media.name == MEDIA and (folder / SESSION).is_file()
    return folder if is_recording else None


def _expand(argument: str) -> list[Path]:
    path = local_path(argument)
    if (path / SESSION).is_file():
        return [_recording(path)]
    if path.is_dir():
        try:
            return _media_among(path.iterdir(), f"no media files in the folder {path}")
        except OSError as error:
            raise UsageError(f"cannot read the folder {path}: {error.strerror}") from error
    if not path.exists() and glob.has_magic(argument):
        matches = map(Path, glob.iglob(str(path), recursive=True))  # noqa: PTH207 (takes absolute patterns)
        return _media_among(matches, f"no media file matches {argument}")
    open_container(path).close()
    return [path]


def _recording(folder: Path) -> Path:
    media = folder / MEDIA
    if not is_there(media):
        raise UsageError(
            f"the session in {folder} was kept without picture and sound, so there is nothing to replay; "
            f"its results are in {folder / TIMELINE}"
        )
    check_recording(media)
    open_container(media).close()
    return media


def _media_among(paths: Iterable[Path], otherwise: str) -> list[Path]:
    media = [
        path
        for path in paths
        if path.suffix.lower() in MEDIA_SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    if not media:
        raise UsageError(f"{otherwise}; media are recognised by their ending, such as .mp4, .mkv or .wav")
    return sorted(media, key=_natural)


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Sorts digits by their value and letters without regard to case."""
    pieces = re.split(r"(\d+)", str(path).casefold())
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces]
