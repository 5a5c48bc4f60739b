"""Options that say which tracks of a file are analysed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from live_sentiment.sources.media.track_choice import TrackChoice


def add_track_options(parser: argparse.ArgumentParser) -> None:
    """Declare `--audio-track`, `--video-track` and `--channel`."""
    kept = "default: of several, the one with most {}"
    parser.add_argument(
        "--audio-track", type=_number, metavar="N", help=f"counted from 1; {kept.format('speech')}"
    )
    parser.add_argument(
        "--video-track", type=_number, metavar="N", help=f"counted from 1; {kept.format('of a face')}"
    )
    parser.add_argument(
        "--channel",
        type=_channel,
        metavar="left|right|mix|N",
        help="of the sound; default: a mix, or the one channel with speech where the others are noise",
    )


def tracks_from(options: argparse.Namespace) -> TrackChoice:
    """What was asked for."""
    from live_sentiment.sources.media.track_choice import TrackChoice

    return TrackChoice(options.video_track, options.audio_track, options.channel)


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no track; write 1, 2, 3 …")
    return int(text)


def _channel(text: str) -> int:
    from live_sentiment.sources.media.track_choice import parse_channel

    try:
        return parse_channel(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no channel; write left, right, mix, 1, 2 …") from error
