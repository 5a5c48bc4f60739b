"""The voice head's recipe on acted corpora, every actor read by a head that never heard them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from live_sentiment.core.config import Config
from live_sentiment.core.errors import UsageError
from live_sentiment.models import compute
from live_sentiment.models.store.store import VOICE_ENCODER, ModelStore
from live_sentiment.models.voice_encoder import VoiceEncoder
from live_sentiment.training.augment.acoustic_conditions import COPIES, STUDIO, AcousticCondition
from live_sentiment.training.comparison.cells import Figures
from live_sentiment.training.data.voice_corpora import read_corpora
from live_sentiment.training.data.voice_sessions import folds
from live_sentiment.training.data.voice_windows import Windows, embed_corpora
from live_sentiment.training.evaluation import voice_evaluation as evaluation
from live_sentiment.training.tasks.voice_head import Schedule

Told = Callable[[int, int], None]
"""Told how much is done, and how much there is."""


def load_voices(
    data: Path, config: Config, store: ModelStore, cache: Path, told: Told
) -> dict[str, evaluation.Material]:
    """The windows of every corpus by its name, with the labels that the corpus has itself.

    Raises:
        UsageError: no corpus in `data`/voice, or a clip cannot be decoded.
    """
    clips = read_corpora(data / "voice")
    encoder = VoiceEncoder(store.path(VOICE_ENCODER), compute.apply(config.compute))

    def windows(hearing: AcousticCondition) -> Windows:
        return embed_corpora(
            clips,
            encoder,
            config.perception.voice,
            cache,
            lambda done: told(done, len(hearing.clips)),
            hearing=hearing,
        )

    return dict(evaluation.corpora_alone(clips, evaluation.Heard.of(clips, windows, COPIES)))


def measure_voices(known: evaluation.Material, seed: int, schedule: Schedule, told: Told) -> Figures:
    """UAR of a corpus's own labels in leave-actors-out folds.

    - "first": every clip as the first thing that its speaker says.
    - "session": all clips of a speaker one after the other, relative to what was heard of them before.
    - "offline": relative to all that is heard of the speaker, later clips included.

    Raises:
        UsageError: fewer actors than folds.
    """
    data = known.studio
    actors = len(set(data.speaker))
    if actors < evaluation.FOLDS:
        raise UsageError(f"{actors} actors cannot be divided into {evaluation.FOLDS} folds")
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        told(done, evaluation.FOLDS)

    parts = folds(data, evaluation.FOLDS, seed)
    held_out = evaluation.hold_out(known, parts, seed, schedule, step)[STUDIO]
    return {
        "classes": len(data.names),
        "clips": int(data.last.sum()),
        "actors": actors,
        **{mode: held_out.uar(mode) for mode in evaluation.MODES},
    }
