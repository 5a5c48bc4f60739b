"""`live-sentiment cache`: what corpora hold, and their embeddings made once and kept."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment.console.options import add_config_options, config_from
from live_sentiment.core.errors import UsageError

if TYPE_CHECKING:
    import torch
    from rich.progress import Progress

    from live_sentiment.core.config import EncoderConfig
    from live_sentiment.core.types import Modality
    from live_sentiment.models.encoders.encoder import Encoder
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.training.data.samples import Corpus, Sample


def add_parser(commands: Any) -> None:
    """Declare `cache`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "cache",
        help="check labelled corpora, and keep their embeddings for training",
        description=(
            "Say what corpora hold, what is missing in them and what has no place in the scheme of labels; "
            "with --encoder, embed them and keep the embeddings. Interrupted, it goes on where it stopped. "
            "docs/corpora.md lists the corpora and how their folders look."
        ),
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="a corpus, or the folder that holds several",
    )
    parser.add_argument("--corpus", nargs="+", required=True, metavar="NAME", help="ravdess, meld, folder …")
    parser.add_argument(
        "--encoder",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "KEY=VALUE"),
        help="whisper, transformer, face-expression … with its settings (source=…, layers=mix); repeatable",
    )
    parser.add_argument(
        "--cache", type=Path, default=Path("cache"), metavar="DIR", help="where they are kept; default: cache"
    )
    parser.add_argument("--batch", type=int, default=16, help="samples at a time; default: 16")
    parser.add_argument(
        "--bfloat16", action="store_true", help="embed in half precision: faster on processors that have it"
    )
    add_config_options(parser)
    parser.set_defaults(run=run, extra="train")


def run(options: argparse.Namespace) -> int:
    """Read and describe the corpora, then embed each with every encoder of a modality that it has."""
    if options.batch < 1:
        raise UsageError("--batch takes a number from 1 on")
    config = config_from(options)
    wanted = [_encoder_config(words) for words in options.encoder]
    from live_sentiment.models import compute
    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.training.data.corpora import describe, read_corpus

    corpora = [read_corpus(name, options.data) for name in options.corpus]
    for corpus in corpora:
        print(describe(corpus))
    device = compute.apply(config.compute)
    store = ModelStore(config.models, progress=TerminalProgress())
    for modality, encoder_config in wanted:
        chosen = [corpus for corpus in corpora if any(_is_raw(sample, modality) for sample in corpus.samples)]
        if not chosen:
            raise UsageError(
                f"the encoder {encoder_config.name} reads {modality}, of which "
                f"{', '.join(corpus.name for corpus in corpora)} has none to embed"
            )
        _embed(chosen, _encoder(modality, encoder_config, store, device), store, options)
    return 0


def _encoder_config(words: Sequence[str]) -> tuple[Modality, EncoderConfig]:
    """The modality and settings of `NAME key=value ...`.

    Raises:
        UsageError: no such encoder or setting.
    """
    from live_sentiment.core.config import EncoderConfig, parse_override, put, validated
    from live_sentiment.models.encoders.registry import ENCODERS

    name, *settings = words
    modality = next((one for one, names in ENCODERS.items() if name in names), None)
    if modality is None:
        known = ", ".join(one for names in ENCODERS.values() for one in names)
        raise UsageError(f"no encoder {name!r}; there are {known}")
    tree: dict[str, Any] = {"name": name}
    for setting in settings:
        key, value = parse_override(setting)
        put(tree, key, value.strip("[]").split(",") if value.startswith("[") else value)
    return modality, validated(EncoderConfig, tree)


def _is_raw(sample: Sample, modality: Modality) -> bool:
    return sample.has(modality) and modality not in sample.features


def _encoder(modality: Modality, config: EncoderConfig, store: ModelStore, device: torch.device) -> Encoder:
    from live_sentiment.models.encoders.registry import build_encoder

    encoder = build_encoder(modality, config, store, device)
    if encoder.source is None:
        raise UsageError(
            f"the encoder {config.name} starts from random weights, whose embeddings say nothing; name its "
            "weights with source=…, or train it with `live-sentiment train`"
        )
    return encoder


def _embed(
    corpora: Sequence[Corpus], encoder: Encoder, store: ModelStore, options: argparse.Namespace
) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from live_sentiment.models.store.store import FACE_DETECTOR
    from live_sentiment.training.data.features import FeatureCache
    from live_sentiment.training.data.raw import RawReader

    for corpus in corpora:
        looks = encoder.modality == "vision" and any(sample.video for sample in corpus.samples)
        reader = RawReader(store.path(FACE_DETECTOR)) if looks else RawReader()
        cache = FeatureCache(options.cache, reader, bfloat16=options.bfloat16)
        label = f"{corpus.name}, {encoder.modality}, {encoder.config.name}"
        with Progress(console=Console(stderr=True)) as bars:
            features = cache.features(corpus, encoder, options.batch, _bar(bars, label))
        print(f"{label}: {len(features)} embedded, in {cache.folder_of(corpus, encoder)}")
        if features.absent:
            print(f"  not embedded: {features.missing()}")


def _bar(bars: Progress, label: str) -> Callable[[int, int], None]:
    task = bars.add_task(label, total=None)
    return lambda done, total: bars.update(task, completed=done, total=total)
