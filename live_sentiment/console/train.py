"""`live-sentiment train PART`: train the shipped weights again, on corpora the user names."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment.console.options import add_config_options, config_from
from live_sentiment.console.train_experiment import add_presets
from live_sentiment.core.errors import UsageError

if TYPE_CHECKING:
    from live_sentiment.core.config import Config


def add_parser(commands: Any) -> None:
    """Declare `train` and one subcommand per trained part."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "train", help="train the weights that ship with the package, or an experiment of your own"
    )
    parser.set_defaults(extra="train")
    parts = parser.add_subparsers(title="parts", metavar="PART", required=True)
    _add_fusion(parts)
    _add_text(parts)
    _add_voice(parts)
    _add_face(parts)
    add_presets(parts)


def _add_fusion(parts: Any) -> None:
    """Declare `train fusion`."""
    parser: argparse.ArgumentParser = parts.add_parser(
        "fusion",
        help="how the opinions of the heads are combined, on synthetic pairs or recorded clips",
        description=(
            "Train the fusers on SYNTHETIC pairs: words, voices and faces of different people that carry the "
            "same label, read by the heads of the configuration. What is learnt is how far each head can be "
            "trusted, not how one person's words, voice and face go together; for that, name a corpus of "
            "recorded clips with --corpus. Interrupted, it goes on where it stopped."
        ),
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="holds text/meld, text/goemotions, voice/ and face/, as the other parts read them; "
        "with --corpus, that corpus",
    )
    parser.add_argument(
        "--corpus",
        metavar="NAME",
        help="recorded clips instead of pairs: meld, mosi, mosei, …, or folder for clips of your own with a "
        "table of labels",
    )
    parser.add_argument("--seeds", type=int, default=3, help="how many trainings to choose from; default: 3")
    parser.add_argument("--steps", type=int, default=1500, help="of each training; default: 1500")
    _add_common(parser, run_fusion, cache=True)


def run_fusion(options: argparse.Namespace) -> int:
    """Embed what is not embedded yet, train, and print how good each subset of the modalities is."""
    config = _checked(options)
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.training.data.fusion_clips import read_clips
    from live_sentiment.training.data.fusion_data import read_corpora
    from live_sentiment.training.tasks.fusion import Schedule
    from live_sentiment.training.tasks.fusion_run import train_fusion

    store = ModelStore(config.models, progress=TerminalProgress())
    cache = options.cache or options.output.parent / "cache"
    with Progress(console=Console(stderr=True)) as bars:
        named = "" if options.corpus is None else f"--corpus {options.corpus} "
        if options.corpus is None:
            experts, corpora = read_corpora(options.data, config, store, cache, bars)
        else:
            experts, corpora = read_clips(
                options.corpus, options.data, config, store, cache=cache, progress=bars
            )
        tasks: dict[str, TaskID] = {}

        def told(fuser: str, seed: int, step: int, line: str) -> None:
            name = f"{fuser}, seed {seed}"
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=options.steps)
            bars.update(tasks[name], completed=step, description=f"{name}: {line}")
            if step == options.steps:
                bars.console.print(f"{name}: {line}", highlight=False)

        rows = train_fusion(
            experts,
            corpora,
            options.output,
            seeds=options.seeds,
            schedule=Schedule(steps=options.steps),
            command=f"live-sentiment train fusion {named}--data FOLDER --output FILE",
            progress=told,
        )
    print(rows)
    return 0


def _add_face(parts: Any) -> None:
    """Declare `train face`."""
    parser: argparse.ArgumentParser = parts.add_parser(
        "face",
        help="the expression network, on FERPlus",
        description=(
            "Train the expression network on FERPlus: either ferplus_{train,valid,test}.npz or the original "
            "fer2013.csv with fer2013new.csv. The epoch, the class prior and the temperature are chosen on "
            "the validation faces; the test faces are looked at once, at the end. Interrupted, it goes on "
            "where it stopped (FILE.work beside the output)."
        ),
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="holds the pictures")
    parser.add_argument(
        "--epochs",
        type=int,
        default=10,
        help="default: 10; 0 learns nothing and only calibrates the weights of --start anew",
    )
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    parser.add_argument("--threads", type=int, default=1, help="of torch; default: 1")
    _add_precision(parser)
    parser.add_argument(
        "--detector", type=Path, metavar="FOLDER", help="of the face detector; default: from the model store"
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="FOLDER",
        help="learn also what another network says of the pictures, and ship it as a second opinion: the "
        "folder model/ of the npm package @vladmandic/face-api; default: none",
    )
    parser.add_argument(
        "--start", type=Path, metavar="FILE", help="weights of an earlier run to go on from; default: none"
    )
    _add_common(parser, run_face)


def run_face(options: argparse.Namespace) -> int:
    """Train, and print the figures of every epoch and of the finished network."""
    config = _checked(options)
    import torch
    from rich.console import Console

    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import FACE_DETECTOR, ModelStore
    from live_sentiment.training.tasks.face import Recipe
    from live_sentiment.training.tasks.face_run import Help, train_face

    torch.set_num_threads(options.threads)
    store = ModelStore(config.models, progress=TerminalProgress())
    train_face(
        options.data,
        options.output,
        options.detector or store.path(FACE_DETECTOR),
        Recipe.going_on(options.epochs, options.seed)
        if options.start
        else Recipe(epochs=options.epochs, seed=options.seed),
        Help(options.teacher, options.start),
        bfloat16=_bfloat16(options),
        console=Console(),
    )
    return 0


def _add_text(parts: Any) -> None:
    """Declare `train text`."""
    parser: argparse.ArgumentParser = parts.add_parser(
        "text",
        help="what reads emotions and polarity from words",
        description=(
            "Tune a text encoder, the configuration's or --encoder, by low-rank changes (LoRA) together with "
            "a head on it. What ships is chosen on the development sets; the test sets are looked at once, "
            "at the end. Interrupted, it goes on where it stopped (FILE.work beside the output)."
        ),
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="holds a folder per corpus: train.tsv, dev.tsv and test.tsv with the columns text, emotion and "
        "sentiment, or a release of MELD, GoEmotions, SemEval-2017 task 4 or SST-2",
    )
    parser.add_argument(
        "--encoder", metavar="NAME", help="a model of the store, a folder, or a name on a hub"
    )
    parser.add_argument(
        "--reference",
        default="meld",
        metavar="CORPUS",
        help="the corpus most like the use: its class balance is the head's prior; default: meld",
    )
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument(
        "--seeds", type=int, default=3, help="models trained for the spread and the average; default: 3"
    )
    parser.add_argument(
        "--frozen", action="store_true", help="leave the encoder as it is and train the head alone: minutes"
    )
    _add_precision(parser)
    _add_common(parser, run_text, cache=True)


def run_text(options: argparse.Namespace) -> int:
    """Train what is not trained yet, write the weights and their card, and print the figures."""
    config = _checked(options)
    from live_sentiment.models import compute
    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.models.text_encoder import TextEncoder
    from live_sentiment.training.tasks.text import TextTraining, describe, train_text
    from live_sentiment.training.tasks.text_recipe import TuneSettings

    device = compute.apply(config.compute)
    store = ModelStore(config.models, progress=TerminalProgress())
    name = options.encoder or config.perception.text.encoder
    encoder = TextEncoder(store.resolve(name), device, offline=store.offline)
    task = TextTraining(
        data=options.data,
        output=options.output,
        encoder_name=Path(name).name if Path(name).is_dir() else name,
        cache=options.cache or options.output.parent / "cache",
        reference=options.reference,
        seed=options.seed,
        seeds=options.seeds,
        bfloat16=_bfloat16(options),
        tune=None if options.frozen else TuneSettings(),
    )
    print(describe(train_text(task, encoder)))
    print(f"written {options.output} and {options.output.with_suffix('.md')}")
    return 0


def _add_voice(parts: Any) -> None:
    """Declare `train voice`."""
    parser: argparse.ArgumentParser = parts.add_parser(
        "voice",
        help="the head that reads emotions from how something is said",
        description=(
            "Train the voice head on acted speech: RAVDESS, EmoDB and nEMO as released, below one folder, or "
            "any clips that an index.csv there lists with file, label and speaker; as they are, and as they "
            "would sound in other rooms, in noise and on the telephone. All figures are of actors who were "
            "not heard in training. Embeddings are kept: an interrupted run goes on where it stopped."
        ),
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="holds the corpora")
    parser.add_argument(
        "--whisper", type=Path, metavar="FOLDER", help="of the encoder; default: whisper-tiny.en of the store"
    )
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument(
        "--seeds", type=int, default=1, help="divisions into folds that the figures average; default: 1"
    )
    parser.add_argument("--steps", type=int, default=300, help="of each training; default: 300")
    parser.add_argument(
        "--copies", type=int, default=1, help="in how many other surroundings it hears everyone; default: 1"
    )
    _add_common(parser, run_voice, cache=True)


def run_voice(options: argparse.Namespace) -> int:
    """Embed, measure, train and write, saying each figure as it is known."""
    config = _checked(options)
    from rich.console import Console
    from rich.progress import Progress

    from live_sentiment.models import compute
    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.training.tasks.voice import VoiceTraining, train_voice
    from live_sentiment.training.tasks.voice_head import Schedule

    compute.apply(config.compute)
    whisper = options.whisper or ModelStore(config.models, progress=TerminalProgress()).path(
        "whisper-tiny.en"
    )
    task = VoiceTraining(
        data=options.data,
        output=options.output,
        whisper=whisper,
        encoder_name=options.whisper.name if options.whisper else "whisper-tiny.en",
        cache=options.cache or options.output.parent / "cache",
        copies=options.copies,
        seed=options.seed,
        seeds=options.seeds,
        schedule=Schedule(steps=options.steps),
    )
    with Progress(console=Console(stderr=True), refresh_per_second=1) as bars:
        train_voice(task, config.perception.voice, print, bars)
    print(f"written {options.output} and {options.output.with_suffix('.md')}")
    return 0


def _add_common(
    parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int], *, cache: bool = False
) -> None:
    """Declare what every part takes, and what it runs."""
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="the .safetensors file to write",
    )
    if cache:
        parser.add_argument(
            "--cache", type=Path, metavar="DIR", help="of embeddings; default: beside the output"
        )
    add_config_options(parser)
    parser.set_defaults(run=run)


def _add_precision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="auto: bfloat16 where the CPU has instructions for it; default: auto",
    )


def _bfloat16(options: argparse.Namespace) -> bool:
    """Whether to compute in half precision."""
    from live_sentiment.models.compute import quick_bfloat16

    return options.precision == "bfloat16" or (options.precision == "auto" and quick_bfloat16())


def _checked(options: argparse.Namespace) -> Config:
    """The configuration, once the options of the training itself make sense.

    Raises:
        UsageError: they do not.
    """
    if options.output.suffix != ".safetensors":
        raise UsageError(f"--output takes a .safetensors file, not {options.output}")
    for name in ("epochs", "threads", "seeds", "steps", "copies"):
        least = 0 if name == "epochs" and getattr(options, "start", None) else 1
        if getattr(options, name, 1) < least:
            raise UsageError(f"--{name} takes a number from 1 on")
    return config_from(options)
