"""A missing modality's look made up from the others: an alternative to masking, and measured against it.

What a modality says of a window is summed up in one vector, its mean look: embedding and log-opinions,
weighted by quality. An imputer is a function of those vectors that are there, the *condition* c, and gives
vectors for those that are not. There are three:

- **regressor**: x̂ = MLP(c);
- **vae**: a conditional variational autoencoder (Sohn, Lee & Yan 2015): q(z | x, c), p(z | c), p(x | z, c);
  it says what the mean of p(z | c) decodes to;
- **gan**: a conditional generator G(c, z) (Mirza & Osindero 2014); it says G(c, 0).

All are deterministic once trained, so that a window gives the same result every time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES, Modality
from live_sentiment.fusion.batch import FusionBatch, ModalitySequence
from live_sentiment.fusion.fuser import Fuser, FusionOutput

WIDTH = 128
"""Of the hidden layers."""
LATENT = 16
"""Dimensions of z."""
OPINIONS = len(EMOTIONS) + len(POLARITIES)
QUALITY_FLOOR = 1e-4


class Imputer(nn.Module, ABC):
    """Base of the three; works on vectors of zero mean and unit deviation over the training windows.

    Args:
        dims: size of each modality's embedding.
    """

    mean: Tensor
    """Shape (D,), D the length of all three vectors side by side."""
    deviation: Tensor
    """Shape (D,); 1 where nothing varies."""

    def __init__(self, dims: Mapping[Modality, int]) -> None:
        super().__init__()
        self.sizes = [dims[name] + OPINIONS for name in MODALITIES]
        self.total = sum(self.sizes)
        self.register_buffer("mean", torch.zeros(self.total))
        self.register_buffer("deviation", torch.ones(self.total))
        of_modality = torch.repeat_interleave(torch.arange(len(MODALITIES)), torch.tensor(self.sizes))
        self.register_buffer("_of_modality", of_modality, persistent=False)

    _of_modality: Tensor

    def condition(self, vectors: Tensor, present: Tensor) -> Tensor:
        """What is there, (B, D + 3): zeros, the mean, for what is not, and which modalities are."""
        known = vectors.masked_fill(~self.spread(present), 0.0)
        return torch.cat([known, present.to(vectors)], dim=1)

    def spread(self, present: Tensor) -> Tensor:
        """Modalities, (B, 3), as entries of the vectors, (B, D)."""
        return present[:, self._of_modality]

    def standardised(self, batch: FusionBatch) -> Tensor:
        """The mean looks of B windows side by side, (B, D); only those that are there mean anything."""
        looks = [mean_look(batch.sequences[name]) for name in MODALITIES]
        return (torch.cat(looks, dim=1) - self.mean) / self.deviation

    def set_scale(self, batch: FusionBatch) -> None:
        """Take mean and deviation from training windows; each modality from those that have it."""
        looks = torch.cat([mean_look(batch.sequences[name]) for name in MODALITIES], dim=1)
        there = self.spread(batch.present)
        count = there.sum(dim=0).clamp(min=1)
        mean = looks.masked_fill(~there, 0.0).sum(dim=0) / count
        variance = ((looks - mean).masked_fill(~there, 0.0) ** 2).sum(dim=0) / count
        self.mean.copy_(mean)
        self.deviation.copy_(torch.where(variance > 1e-12, variance.sqrt(), 1.0))

    @abstractmethod
    def complete(self, condition: Tensor) -> Tensor:
        """Standardised vectors of all three, (B, D), given the condition."""

    def fill(self, batch: FusionBatch) -> FusionBatch:
        """The windows with one look for each modality that is absent, its quality the mean of the others'.

        Windows in which nothing is there stay so.
        """
        present = batch.present
        made = self.complete(self.condition(self.standardised(batch), present))
        looks = torch.split(made * self.deviation + self.mean, self.sizes, dim=1)
        quality = torch.stack([_mean_quality(batch.sequences[name]) for name in MODALITIES], dim=1)
        trusted = quality.sum(dim=1) / present.sum(dim=1).clamp(min=1)
        return FusionBatch(
            {
                name: _with_look(
                    batch.sequences[name], look, trusted, present.any(dim=1) & ~present[:, index]
                )
                for index, (name, look) in enumerate(zip(MODALITIES, looks, strict=True))
            }
        )


class Regressor(Imputer):
    """A perceptron with two hidden layers."""

    def __init__(self, dims: Mapping[Modality, int]) -> None:
        super().__init__(dims)
        self.net = perceptron(self.total + len(MODALITIES), self.total)

    def complete(self, condition: Tensor) -> Tensor:
        """The expected vectors, as the squared error has it."""
        made: Tensor = self.net(condition)
        return made


class ConditionalVae(Imputer):
    """A conditional variational autoencoder with diagonal Gaussians."""

    def __init__(self, dims: Mapping[Modality, int]) -> None:
        super().__init__(dims)
        given = self.total + len(MODALITIES)
        self.prior = perceptron(given, 2 * LATENT)
        self.posterior = perceptron(given + self.total, 2 * LATENT)
        self.decoder = perceptron(given + LATENT, self.total)

    def complete(self, condition: Tensor) -> Tensor:
        """What the mean of p(z | c) decodes to."""
        mean, _ = self.prior(condition).chunk(2, dim=1)
        return self.decode(mean, condition)

    def decode(self, latent: Tensor, condition: Tensor) -> Tensor:
        """Mean of p(x | z, c)."""
        made: Tensor = self.decoder(torch.cat([latent, condition], dim=1))
        return made

    def encode(self, vectors: Tensor, condition: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A z of q(z | x, c), the decoded vectors, and KL(q ‖ p), (B,)."""
        mean, log_sd = self.posterior(torch.cat([vectors, condition], dim=1)).chunk(2, dim=1)
        prior_mean, prior_log_sd = self.prior(condition).chunk(2, dim=1)
        latent = mean + log_sd.exp() * torch.randn_like(mean)
        return latent, self.decode(latent, condition), kl(mean, log_sd, prior_mean, prior_log_sd)


class ConditionalGan(Imputer):
    """A generator, and in training a discriminator that sees whole windows, true or completed."""

    def __init__(self, dims: Mapping[Modality, int]) -> None:
        super().__init__(dims)
        given = self.total + len(MODALITIES)
        self.generator = perceptron(given + LATENT, self.total)
        self.discriminator = perceptron(given + self.total, 1)

    def complete(self, condition: Tensor) -> Tensor:
        """G(c, 0), the most typical of what it draws."""
        return self.generate(condition, condition.new_zeros(len(condition), LATENT))

    def generate(self, condition: Tensor, noise: Tensor) -> Tensor:
        """G(c, z)."""
        made: Tensor = self.generator(torch.cat([condition, noise], dim=1))
        return made

    def judge(self, vectors: Tensor, condition: Tensor) -> Tensor:
        """Logit, (B,), that the vectors are true."""
        logit: Tensor = self.discriminator(torch.cat([vectors, condition], dim=1))[:, 0]
        return logit


IMPUTERS: Mapping[str, Callable[[Mapping[Modality, int]], Imputer]] = {
    "regressor": Regressor,
    "vae": ConditionalVae,
    "gan": ConditionalGan,
}


class ImputingFuser(Fuser):
    """A fuser that is given windows with the missing modalities filled in."""

    def __init__(self, fuser: Fuser, imputer: Imputer) -> None:
        nn.Module.__init__(self)
        self.embedding_dims = fuser.embedding_dims
        self.fuser, self.imputer = fuser, imputer

    def forward(self, batch: FusionBatch) -> FusionOutput:
        """Fuse what is there and what was made up; windows without anything go as they are."""
        output: FusionOutput = self.fuser(self.imputer.fill(batch))
        return output


def mean_look(sequence: ModalitySequence) -> Tensor:
    """Embedding and log-opinions of a modality, weighted by quality, (B, dim + 10); zeros where absent."""
    weights = sequence.quality.clamp(min=QUALITY_FLOOR).masked_fill(~sequence.mask, 0.0)
    weights = weights / weights.sum(dim=1, keepdim=True).clamp(min=QUALITY_FLOOR)
    look = torch.cat([sequence.embeddings, sequence.emotions, sequence.polarity], dim=2)
    return (weights[:, :, None] * look.masked_fill(~sequence.mask[:, :, None], 0.0)).sum(dim=1)


def kl(mean: Tensor, log_sd: Tensor, prior_mean: Tensor, prior_log_sd: Tensor) -> Tensor:
    """KL(N(μ, σ²) ‖ N(μ₀, σ₀²)) of diagonal Gaussians, (B,), in nats."""
    scaled = ((2 * log_sd).exp() + (mean - prior_mean) ** 2) / (2 * prior_log_sd).exp()
    return (prior_log_sd - log_sd + (scaled - 1) / 2).sum(dim=1)


def perceptron(inputs: int, outputs: int) -> nn.Sequential:
    """Two hidden layers of WIDTH."""
    return nn.Sequential(
        nn.Linear(inputs, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, outputs)
    )


def _mean_quality(sequence: ModalitySequence) -> Tensor:
    """Shape (B,); 0 where the modality is absent."""
    there = sequence.mask.sum(dim=1).clamp(min=1)
    return sequence.quality.masked_fill(~sequence.mask, 0.0).sum(dim=1) / there


def _with_look(sequence: ModalitySequence, look: Tensor, quality: Tensor, rows: Tensor) -> ModalitySequence:
    """The sequence with this look as the first step of the windows where `rows`, (B,), is true."""
    dim = sequence.embeddings.shape[2]
    embedding, emotions, polarity = torch.split(look, [dim, len(EMOTIONS), len(POLARITIES)], dim=1)
    first = torch.zeros_like(sequence.mask)
    first[:, 0] = rows
    wide = first[:, :, None]
    return replace(
        sequence,
        embeddings=torch.where(wide, embedding[:, None], sequence.embeddings),
        emotions=torch.where(wide, emotions.log_softmax(dim=1)[:, None], sequence.emotions),
        polarity=torch.where(wide, polarity.log_softmax(dim=1)[:, None], sequence.polarity),
        times_s=sequence.times_s.masked_fill(first, 0.0),
        quality=torch.where(first, quality[:, None], sequence.quality),
        mask=sequence.mask | first,
    )
