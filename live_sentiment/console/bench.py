"""`live-sentiment bench`: measure speed, memory, word errors and the dashboard on this machine."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment.console.options import add_config_options, clock_time, config_from
from live_sentiment.console.printing import print_json
from live_sentiment.core.errors import UsageError
from live_sentiment.terminal.printable import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from live_sentiment.runtime.benchmark import Measurement


def add_parser(commands: Any) -> None:
    """Declare `bench` and its subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser("bench", help="measure speed and memory here")
    what = parser.add_subparsers(title="what", metavar="WHAT", required=True)
    replay = what.add_parser(
        "replay",
        help="one replay at full speed, stage by stage",
        description="Replay a clip at full speed and print what every stage and queue took. "
        "Machines are noisy: run it a few times and compare within one sitting.",
    )
    replay.add_argument("clip", type=Path, metavar="CLIP")
    replay.add_argument(
        "--length", type=clock_time, metavar="TIME", help="repeat the clip to this length, e.g. 1:00:00"
    )
    replay.add_argument("--json", action="store_true", help="print JSON instead of tables")
    add_config_options(replay)
    replay.set_defaults(run=run_replay)

    streams = what.add_parser(
        "streams",
        help="several people at once in one process",
        description="Analyse a clip as several streams at once, each at its own pace, over one copy of the "
        "models, and print what they cost and how late results are.",
    )
    streams.add_argument("clip", type=Path, metavar="CLIP")
    streams.add_argument(
        "--count",
        type=_counts,
        default=(1, 2, 4),
        metavar="N,…",
        help="how many streams, one run for each number; default: 1,2,4",
    )
    streams.add_argument("--end", type=clock_time, metavar="TIME", help="end every stream there")
    streams.add_argument("--json", action="store_true", help="print JSON instead of a table")
    add_config_options(streams)
    streams.set_defaults(run=run_streams)

    speech = what.add_parser(
        "speech",
        help="word errors and time of the recogniser, spliced against padded encoding",
        description="Transcribe clips of known words, whole and streaming, with both encodings.",
    )
    speech.add_argument(
        "references", type=Path, metavar="FILE.tsv", help="a line a clip: its path, a tab, the words said"
    )
    add_config_options(speech)
    speech.set_defaults(run=run_speech)

    dashboard = what.add_parser(
        "dashboard",
        help="processor time of the dashboard and of the camera's picture",
        description="Draw a made-up session in which nothing stands still, on terminals of three sizes, and "
        "print the processor time of it. Nothing is shown and no model is loaded.",
    )
    dashboard.add_argument(
        "--frames", type=int, default=200, metavar="N", help="frames a measurement; default: 200"
    )
    dashboard.set_defaults(run=run_dashboard)


def run_replay(options: argparse.Namespace) -> int:
    """Measure one replay and print it."""
    config = config_from(options)
    from rich.console import Console

    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.runtime.benchmark import measure_replay
    from live_sentiment.runtime.stages import load_stages
    from live_sentiment.sources.media.inputs import find_media

    clip = find_media([str(options.clip)])[0]
    stages = load_stages(config, ModelStore(config.models, progress=TerminalProgress()))
    measured = measure_replay(clip, config, stages, length_s=options.length)
    if options.json:
        print_json(_fields(measured), indent=2)
    else:
        settings = " ".join([f"profile {options.profile}", *options.overrides])
        Console(highlight=False, soft_wrap=True).print(_tables(measured, clip, settings))
    return 0


def run_streams(options: argparse.Namespace) -> int:
    """Measure several streams at once and print the table."""
    config = config_from(options)
    from rich.console import Console
    from rich.table import Table

    from live_sentiment.models.loading import load_models
    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.runtime.benchmark import describe_machine
    from live_sentiment.runtime.stream_benchmark import measure_streams
    from live_sentiment.sources.media.inputs import find_media

    clip = find_media([str(options.clip)])[0]
    models = load_models(config, ModelStore(config.models, progress=TerminalProgress()))
    rows = list(measure_streams(clip, config, models, options.count, end_s=options.end))
    if options.json:
        print_json({"machine": describe_machine(), "streams": list(map(dataclasses.asdict, rows))}, indent=2)
        return 0
    table = _table(
        Table,
        "streams",
        "CPU-s per media-s",
        "provisional p50 s",
        "p95 s",
        "final p50 s",
        "p95 s",
        "memory MB",
        "of the first",
    )
    for row in rows:
        lags = (f"{lag_s:.2f}" for lag_s in (*row.provisional_lag_s, *row.final_lag_s))
        memory = (f"{row.resident_mb:.0f}", f"{row.resident_mb / rows[0].resident_mb:.2f}")
        table.add_row(str(row.count), f"{row.cpu_s / row.media_s:.2f}", *lags, *memory)
    settings = " ".join([f"profile {options.profile}", *options.overrides])
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{printable(clip.name)}, {settings}\n{describe_machine()}\n")
    console.print(table)
    return 0


def run_speech(options: argparse.Namespace) -> int:
    """Compare the encodings and print the table."""
    config = config_from(options)
    clips = _references(options.references)
    from rich.console import Console
    from rich.table import Table

    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.perception.speech.measure import compare_encodings

    speech = config.perception.speech
    model = ModelStore(config.models, progress=TerminalProgress()).resolve(speech.model)
    rows = compare_encodings(
        clips, model, config=speech, voice=config.perception.voice, threads=config.compute.speech_threads
    )
    table = _table(Table, "encoding", "mode", "word error", "passes", "p50 ms a pass", "real-time factor")
    for row in rows:
        figures = (f"{row.word_error_rate:.1%}", str(row.passes), f"{row.pass_ms:.0f}")
        table.add_row(row.encoding, row.mode, *figures, f"{row.real_time_factor:.3f}")
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{len(clips)} clips, {speech.model}, hop {speech.hop_s:g} s, beam {speech.beam}\n")
    console.print(table)
    return 0


def run_dashboard(options: argparse.Namespace) -> int:
    """Measure what the dashboard costs and print the table."""
    if options.frames < 2:
        raise UsageError("--frames: the first frame is not counted, so there must be two or more")
    from rich.console import Console
    from rich.table import Table

    from live_sentiment.terminal.cost import PICTURE_HZ, measure
    from live_sentiment.terminal.dashboard import REFRESH_HZ

    table = _table(
        Table,
        "terminal",
        "ms a frame",
        f"core at {REFRESH_HZ} Hz",
        "ms a picture",
        f"core at {PICTURE_HZ} Hz",
        "kB a frame",
        "with picture",
    )
    for cost in measure(options.frames):
        table.add_row(
            f"{cost.width}×{cost.height}",
            f"{cost.frame_ms:.2f}",
            f"{cost.dashboard_share:.1%}",
            f"{cost.picture_ms:.2f}",
            f"{cost.picture_share:.1%}",
            f"{cost.sent_bytes / 1000:.1f}",
            f"{cost.picture_sent_bytes / 1000:.1f}",
        )
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"processor time of {options.frames} frames of a busy session, true colour\n")
    console.print(table)
    return 0


def _counts(text: str) -> tuple[int, ...]:
    """Numbers of streams, in ascending order: memory that was used once is not all given back."""
    counts = tuple(sorted(int(part) for part in text.split(",")))
    if counts[0] < 1:
        raise argparse.ArgumentTypeError("the number of streams must be positive")
    return counts


def _references(file: Path) -> list[tuple[Path, str]]:
    """Clips and their words; paths are relative to the file's folder."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {file}: {error}") from error
    clips: list[tuple[Path, str]] = []
    for number, line in enumerate(lines, start=1):
        name, tab, words = line.partition("\t")
        clip = file.parent / name
        if not tab or not words.strip():
            raise UsageError(f"{file}, line {number}: expected the path of a clip, a tab and its words")
        if not clip.is_file():
            raise UsageError(f"{file}, line {number}: no such clip {clip}")
        clips.append((clip, words))
    if not clips:
        raise UsageError(f"{file} names no clips")
    return clips


def _fields(measured: Measurement) -> dict[str, Any]:
    return {
        "machine": measured.machine,
        "outcome": measured.outcome.fields(),
        "stages": {name: dataclasses.asdict(reading) for name, reading in measured.stages.items()},
        "queues": {name: dataclasses.asdict(reading) for name, reading in measured.queues.items()},
        "loaded_s": measured.loaded_s,
        "first_result_s": measured.first_result_s,
        "peak_mb": measured.peak_mb,
        "memory_mb": measured.memory_mb,
    }


def _tables(measured: Measurement, clip: Path, settings: str) -> RenderableType:
    from rich.console import Group
    from rich.table import Table

    outcome = measured.outcome
    stages = _table(Table, "stage", "calls", "p50 ms", "p95 ms", "p99 ms", "total s", "share of run")
    for name, stage in measured.stages.items():
        times = (f"{1000 * value:.1f}" for value in (stage.p50_s, stage.p95_s, stage.p99_s))
        share = f"{stage.total_s / outcome.elapsed_s:.0%}"
        stages.add_row(name, str(stage.calls), *times, f"{stage.total_s:.2f}", share)
    queues = _table(Table, "queue", "items", "most at once", "age p50 ms", "p95 ms", "p99 ms", "dropped")
    for name, queue in measured.queues.items():
        ages = (f"{1000 * value:.0f}" for value in (queue.p50_s, queue.p95_s, queue.p99_s))
        dropped = str(sum(queue.dropped.values()))
        queues.add_row(name, str(queue.entered), str(queue.max_depth), *ages, dropped)
    first_s = measured.first_result_s
    first = "none" if first_s is None else f"{first_s:.2f} s after the start of the process"
    memory = " ".join(f"{mb:.0f}" for mb in measured.memory_mb)
    return Group(
        f"{printable(clip.name)}, {outcome.summary.duration_s:.1f} s, {settings}",
        measured.machine,
        "",
        stages,
        "Stages run side by side, so shares may add up to more than 100 %.",
        "",
        queues,
        "",
        f"real-time factor   {outcome.real_time_factor:.3f}  ({outcome.elapsed_s:.2f} s)",
        f"models loaded      {measured.loaded_s:.2f} s after the start of the process",
        f"first result       {first}",
        f"peak memory        {measured.peak_mb:.0f} MB",
        f"memory over time   {memory} MB",
    )


def _table(kind: Any, first: str, *others: str) -> Any:
    table = kind(box=None, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for title in others:
        table.add_column(title, justify="right")
    return table
