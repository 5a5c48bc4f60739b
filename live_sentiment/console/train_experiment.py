"""`live-sentiment train PRESET` and `train experiment FILE`: experiments."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment.core.errors import UsageError

if TYPE_CHECKING:
    from live_sentiment.training.experiments.config import ExperimentConfig
    from live_sentiment.training.experiments.run import RunResult

PRESETS = {
    "fusion-network": "BERT-family text and ResNet faces, side by side, 128 wide: polarity",
    "transfer-three-stream": "word embedding, audio CNN and ResNet-18, 256 wide: seven emotions",
    "lstm-two-stream": "words and sound by LSTMs, fused in order of time: seven emotions",
    "shared-space-alignment": "one aligned space with self-attention: emotions and polarity",
    "cross-attention": "each modality attends to the others in time: emotions and polarity",
    "joint-embedding": "one joint embedding of three modalities: emotions and polarity",
}
"""What the presets are; the TOML files of `live_sentiment.training.experiments.presets` say it all."""

_DESCRIPTION = (
    "Encoders, fuser and heads are trained together and measured once, on the test split; the folder RUN "
    "then holds everything, replay.toml for a session included. Where no corpus has all modalities, samples "
    "are SYNTHETIC PAIRS of different people with the same label, and every output says so. Interrupted, the "
    "same command goes on where it stopped. On several GPUs: accelerate launch -m live_sentiment train ..."
)


def add_presets(parts: Any) -> None:
    """Declare a part for each preset, and `train experiment`."""
    for name, told in PRESETS.items():
        parser = parts.add_parser(name, help=told, description=f"{told}. {_DESCRIPTION}")
        _add_options(parser)
        parser.set_defaults(run=run, preset=name, file=None)
    parser = parts.add_parser(
        "experiment",
        help="any encoders, fuser, losses and data, from a TOML file",
        description="An experiment of your own; `live-sentiment train PRESET --show` gives one to begin "
        f"with. {_DESCRIPTION}",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the experiment in TOML")
    parser.add_argument("--preset", choices=PRESETS, help="what FILE does not say is as in this preset")
    _add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, and print the figures."""
    from live_sentiment.training.experiments.presets import load_experiment

    experiment = load_experiment(options.preset, file=options.file, overrides=options.overrides)
    if options.show:
        _show(options, experiment)
        return 0
    if options.data is None or options.output is None:
        raise UsageError("--data and --output are needed to train (or --show, to see the configuration)")
    print(_result(_train(options, experiment)))
    return 0


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="holds the corpora")
    parser.add_argument("--output", type=Path, metavar="RUN", help="folder of this run")
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="of frozen encoders' embeddings; default: cache beside RUN",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="overrides",
        metavar="PART.KEY=VALUE",
        help="one setting of the experiment, such as training.epochs=3; repeatable",
    )
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="where torch computes; default: auto",
    )
    parser.add_argument("--offline", action="store_true", help="never use the network")
    parser.add_argument("--show", action="store_true", help="print the configuration as TOML, and do no more")


def _show(options: argparse.Namespace, experiment: ExperimentConfig) -> None:
    """The preset's own file with its comments, or the whole configuration where something was changed."""
    from live_sentiment.training.experiments.presets import preset_file

    if options.file is None and not options.overrides:
        print(preset_file(options.preset).read_text(encoding="utf-8"), end="")
        return
    from live_sentiment.training.experiments.run import dump

    print(dump(experiment), end="")


def _train(options: argparse.Namespace, experiment: ExperimentConfig) -> RunResult:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from live_sentiment.core.config import load_config
    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.training.experiments.run import train_experiment

    settings = load_config(overrides=["models.offline=true"] if options.offline else [])
    store = ModelStore(settings.models, progress=TerminalProgress())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        def progress(step: int, steps: int, line: str) -> None:
            told("train", step, steps)
            bars.update(tasks["train"], description=line)

        return train_experiment(
            experiment,
            options.data,
            options.output,
            store=store,
            device=options.device,
            cache=options.cache or options.output.parent / "cache",
            command=_command(options),
            progress=progress,
            told=told,
        )


def _command(options: argparse.Namespace) -> str:
    """The command for the record, without the folders of this machine."""
    words = [options.preset] if options.file is None else ["experiment", options.file.name]
    words += ["--data", "FOLDER", "--output", "RUN"]
    if options.file is not None and options.preset:
        words += ["--preset", options.preset]
    words += [word for one in options.overrides for word in ("--set", one)]
    return "live-sentiment train " + " ".join(words)


def _result(result: RunResult) -> str:
    """Figures of the test split, with what must be known of them."""
    from live_sentiment.training.experiments.card import figures_table

    metrics = result.metrics
    lines = [metrics["data"]["note"]] if metrics["data"]["note"] else []
    if metrics["data"]["classes_left_out"]:
        lines.append(f"classes not learnt: {', '.join(metrics['data']['classes_left_out'])}")
    lines.append(figures_table(metrics["test"]))
    if not result.trained:
        lines.append(f"{result.folder} was trained before; these are its figures")
    lines.append(f"written {result.folder}; a card: live-sentiment card {result.folder}")
    if (result.folder / "replay.toml").is_file():
        lines.append(f"use it: live-sentiment replay CLIP --config {result.folder / 'replay.toml'}")
    return "\n".join(lines)
