"""`train voice`: embed the corpora, measure honestly, train on everyone, ship head and card."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import Progress

from live_sentiment.config import VoiceConfig
from live_sentiment.errors import UsageError
from live_sentiment.perception.voice.encode import LAYERS, VoiceEncoder, pool, speech_frames
from live_sentiment.perception.voice.head import PART, polarity
from live_sentiment.perception.voice.prosody import measure
from live_sentiment.training import voice_evaluation as evaluation
from live_sentiment.training.voice_card import card
from live_sentiment.training.voice_corpora import Clip, describe, read_corpora
from live_sentiment.training.voice_head import Schedule, choose_dropout, train
from live_sentiment.training.voice_sessions import folds, labelled
from live_sentiment.training.voice_windows import Windows, embed_corpora
from live_sentiment.types import EMOTIONS, SAMPLE_RATE_HZ
from live_sentiment.weights.shipped import save_shipped

FEWEST_ACTORS = 3
"""Of a corpus: one to measure on, one to choose the regularisation on, and one to train on."""


@dataclass(frozen=True, slots=True)
class VoiceTraining:
    """What to train on, and where the results go."""

    data: Path
    output: Path
    """The .safetensors file; its card lies beside it."""
    whisper: Path
    """Folder of the Whisper model whose encoder is used."""
    encoder_name: str
    cache: Path
    seed: int = 0
    schedule: Schedule = field(default_factory=Schedule)


def train_voice(
    task: VoiceTraining, config: VoiceConfig, say: Callable[[str], None], bars: Progress
) -> dict[str, Any]:
    """Train the voice head and write it with its card; returns its metadata.

    Everything printed by `say` on the way is in the metadata too.

    Raises:
        UsageError: no corpus, or one of its files cannot be read.
        RunError: no Whisper model in the folder.
    """
    clips = read_corpora(task.data)
    say(describe(clips))
    for corpus in sorted({clip.corpus for clip in clips}):
        if len({clip.speaker for clip in clips if clip.corpus == corpus}) < FEWEST_ACTORS:
            raise UsageError(
                f"{corpus} has fewer than {FEWEST_ACTORS} actors; too few to train on some and test on others"
            )
    encoder = VoiceEncoder(task.whisper, torch.device("cpu"))
    bar = bars.add_task("embedding", total=len(clips))
    windows = embed_corpora(clips, encoder, config, task.cache, lambda done: bars.update(bar, completed=done))
    bars.update(bar, completed=len(clips))
    silent = len(clips) - int(windows.last.sum())
    say(f"{len(windows.clip)} windows; {silent} clips have too little speech for any")
    data = labelled(clips, windows, EMOTIONS, lambda clip: clip.emotion)
    if set(data.label) != set(range(len(EMOTIONS))):
        lacking = [name for index, name in enumerate(EMOTIONS) if index not in data.label]
        raise UsageError(f"the corpora lack {', '.join(lacking)}; RAVDESS alone has all seven emotions")

    alone, across = _compare(clips, windows, task, say, bars)
    parts = {
        "actors": folds(data, evaluation.FOLDS, task.seed),
        "corpora": evaluation.unknown_corpora(data, task.seed),
    }
    unknown = {}
    for name, masks in parts.items():
        bar = bars.add_task(f"unknown {name}", total=len(masks))
        unknown[name] = evaluation.hold_out(data, masks, task.seed, task.schedule, partial(bars.advance, bar))
        uar = unknown[name].uar("session")
        say(f"all corpora, {len(EMOTIONS)} emotions, unknown {name}: UAR {uar:.1%} in a session")
    calibration = evaluation.calibrate(unknown["corpora"], task.seed)
    say(f"calibration error {calibration.error:.3f} there, at temperature {calibration.temperature:.3f}")

    dropout = choose_dropout(data, task.seed, task.schedule)
    head = train(data, dropout, task.seed, task.schedule)
    prior = np.full(len(EMOTIONS), 1 / len(EMOTIONS))
    speed = milliseconds_per_second(encoder, config)
    say("ms per second of sound: " + ", ".join(f"{part} {cost:.1f}" for part, cost in speed.items()))
    metadata: dict[str, Any] = {
        "part": PART,
        "labels": EMOTIONS,
        "temperature": calibration.temperature,
        "emotion_prior": prior.tolist(),
        "polarity_prior": polarity(prior).tolist(),
        "encoder": task.encoder_name,
        "encoder_sha256": hashlib.sha256((task.whisper / "model.bin").read_bytes()).hexdigest(),
        "encoder_fingerprint": encoder.fingerprint,
        "layer": LAYERS,
        "config": config.model_dump(exclude={"head"}),
        "seed": task.seed,
        "dropout": dropout,
        "schedule": asdict(task.schedule),
        "corpora": describe(clips).splitlines(),
        "actors": len(set(data.speaker)),
        "metrics": {
            "alone": alone,
            "across": across,
            "unknown": {
                name: evaluation.figures(held, calibration.temperature) for name, held in unknown.items()
            },
            "calibration": asdict(calibration),
            "milliseconds": speed,
        },
    }
    tensors = {name: torch.from_numpy(array.copy()) for name, array in asdict(head).items()}
    save_shipped(task.output, tensors, metadata)
    task.output.with_suffix(".md").write_text(card(metadata), encoding="utf-8")
    return metadata


def milliseconds_per_second(encoder: VoiceEncoder, config: VoiceConfig) -> dict[str, float]:
    """What reading a voice costs on torch's present threads, per second of new sound.

    Each hop encodes the whole context again, so a shorter hop costs more.
    """
    noise = np.random.default_rng(0).normal(0, 0.1, round(config.context_s * SAMPLE_RATE_HZ))
    samples, speech = noise.astype(np.float32), np.ones(len(noise), np.bool_)
    works: dict[str, Callable[[], object]] = {
        "encoder": lambda: pool(encoder.frames(samples), speech_frames(speech)),
        "prosody": lambda: measure(samples, speech),
    }
    return {name: 1000 * _median_s(work) / config.hop_s for name, work in works.items()}


def _median_s(work: Callable[[], object], repeats: int = 15) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return float(np.median(times))


def _compare(
    clips: list[Clip], windows: Windows, task: VoiceTraining, say: Callable[[str], None], bars: Progress
) -> tuple[dict[str, Any], dict[str, Any]]:
    alone: dict[str, Any] = {}
    for corpus, data in evaluation.corpora_alone(clips, windows):
        bar = bars.add_task(corpus, total=evaluation.FOLDS)
        held_out = evaluation.hold_out(
            data,
            folds(data, evaluation.FOLDS, task.seed),
            task.seed,
            task.schedule,
            partial(bars.advance, bar),
        )
        everything = np.ones(len(data), np.bool_)
        alone[corpus] = {
            "labels": list(data.names),
            "clips": int(data.last.sum()),
            "first": held_out.uar("first"),
            "session": held_out.uar("session"),
            "windows": held_out.uar("session", everything),
        }
        say(
            f"{corpus}, {len(data.names)} labels: UAR {alone[corpus]['first']:.1%} for the first thing said, "
            f"in a session {alone[corpus]['session']:.1%}"
        )
    across: dict[str, Any] = {}
    for known, other, train_on, read in evaluation.corpus_pairs(clips, windows):
        found = evaluation.across(train_on, read, task.seed, task.schedule)
        across[f"{known} to {other}"] = found | {"emotions": list(read.names)}
        say(f"{known} to {other}: UAR {found['first']:.1%}, in a session {found['session']:.1%}")
    return alone, across
