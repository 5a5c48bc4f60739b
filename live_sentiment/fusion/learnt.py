"""The learnt fusers: projections to tokens of one width, a core between them, heads on the core's vector.

    embeddings ┐                              ┌ emotions, polarity
               ├ tokens ─ core ─ hidden layers ┼ valence and arousal
    opinions   ┘                              └ score

A head learns the *evidence*, what departs from the prior:

    log p(y | x)  =  log prior(y)  +  s · t · head(h)  +  const

Quality is not learnt from, since no corpus says what a poor look is worth; it acts by construction. Within a
core a look of half the quality has half the weight; t, the trust in the best modality that is there, scales
how far the result departs from the prior, and is zero where nothing is there. s is the calibration, an
inverse temperature for each subset of the modalities, fitted on validation data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from live_sentiment.core.config import LearntConfig
from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES, Expert, Modality
from live_sentiment.fusion.batch import SUBSETS, FusionBatch, ModalitySequence
from live_sentiment.fusion.circumplex import valence_arousal
from live_sentiment.fusion.cores import CORES
from live_sentiment.fusion.cores.core import Tokens
from live_sentiment.fusion.cores.pooling import quality_of
from live_sentiment.fusion.fuser import Fuser, FusionOutput, trust
from live_sentiment.fusion.polarity import emotions_from, polarity_from

HIGHEST_SCORE = 3.0
"""Sentiment scores lie in [-3, 3], as CMU-MOSI and CMU-MOSEI have them."""
HEAD_SIZES = {"emotions": len(EMOTIONS), "polarity": len(POLARITIES), "valence_arousal": 2, "score": 1}


@dataclass(frozen=True, slots=True)
class LearntOutput:
    """All that a learnt fuser says of B windows."""

    output: FusionOutput
    """As every fuser gives it."""
    vector: Tensor
    """Shape (B, out): what the heads read."""
    score: Tensor | None
    """Shape (B,), sentiment in [-3, 3]; None without that head."""
    auxiliary: Tensor | None
    """A scalar, the core's own loss; None where it has none, and outside training."""


class LearntFuser(Fuser):
    """A fuser whose core is chosen by name and whose weights are trained."""

    emotion_scale: Tensor
    """Shape (8,): calibration, an inverse temperature of the evidence for each of SUBSETS."""
    polarity_scale: Tensor
    """Shape (8,), likewise."""
    learnt_sd: Tensor
    """Shape (8, 2): how far learnt valence and arousal are off on validation data, for each of SUBSETS."""

    def __init__(self, experts: Mapping[Modality, Expert], config: LearntConfig) -> None:
        """Of the `experts` only the sizes of their embeddings matter, and only of the modalities it reads."""
        super().__init__(experts)
        self.config = config
        # By the order of MODALITIES, whatever order the configuration has: weights are drawn in it.
        reads = [name for name in MODALITIES if name in config.modalities]
        self.projections = nn.ModuleDict(
            {name: Projection(self.embedding_dims[name], config) for name in reads}
        )
        self.core = CORES[config.core](config)
        layers: list[nn.Module] = [nn.LayerNorm(self.core.out_dim)]
        width = self.core.out_dim
        for wider in config.hidden:
            layers += [nn.Linear(width, wider), nn.ReLU(), nn.Dropout(config.dropout)]
            width = wider
        self.trunk = nn.Sequential(*layers)
        self.heads = nn.ModuleDict({name: nn.Linear(width, HEAD_SIZES[name]) for name in config.heads})
        self.register_buffer("emotion_scale", torch.ones(len(SUBSETS)))
        self.register_buffer("polarity_scale", torch.ones(len(SUBSETS)))
        self.register_buffer("learnt_sd", torch.full((len(SUBSETS), 2), 0.5))
        keep = torch.tensor([[name in config.modalities for name in MODALITIES]])
        self.register_buffer("_keep", keep, persistent=False)

    _keep: Tensor

    def forward(self, batch: FusionBatch) -> FusionOutput:
        """Fuse what is there; the prior where there is nothing."""
        return self.read(batch).output

    def read(self, batch: FusionBatch) -> LearntOutput:
        """As `forward`, with everything that training looks at."""
        batch = batch.keeping(self._keep)
        tokens = {name: self._tokens(name, batch.sequences[name]) for name in MODALITIES}
        fused = self.core(tokens)
        quality = torch.stack([quality_of(tokens[name]) for name in MODALITIES], dim=1)
        trusted = trust(quality.amax(dim=1))
        vector: Tensor = self.trunk(fused.vector)
        heads = {name: head(vector) for name, head in self.heads.items()}
        score = (HIGHEST_SCORE * heads["score"][:, 0].tanh() * trusted) if "score" in heads else None
        return LearntOutput(self._output(heads, batch.subset, trusted), vector, score, fused.auxiliary)

    def set_priors(self, emotions: Tensor, polarity: Tensor) -> None:
        """Put the class distributions, shapes (7,) and (3,), of the data in the place of those of use.

        For data whose classes are not as in life; what is said without evidence is the prior.
        """
        self.log_emotion_prior.copy_(emotions.log())
        self.log_polarity_prior.copy_(polarity.log())

    def _tokens(self, name: Modality, sequence: ModalitySequence) -> Tokens:
        if name in self.projections:
            values = self.projections[name](sequence)
        else:
            values = sequence.quality.new_zeros(*sequence.mask.shape, self.config.width)
        # Cleared here for all cores: in a gradient, zero times what is not a number is not one either.
        padding = ~sequence.mask
        return Tokens(
            values,
            sequence.mask,
            sequence.times_s.masked_fill(padding, 0.0),
            sequence.quality.masked_fill(padding, 0.0),
        )

    def _output(self, heads: Mapping[str, Tensor], subset: Tensor, trusted: Tensor) -> FusionOutput:
        emotions, polarity = self.log_emotion_prior, self.log_polarity_prior
        emotion_logits = emotions.expand(len(subset), -1)
        polarity_logits = polarity.expand(len(subset), -1)
        if "emotions" in heads:
            emotion_logits = emotions + (self.emotion_scale[subset] * trusted)[:, None] * heads["emotions"]
        if "polarity" in heads:
            polarity_logits = polarity + (self.polarity_scale[subset] * trusted)[:, None] * heads["polarity"]
        if "emotions" not in heads and "polarity" in heads:
            emotion_logits = emotions_from(polarity_logits, emotions)
        if "polarity" not in heads and "emotions" in heads:
            polarity_logits = polarity_from(emotion_logits)
        if "valence_arousal" not in heads:
            return FusionOutput.from_logits(emotion_logits, polarity_logits)
        mean = heads["valence_arousal"].tanh() * trusted[:, None]
        # The less a look is trusted, the nearer it comes to what is said of nobody.
        _, prior_sd = valence_arousal(emotions.exp()[None])
        sd = trusted[:, None] * self.learnt_sd[subset] + (1 - trusted[:, None]) * prior_sd
        return FusionOutput(emotion_logits, polarity_logits, mean, sd)


class Projection(nn.Module):
    """From the sequence of one modality to values of tokens, shape (B, T, width)."""

    def __init__(self, embedding_dim: int, config: LearntConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(embedding_dim)
        self.embedding = nn.Linear(embedding_dim, config.width)
        opinions = len(EMOTIONS) + len(POLARITIES)
        self.opinion = nn.Linear(opinions, config.width) if config.use_opinions else None
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, sequence: ModalitySequence) -> Tensor:
        """Values of what is there, zeros elsewhere; the bias of the projection tells the modalities apart."""
        # Only what is there is computed: most of a window's places are empty, and what lies in them is
        # never looked at.
        there = sequence.mask
        found: Tensor = self.embedding(self.dropout(self.norm(sequence.embeddings[there])))
        if self.opinion is not None:
            found = found + self.opinion(
                torch.cat([sequence.emotions[there], sequence.polarity[there]], dim=1)
            )
        values = found.new_zeros(*there.shape, found.shape[1])
        values[there] = self.dropout(found)
        return values
