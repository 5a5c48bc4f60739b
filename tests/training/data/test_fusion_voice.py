from pathlib import Path
from typing import cast

import numpy as np
import pytest
from rich.progress import Progress

from live_sentiment.core.config import VoiceConfig
from live_sentiment.core.types import EMOTIONS, Expert
from live_sentiment.models.voice_emotion import VoiceHead
from live_sentiment.models.voice_encoder import VoiceEncoder
from live_sentiment.training.data import fusion_voice
from live_sentiment.training.data.fusion_voice import voice_pools
from live_sentiment.training.data.pairing import Pool
from live_sentiment.training.data.voice_corpora import Clip
from live_sentiment.training.data.voice_windows import Windows
from live_sentiment.training.tasks.voice_head import Schedule

SPEAKERS = 10
WINDOWS = 2
DIM = 14


def clips() -> list[Clip]:
    """Every actor says one clip of each emotion, and one of boredom."""
    labels = [*EMOTIONS, "boredom"]
    return [
        Clip(Path(f"{speaker}-{label}.wav"), "ravdess", label, f"speaker-{speaker}")
        for speaker in range(SPEAKERS)
        for label in labels
    ]


def embeddings() -> np.ndarray:
    """The first half tells the emotion of every actor; the second is noise that tells the clip."""
    draw = np.random.default_rng(0)
    said = [EMOTIONS.index(clip.label) if clip.label in EMOTIONS else 0 for clip in clips()]
    told = np.eye(7)[np.repeat(said, WINDOWS)]
    noise = np.repeat(draw.standard_normal((len(said), 7)), WINDOWS, axis=0)
    return np.concatenate([2 * told + 0.1 * draw.standard_normal(told.shape), 0.5 * noise], axis=1).astype(
        np.float32
    )


@pytest.fixture
def head() -> VoiceHead:
    expert = Expert("voice", DIM, np.ones(7, np.float32) / 7, np.ones(3, np.float32) / 3, "m", "0" * 64)
    return VoiceHead(
        weight=np.zeros((7, DIM), np.float32),
        bias=np.zeros(7, np.float32),
        mean=np.zeros(DIM, np.float32),
        deviation=np.ones(DIM, np.float32),
        temperature=1.0,
        layers=1,
        encoder="e",
        expert=expert,
    )


def pools_of(head: VoiceHead, cache: Path) -> dict[str, Pool]:
    encoder = cast(VoiceEncoder, None)  # the embeddings are there already
    return voice_pools(cache, VoiceConfig(), encoder, head, cache=cache, progress=Progress(disable=True))


@pytest.fixture(autouse=True)
def corpora(monkeypatch: pytest.MonkeyPatch) -> None:
    count = len(clips()) * WINDOWS
    windows = Windows(
        embeddings(),
        np.repeat(np.arange(len(clips())), WINDOWS),
        np.tile(np.array([1.0, 2.0], np.float32), len(clips())),
        np.full(count, 0.5, np.float32),
        np.tile(np.array([False, True]), len(clips())),
    )
    monkeypatch.setattr(fusion_voice, "read_corpora", lambda data: clips())
    monkeypatch.setattr(fusion_voice, "embed_corpora", lambda *arguments: windows)
    monkeypatch.setattr(fusion_voice, "Schedule", lambda: Schedule(steps=300, learning_rate=1e-2))


def test_clips_become_samples_and_no_actor_is_in_two_splits(head: VoiceHead, tmp_path: Path) -> None:
    config = VoiceConfig()
    pools = pools_of(head, tmp_path)
    counts = {split: pool.counts() for split, pool in pools.items()}
    assert counts == {"train": [6] * 7, "validation": [2] * 7, "test": [2] * 7}
    looks = pools["train"].looks
    assert looks.mask.all()
    assert looks.times_s[0].tolist() == [-config.hop_s, 0.0]
    assert looks.quality[0].tolist() == pytest.approx([1 / config.context_s, 2 / config.context_s])


def test_opinions_are_those_of_heads_that_do_not_know_the_actor(head: VoiceHead, tmp_path: Path) -> None:
    pools = pools_of(head, tmp_path)
    confidence = {}
    for split, pool in pools.items():
        opinions = pool.looks.emotions[:, -1].exp()
        assert (opinions.argmax(dim=1) == pool.labels).float().mean() > 0.8
        confidence[split] = opinions.amax(dim=1).mean().item()
    # A head that had heard the training actors would be surer of them than of those it tests on.
    assert confidence["train"] == pytest.approx(confidence["test"], abs=0.1)
