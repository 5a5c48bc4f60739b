"""What an experiment trains: an encoder and a head for each modality, and a learnt fuser over them.

    raw ─ encoder ─ embeddings ┬─────────────────────────── fuser ─ emotions, polarity, valence …
                               └ mean ─ expert's head ─ opinion ┘

The experts' heads are there so that each modality has an opinion of its own, as in a session; their
gradients reach the encoders, and the fuser hears what they say without teaching them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from live_sentiment.core.config import LearntConfig
from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES, Expert, Modality
from live_sentiment.fusion.batch import CAPACITY, PROBABILITY_FLOOR, FusionBatch, ModalitySequence
from live_sentiment.fusion.learnt import LearntFuser
from live_sentiment.models.encoders.encoder import Encoder
from live_sentiment.models.encoders.expert import ExpertHead
from live_sentiment.training.experiments.batch import ExperimentBatch, Given, Mixing


@dataclass(frozen=True, slots=True)
class ExpertLogits:
    """What one modality alone says of B samples."""

    emotions: Tensor
    """Shape (B, 7)."""
    polarity: Tensor
    """Shape (B, 3)."""
    present: Tensor
    """Shape (B,), bool: where it says anything."""


@dataclass(frozen=True, slots=True)
class ExperimentOutput:
    """What the model says of B samples."""

    emotion_logits: Tensor
    """Shape (B, 7)."""
    polarity_logits: Tensor
    """Shape (B, 3)."""
    valence_arousal: Tensor
    """Shape (B, 2), in [-1, 1]."""
    score: Tensor | None
    """Shape (B,), in [-3, 3]; None without that head."""
    experts: Mapping[Modality, ExpertLogits]
    auxiliary: Tensor | None
    """The core's own loss, a scalar; in training only."""

    @classmethod
    def joined(cls, said: Sequence[ExperimentOutput]) -> ExperimentOutput:
        """What was said of several batches as one, float32 on the CPU."""

        def rows(pick: Callable[[ExperimentOutput], Tensor]) -> Tensor:
            return torch.cat([pick(one).float().cpu() for one in said])

        return cls(
            rows(lambda one: one.emotion_logits),
            rows(lambda one: one.polarity_logits),
            rows(lambda one: one.valence_arousal),
            torch.cat([one.score.float().cpu() for one in said if one.score is not None])
            if said[0].score is not None
            else None,
            {
                name: ExpertLogits(
                    torch.cat([one.experts[name].emotions.float().cpu() for one in said]),
                    torch.cat([one.experts[name].polarity.float().cpu() for one in said]),
                    torch.cat([one.experts[name].present.cpu() for one in said]),
                )
                for name in said[0].experts
            },
            None,
        )


@dataclass(frozen=True, slots=True)
class Embedded:
    """One modality of B samples after its encoder."""

    embeddings: Tensor
    """Shape (B, T, dim), float32."""
    mask: Tensor
    """Shape (B, T), bool."""
    times_s: Tensor
    """Shape (B, T)."""

    @property
    def present(self) -> Tensor:
        """Shape (B,), bool."""
        return self.mask.any(dim=1)

    def pooled(self) -> Tensor:
        """Mean over the steps, shape (B, dim); zeros where there are none."""
        weights = self.mask[:, :, None].to(self.embeddings.dtype)
        return (self.embeddings * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


@dataclass(frozen=True, slots=True)
class Looked:
    """B samples after encoders and experts, ready to be fused."""

    windows: FusionBatch
    experts: Mapping[Modality, ExpertLogits]


class ExperimentModel(nn.Module):
    """Encoders, experts and fuser as one module.

    Args:
        encoders: of the modalities that are not given as features.
        dims: size of the embeddings of each modality that the fuser reads.
        fusion: the fuser's architecture.
        pooled: whether the fuser reads one mean embedding of a sample, or the encoder's steps.
    """

    temperatures: Tensor
    """Shape (3, 2), by MODALITIES: of each expert's emotions and polarity, fitted after training."""

    def __init__(
        self,
        encoders: Mapping[Modality, Encoder],
        dims: Mapping[Modality, int],
        fusion: LearntConfig,
        *,
        pooled: bool,
    ) -> None:
        super().__init__()
        self.dims = dict(dims)
        self.pooled = pooled
        self.encoders = nn.ModuleDict({name: encoders[name] for name in dims if name in encoders})
        self.heads = nn.ModuleDict({name: ExpertHead(dim) for name, dim in dims.items()})
        self.fuser = LearntFuser(stand_ins(dims), fusion)
        self.register_buffer("temperatures", torch.ones(len(MODALITIES), 2))

    def encoder(self, modality: Modality) -> Encoder:
        """The encoder of a modality; KeyError where it is given as features."""
        encoder = self.encoders[modality]
        assert isinstance(encoder, Encoder)
        return encoder

    def forward(
        self, batch: ExperimentBatch, keep: Tensor | None = None, mixing: Mixing | None = None
    ) -> ExperimentOutput:
        """Encode, ask the experts and fuse.

        `keep`, shape (B, 3) in the order of MODALITIES, bool, is False where the fuser does not get a
        modality to see. `mixing` mixes the embeddings.
        """
        return self.fuse(self.look(batch, mixing), keep)

    def look(self, batch: ExperimentBatch, mixing: Mixing | None = None) -> Looked:
        """Encode samples and ask the experts."""
        embedded: dict[Modality, Embedded] = {}
        for name in self.dims:
            one = self._embed(name, batch)
            embedded[name] = one if mixing is None else _mixed(one, mixing)
        experts = {name: self._ask(name, one) for name, one in embedded.items()}
        windows = {name: self._sequence(name, batch, embedded, experts) for name in MODALITIES}
        return Looked(FusionBatch(windows), experts)

    def fuse(self, looked: Looked, keep: Tensor | None = None) -> ExperimentOutput:
        """Fuse what was seen; `keep` as in `forward`."""
        fused = self.fuser.read(looked.windows if keep is None else looked.windows.keeping(keep))
        return ExperimentOutput(
            fused.output.emotion_logits,
            fused.output.polarity_logits,
            fused.output.valence_arousal,
            fused.score,
            looked.experts,
            fused.auxiliary,
        )

    def _ask(self, name: Modality, one: Embedded) -> ExpertLogits:
        """Calibrated logits of a modality's own head."""
        emotions, polarity = self.heads[name](one.pooled())
        for_emotions, for_polarity = self.temperatures[MODALITIES.index(name)]
        return ExpertLogits(emotions / for_emotions, polarity / for_polarity, one.present)

    def _embed(self, name: Modality, batch: ExperimentBatch) -> Embedded:
        device = self.fuser.log_emotion_prior.device
        given = batch.given.get(name)
        if given is None:
            return _nothing(batch.size, self.dims[name], device)
        one = _of_samples(batch.size, given, *self._encoded(name, given))
        if not self.pooled:
            return _thinned(one, CAPACITY[name])
        present = one.present[:, None]
        return Embedded(one.pooled()[:, None], present, torch.zeros_like(one.times_s[:, :1]))

    def _encoded(self, name: Modality, given: Given) -> tuple[Tensor, Tensor, Tensor]:
        if given.times_s is not None:
            return given.inputs, given.mask, given.times_s
        encoded = self.encoders[name](given.inputs, given.mask)
        return encoded.embeddings.float(), encoded.mask, encoded.times_s

    def _sequence(
        self,
        name: Modality,
        batch: ExperimentBatch,
        embedded: Mapping[Modality, Embedded],
        experts: Mapping[Modality, ExpertLogits],
    ) -> ModalitySequence:
        device = self.fuser.log_emotion_prior.device
        one = embedded.get(name) or _nothing(batch.size, 1, device)
        steps = one.mask.shape[1]
        if name in experts:
            emotions, polarity = _opinion(experts[name].emotions), _opinion(experts[name].polarity)
        else:
            emotions = torch.zeros(batch.size, len(EMOTIONS), device=device)
            polarity = torch.zeros(batch.size, len(POLARITIES), device=device)
        return ModalitySequence(
            embeddings=one.embeddings,
            emotions=emotions[:, None].expand(-1, steps, -1),
            polarity=polarity[:, None].expand(-1, steps, -1),
            times_s=one.times_s,
            quality=one.mask.float(),
            mask=one.mask,
        )


def stand_ins(dims: Mapping[Modality, int]) -> dict[Modality, Expert]:
    """Experts of these sizes for a fuser that is still to be trained; the others have none."""
    return {
        name: Expert(
            name,
            dims.get(name, 1),
            np.full(len(EMOTIONS), 1 / len(EMOTIONS), np.float32),
            np.full(len(POLARITIES), 1 / len(POLARITIES), np.float32),
            "none",
            "",
        )
        for name in MODALITIES
    }


def _nothing(rows: int, dim: int, device: torch.device) -> Embedded:
    return Embedded(
        torch.zeros(rows, 1, dim, device=device),
        torch.zeros(rows, 1, dtype=torch.bool, device=device),
        torch.zeros(rows, 1, device=device),
    )


def _of_samples(rows: int, given: Given, values: Tensor, mask: Tensor, times_s: Tensor) -> Embedded:
    """From looks, (n, T, …), to the samples they are of, (rows, looks · T, …)."""
    place = (given.rows, given.slots)
    looks = int(given.slots.max()) + 1

    def placed(one: Tensor) -> Tensor:
        whole = one.new_zeros(rows, looks, *one.shape[1:])
        return whole.index_put(place, one).flatten(1, 2)

    return Embedded(placed(values), placed(mask), placed(times_s + given.offsets_s[:, None]))


def _opinion(logits: Tensor) -> Tensor:
    """Log-probabilities as a session hands them on: floored, and without a way back for gradients."""
    floored = functional.softmax(logits.detach().float(), dim=1).clamp(min=PROBABILITY_FLOOR)
    return (floored / floored.sum(dim=1, keepdim=True)).log()


def _mixed(one: Embedded, mixing: Mixing) -> Embedded:
    """Steps that only one of two rows has stay as they are."""
    other = one.mask[mixing.order]
    share = torch.where(one.mask & other, mixing.share, one.mask.float())
    share = torch.where(one.mask | other, share, 1.0)
    return Embedded(
        share[:, :, None] * one.embeddings + (1 - share)[:, :, None] * one.embeddings[mixing.order],
        one.mask | other,
        share * one.times_s + (1 - share) * one.times_s[mixing.order],
    )


def _thinned(one: Embedded, capacity: int) -> Embedded:
    """At most `capacity` steps: means over equal stretches of a longer sequence.

    Of n > capacity steps, the t-th belongs to stretch ⌊t · capacity / n⌋.
    """
    if one.mask.shape[1] <= capacity:
        return one
    # What is masked may lie between the looks of a video: count what is there.
    place = one.mask.cumsum(dim=1) - 1
    lengths = one.mask.sum(dim=1, keepdim=True)
    stretch = torch.where(lengths > capacity, place * capacity // lengths.clamp(min=1), place)
    member = (stretch[:, None] == torch.arange(capacity, device=place.device)[:, None]) & one.mask[:, None]
    weights = member.float() / member.sum(dim=2, keepdim=True).clamp(min=1)
    times_s = (weights @ one.times_s[:, :, None])[:, :, 0]
    return Embedded(weights @ one.embeddings, member.any(dim=2), times_s)
