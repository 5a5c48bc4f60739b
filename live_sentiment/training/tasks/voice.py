"""`train voice`: hear the corpora in many places, measure honestly, train on everyone, ship head and card."""

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

from live_sentiment.core.config import VoiceConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, SAMPLE_RATE_HZ
from live_sentiment.models.store.shipped import save_shipped
from live_sentiment.models.voice_emotion import PART, polarity
from live_sentiment.models.voice_encoder import LAYERS, VoiceEncoder, pool, speech_frames
from live_sentiment.perception.voice.prosody import measure
from live_sentiment.training.augment.acoustic_conditions import COPIES, STUDIO, AcousticCondition, hardships
from live_sentiment.training.cards.voice_card import card
from live_sentiment.training.data.voice_corpora import Clip, describe, read_corpora
from live_sentiment.training.data.voice_sessions import folds
from live_sentiment.training.data.voice_windows import Windows, embed_corpora
from live_sentiment.training.evaluation import voice_evaluation as evaluation
from live_sentiment.training.tasks.voice_head import Schedule, train

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
    copies: int = COPIES
    """In how many other surroundings each speaker is heard to train on."""
    seed: int = 0
    """Of the head that ships."""
    seeds: int = 1
    """Divisions into folds that the figures within a corpus are the mean of."""
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
    heard = _hear(clips, encoder, config, task, say=say, bars=bars)
    known = evaluation.material(clips, heard, EMOTIONS, lambda clip: clip.emotion)
    if set(known.studio.label) != set(range(len(EMOTIONS))):
        lacking = [name for index, name in enumerate(EMOTIONS) if index not in known.studio.label]
        raise UsageError(f"the corpora lack {', '.join(lacking)}; RAVDESS alone has all seven emotions")

    alone = _alone(clips, heard, task, say, bars)
    parts = {
        "actors": folds(known.studio, evaluation.FOLDS, task.seed),
        "corpora": evaluation.unknown_corpora(known.studio, task.seed),
    }
    unknown = {}
    for name, masks in parts.items():
        bar = bars.add_task(f"unknown {name}", total=len(masks))
        unknown[name] = evaluation.hold_out(
            known, masks, task.seed, task.schedule, partial(bars.advance, bar)
        )
        found = unknown[name][STUDIO].uar("session")
        say(f"all corpora, {len(EMOTIONS)} emotions, unknown {name}: UAR {found:.1%} in a session")
    calibration = evaluation.calibrate(unknown["actors"][STUDIO], task.seed)
    say(f"calibration error {calibration.error:.3f} there, at temperature {calibration.temperature:.3f}")

    head = train(known.everything(), task.seed, task.schedule)
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
        "layers": LAYERS,
        "config": config.model_dump(exclude={"head"}),
        "seed": task.seed,
        "seeds": task.seeds,
        "copies": task.copies,
        "schedule": asdict(task.schedule),
        "corpora": describe(clips).splitlines(),
        "actors": len(set(known.studio.speaker)),
        "metrics": {
            "alone": alone,
            "unknown": {
                name: evaluation.figures(held[STUDIO], calibration.temperature)
                for name, held in unknown.items()
            },
            "elsewhere": {
                name: {
                    place: evaluation.figures(found, calibration.temperature)["all"]
                    for place, found in held.items()
                    if place != STUDIO
                }
                for name, held in unknown.items()
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
    costs = {name: 1000 * _median_s(work) / config.hop_s for name, work in works.items()}
    return costs | {"once": costs["encoder"] * config.hop_s / config.context_s}


def _median_s(work: Callable[[], object], repeats: int = 15) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return float(np.median(times))


def _hear(
    clips: list[Clip],
    encoder: VoiceEncoder,
    config: VoiceConfig,
    task: VoiceTraining,
    *,
    say: Callable[[str], None],
    bars: Progress,
) -> evaluation.Heard:
    def windows(hearing: AcousticCondition) -> Windows:
        bar = bars.add_task(hearing.name, total=len(hearing.clips))
        found = embed_corpora(
            clips,
            encoder,
            config,
            task.cache,
            lambda done: bars.update(bar, completed=done),
            hearing=hearing,
        )
        bars.update(bar, completed=len(hearing.clips))
        silent = len(hearing.clips) - int(found.last.sum())
        say(f"{hearing.name}: {len(found.clip)} windows; {silent} clips have too little speech for any")
        return found

    return evaluation.Heard.of(clips, windows, task.copies, hardships(clips))


def _alone(
    clips: list[Clip],
    heard: evaluation.Heard,
    task: VoiceTraining,
    say: Callable[[str], None],
    bars: Progress,
) -> dict[str, Any]:
    """Every corpus by itself: mean and spread over divisions into folds."""
    alone: dict[str, Any] = {}
    for corpus, known in evaluation.corpora_alone(clips, heard):
        bar = bars.add_task(corpus, total=task.seeds * evaluation.FOLDS)
        runs = []
        for seed in range(task.seeds):
            parts = folds(known.studio, evaluation.FOLDS, seed)
            runs.append(evaluation.hold_out(known, parts, seed, task.schedule, partial(bars.advance, bar)))
        rows = [_row(run) for run in runs]
        alone[corpus] = {
            "labels": list(known.studio.names),
            "clips": int(known.studio.last.sum()),
            **{name: float(np.mean([row[name] for row in rows])) for name in rows[0]},
            "spread": {name: float(np.std([row[name] for row in rows])) for name in rows[0]},
        }
        row = alone[corpus]
        say(
            f"{corpus}, {len(known.studio.names)} labels: UAR {row['first']:.1%} for the first thing said, "
            f"in a session {row['session']:.1%}, "
            + ", ".join(f"at {place} {row[place]:.1%}" for place in known.elsewhere)
        )
    return alone


def _row(run: dict[str, evaluation.HeldOut]) -> dict[str, float]:
    """UAR in every mode in the studio, and in sessions elsewhere."""
    studio_run = run[STUDIO]
    everything = np.ones(len(studio_run.data), np.bool_)
    row: dict[str, float] = {mode: studio_run.uar(mode) for mode in evaluation.MODES}
    row["windows"] = studio_run.uar("session", everything)
    return row | {place: found.uar("session") for place, found in run.items() if place != STUDIO}
