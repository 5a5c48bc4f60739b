"""`live-sentiment explain`: which words, and what in the voice, made a clip read as it was."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from live_sentiment.console.exports import complain
from live_sentiment.console.options import add_config_options, clock_time, config_from
from live_sentiment.console.printing import print_json
from live_sentiment.console.tracks import add_track_options, tracks_from
from live_sentiment.core.errors import RunError, UsageError

if TYPE_CHECKING:
    from live_sentiment.explain.utterances import Explanation

EXAMPLES = """\
examples:
  live-sentiment explain talk.mp4
  live-sentiment explain talk.mp4 --start 1:30 --end 2:00
  live-sentiment explain recordings/2026-11-21_14-03-07 --json

Figures are points: what a word adds to the probability of the leading emotion, in per cent, and to positive
less negative. Traits of the voice are against what was usual for the speaker before.
"""


def add_parser(commands: Any) -> None:
    """Declare `explain`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "explain",
        help="what each word and the voice added to the result of a clip",
        description="Analyse a clip and print, utterance by utterance, the effect of each word on the "
        "leading emotion and on polarity, and what in the voice stood out. Nothing is written.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("clip", metavar="CLIP", help="a media file, or the folder of a session")
    parser.add_argument("--start", type=clock_time, metavar="TIME", help="seconds or [HH:]MM:SS")
    parser.add_argument("--end", type=clock_time, metavar="TIME", help="seconds or [HH:]MM:SS")
    add_track_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object, not tables")
    add_config_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Explain one clip."""
    config = config_from(options)
    from live_sentiment.sources.media.inputs import find_media

    clip, *others = find_media([options.clip])
    if others:
        raise UsageError(f"{options.clip} stands for {len(others) + 1} files; name one of them")

    from rich.console import Console

    from live_sentiment.explain.file import explain_file
    from live_sentiment.models.loading import load_models
    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.runtime.file_session import Excerpt
    from live_sentiment.terminal.explanation import explanation
    from live_sentiment.terminal.printable import printable

    models = load_models(config, ModelStore(config.models, progress=TerminalProgress()))
    screen = Console(highlight=False)
    found: list[Explanation] = []

    def take(one: Explanation) -> None:
        found.append(one)
        if not options.json:
            screen.print(explanation(one))

    excerpt = Excerpt(options.start, options.end, tracks=tracks_from(options))
    outcome = explain_file(clip, config, models, take, excerpt, voice=_can_change_voices())
    if options.json:
        print_json({"source": outcome.name, "utterances": [one.fields() for one in found]})
    elif not found:
        print(f"{printable(outcome.name)}: no words were recognised, so there is none to explain")
    return 0


def _can_change_voices() -> bool:
    from live_sentiment.core.libraries import load_torchaudio

    try:
        load_torchaudio()
    except RunError as error:
        complain(f"the voice is not explained: {error}")
        return False
    return True
