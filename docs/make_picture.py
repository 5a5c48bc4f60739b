"""Draws docs/dashboard.svg, the dashboard amid the demo clip. Run: python docs/make_picture.py."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from live_sentiment.core.config import load_config
from live_sentiment.models.store.store import ModelStore
from live_sentiment.runtime.file_session import Excerpt, FileSession
from live_sentiment.runtime.stages import load_stages
from live_sentiment.terminal.dashboard import render

ROOT = Path(__file__).parent.parent
CLIP = ROOT / "recordings" / "demo.mp4"
WIDTH, HEIGHT = 128, 34
SHOWN_S = 12.5


def main() -> None:
    """FileSession the beginning of the demo clip and draw the last screen."""
    config = load_config()
    stages = load_stages(config, ModelStore(config.models))
    with tempfile.TemporaryDirectory() as folder:
        replay = FileSession(CLIP, config, stages, Path(folder), excerpt=Excerpt(end_s=SHOWN_S))
        replay.run()
        outputs = tuple(Path("live-sentiment-output/demo") / path.name for path in replay.outputs)
        length_s = FileSession(CLIP, config, stages, Path(folder)).snapshot().duration_s
        screen = replace(replay.snapshot(), state="running", duration_s=length_s, outputs=outputs)
    console = Console(record=True, width=WIDTH, height=HEIGHT, force_terminal=True, file=io.StringIO())
    console.print(render(screen, WIDTH, HEIGHT, picture=True))
    console.save_svg(str(ROOT / "docs" / "dashboard.svg"), title="live-sentiment replay recordings/demo.mp4")


if __name__ == "__main__":
    main()
