"""Synthetic pairing: windows with words, voice and face put together from corpora that never met.

There is no freely licensed corpus here with all three. A synthetic window takes one sample of each modality,
from different people and different corpora, because they carry the same label. What a fuser learns of it is
how far each expert can be trusted and how to combine them; of how words, voice and face of *one* person go
together it learns nothing, and no result on such pairs is a cross-modal result.

So that a fuser learns reliability rather than mere agreement, a modality is now and then `MISLED`: it shows
another emotion than the person has. The target is soft, the exact posterior of the person's emotion given
what the present modalities truly show, under that process. It says 50:50 where two contradict each other, and
follows the majority where two stand against one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from live_sentiment.core.types import EMOTIONS, MODALITIES, Modality
from live_sentiment.fusion.batch import SUBSETS, FusionBatch, ModalitySequence, subset_masks
from live_sentiment.fusion.fuser import EMOTION_PRIOR, MISLED
from live_sentiment.fusion.polarity import POLARITY_OF_EMOTION
from live_sentiment.training.data.fusion_windows import Targets, take

LAG_S: Mapping[Modality, float] = {"text": 2.0, "voice": 0.5, "vision": 0.1}
"""A sample's last look is up to this long before the window's end."""

WINDOW_S = 4.0
"""Looks older than this are not in the window."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Labelled samples of one modality, of one split: what `draw` takes from."""

    looks: ModalitySequence
    """N samples of up to K looks; times relative to the sample's last look."""
    labels: Tensor
    """Shape (N,), int64, the emotion that each sample shows."""

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.looks.mask):
            raise ValueError(f"{len(self.labels)} labels for {len(self.looks.mask)} samples")
        missing = [name for name, count in zip(EMOTIONS, self.counts(), strict=True) if not count]
        if missing:
            raise ValueError(f"no sample shows {', '.join(missing)}: pairing needs every emotion")

    def counts(self) -> list[int]:
        """Number of samples per emotion."""
        return torch.bincount(self.labels, minlength=len(EMOTIONS)).tolist()


@dataclass(frozen=True, slots=True)
class Pairs:
    """Synthetic windows with what the person feels."""

    batch: FusionBatch
    """All three modalities present in each."""
    emotions: Tensor
    """Shape (B,), int64, what the person feels."""
    shown: Tensor
    """Shape (B, 3), int64, what each modality shows: the same, unless it is misled."""
    polarity: Tensor
    """Shape (B,), int64, drawn from POLARITY_OF_EMOTION."""

    @property
    def agreeing(self) -> Tensor:
        """Shape (B,), bool: nobody is misled."""
        return (self.shown == self.emotions[:, None]).all(dim=1)

    @property
    def by_chance(self) -> Tensor:
        """Shape (B,), bool: surprise, whose polarity was drawn at random."""
        return self.emotions == EMOTIONS.index("surprise")

    def targets(self, keep: Tensor) -> Targets:
        """Posterior of emotions and polarity given what the modalities in `keep`, (B, 3), show."""
        prior = torch.tensor(EMOTION_PRIOR)
        same = torch.nn.functional.one_hot(self.shown, len(EMOTIONS))
        likelihood = (1 - MISLED) * same + MISLED * prior[self.shown][:, :, None]
        witnessed = (likelihood.log() * keep[:, :, None]).sum(dim=1)
        emotions = (prior.log() + witnessed).softmax(dim=1)
        return Targets(emotions, emotions @ POLARITY_OF_EMOTION)


@dataclass(frozen=True, slots=True)
class SyntheticPairs:
    """Pairs without end, from a pool of each modality."""

    pools: Mapping[Modality, Pool]

    def draw(self, count: int, generator: torch.Generator) -> Pairs:
        """New pairs at random."""
        return draw(self.pools, count, generator)

    def held_out(self, count: int, generator: torch.Generator) -> Pairs:
        """The same: what is held out is the samples they are made of."""
        return self.draw(count, generator)

    def counts(self) -> Mapping[Modality, int]:
        """Samples of each modality."""
        return {modality: len(pool.labels) for modality, pool in self.pools.items()}


def draw(pools: Mapping[Modality, Pool], count: int, generator: torch.Generator) -> Pairs:
    """Pair samples at random; classes come with the frequency of EMOTION_PRIOR, whatever the corpora hold."""
    prior = torch.tensor(EMOTION_PRIOR)
    emotions = torch.multinomial(prior, count, replacement=True, generator=generator)
    elsewhere = torch.multinomial(prior, count * len(MODALITIES), replacement=True, generator=generator)
    misled = torch.rand(count, len(MODALITIES), generator=generator) < MISLED
    shown = torch.where(misled, elsewhere.view(count, -1), emotions[:, None])
    sequences = {
        modality: _placed(pools[modality], shown[:, index], LAG_S[modality], generator)
        for index, modality in enumerate(MODALITIES)
    }
    polarity = torch.multinomial(POLARITY_OF_EMOTION[emotions], 1, generator=generator)[:, 0]
    return Pairs(FusionBatch(sequences), emotions, shown, polarity)


def drop_modalities(count: int, generator: torch.Generator) -> Tensor:
    """Modality dropout: shape (count, 3), bool, each row one of the seven subsets that are not empty."""
    rows = torch.randint(1, len(SUBSETS), (count,), generator=generator)
    return subset_masks()[rows]


def _placed(pool: Pool, labels: Tensor, lag_s: float, generator: torch.Generator) -> ModalitySequence:
    """A random sample for each label, its last look at a random time shortly before the window's end."""
    by_label = torch.argsort(pool.labels, stable=True)
    counts = torch.tensor(pool.counts())
    first = counts.cumsum(0) - counts
    fraction = torch.rand(len(labels), generator=generator, dtype=torch.float64)
    rows = by_label[first[labels] + (fraction * counts[labels]).long()]
    looks = take(pool.looks, rows)
    times_s = looks.times_s - lag_s * torch.rand(len(labels), 1, generator=generator)
    return ModalitySequence(
        looks.embeddings,
        looks.emotions,
        looks.polarity,
        times_s,
        looks.quality,
        looks.mask & (times_s > -WINDOW_S),
    )
