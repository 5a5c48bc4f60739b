"""The expert of one modality that an experiment trained: an encoder and its two heads, in one file.

    p(y | sample)  =  softmax(head(mean over time of the encoder's embeddings) / T)

The file holds what training changed; pretrained weights are named in it, with their SHA-256.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import (
    EMOTIONS,
    POLARITIES,
    SAMPLE_RATE_HZ,
    BoolArray,
    Expert,
    FloatArray,
    Modality,
)
from live_sentiment.models.encoders.encoder import Encoded, Encoder, Raw, pad
from live_sentiment.models.encoders.registry import build_encoder
from live_sentiment.models.encoders.state import load_trained, trainable_state
from live_sentiment.models.store.shipped import ShippedWeights, save_shipped
from live_sentiment.models.store.store import ModelStore

KIND = "expert"
"""What the metadata of such a file names as its kind."""


class ExpertHead(nn.Module):
    """Class scores of one modality alone, from its mean embedding."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.emotions = nn.Linear(dim, len(EMOTIONS))
        self.polarity = nn.Linear(dim, len(POLARITIES))

    def forward(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings (B, dim) to scores of the emotions (B, 7) and of the polarities (B, 3)."""
        return self.emotions(embeddings), self.polarity(embeddings)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How scores become probabilities, and what these assume."""

    emotion_temperature: float
    polarity_temperature: float
    emotion_prior: FloatArray
    """Shape (7,), the class distribution under which the probabilities are calibrated."""
    polarity_prior: FloatArray
    """Shape (3,), likewise."""


def save_expert(
    path: Path,
    encoder: Encoder,
    head: ExpertHead,
    calibration: Calibration,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write an expert; `about` is put into the description for the record (data, run, figures)."""
    tensors = {f"encoder.{name}": tensor for name, tensor in trainable_state(encoder).items()}
    tensors |= {f"head.{name}": tensor for name, tensor in head.state_dict().items()}
    source = encoder.source
    metadata = {
        **(about or {}),
        "kind": KIND,
        "modality": encoder.modality,
        "encoder": encoder.config.model_dump(mode="json"),
        "source": {"name": source.name, "sha256": source.sha256} if source else None,
        "labels": {"emotions": EMOTIONS, "polarity": POLARITIES},
        "temperatures": {
            "emotions": calibration.emotion_temperature,
            "polarity": calibration.polarity_temperature,
        },
        "priors": {
            "emotions": calibration.emotion_prior.tolist(),
            "polarity": calibration.polarity_prior.tolist(),
        },
        "fingerprint": encoder.fingerprint,
    }
    save_shipped(path, tensors, metadata)


def is_expert(weights: ShippedWeights) -> bool:
    """Whether trained weights are those of an experiment's expert."""
    return weights.metadata.get("kind") == KIND


@dataclass(frozen=True, slots=True)
class ExpertReading:
    """What an expert says of one sample."""

    embedding: FloatArray
    """Shape (dim,)."""
    emotions: FloatArray
    """Shape (7,), calibrated probabilities in the order of EMOTIONS."""
    polarity: FloatArray
    """Shape (3,), calibrated probabilities in the order of POLARITIES."""


class TrainedExpert:
    """Reads one sample at a time, so that what it says of one depends on nothing else.

    Args:
        weights: what `save_expert` wrote.
        modality: the one it is to read.
        store: where its pretrained weights are found.
        device: where it computes.

    Raises:
        UsageError: it is no expert of this modality, or its pretrained weights are missing or others.
        RunError: a model of the store cannot be had.
    """

    def __init__(
        self, weights: ShippedWeights, modality: Modality, store: ModelStore, device: torch.device
    ) -> None:
        described = weights.metadata
        if not is_expert(weights) or described["modality"] != modality:
            found = f"{described.get('modality', 'no')} expert"
            raise UsageError(f"{weights.name} is a {found} and cannot read {modality}")
        labels = described["labels"]
        if tuple(labels["emotions"]) != EMOTIONS or tuple(labels["polarity"]) != POLARITIES:
            raise UsageError(f"the expert {weights.name} was trained for other classes; train it again")
        self._device = device
        self.encoder = _encoder(weights, modality, store, device)
        head = ExpertHead(self.encoder.dim)
        head.load_state_dict(_part(weights, "head."))
        self._head = head.to(device).eval().requires_grad_(False)
        self._temperatures = described["temperatures"]
        priors = described["priors"]
        source = f" ({Path(described['source']['name']).name})" if described["source"] else ""
        self.expert = Expert(
            modality=modality,
            embedding_dim=self.encoder.dim,
            emotion_prior=np.array(priors["emotions"], np.float32),
            polarity_prior=np.array(priors["polarity"], np.float32),
            model=f"{described['encoder']['name']}{source} + {weights.name}",
            sha256=weights.sha256,
        )

    @torch.inference_mode()
    def read(self, raw: Raw, speech: BoolArray | None = None) -> ExpertReading:
        """Read a sample; of sound, only what `speech` (n,) says is speech counts, where there is any.

        Raises:
            ValueError: the sample is empty or of another modality.
        """
        inputs, mask = pad([self.encoder.prepare(raw)])
        encoded = self.encoder(inputs.to(self._device), mask.to(self._device))
        embedding = (encoded if speech is None else _spoken(encoded, speech)).pooled()
        emotions, polarity = (
            (scores / self._temperatures[name]).softmax(dim=1)[0].cpu().numpy()
            for name, scores in zip(("emotions", "polarity"), self._head(embedding), strict=True)
        )
        return ExpertReading(embedding[0].cpu().numpy(), emotions, polarity)


def _encoder(weights: ShippedWeights, modality: Modality, store: ModelStore, device: torch.device) -> Encoder:
    wanted = weights.metadata["source"]
    name = wanted["name"] if wanted else None
    config = EncoderConfig.model_validate({**weights.metadata["encoder"], "source": name})
    encoder = build_encoder(modality, config, store, device)
    found = encoder.source.sha256 if encoder.source else None
    if wanted and found != wanted["sha256"]:
        raise UsageError(
            f"the expert {weights.name} was trained on {name} with SHA-256 {wanted['sha256'][:12]}…, and the "
            f"one here has {str(found)[:12]}…; put the former in its place, or train the expert again on "
            "this one with `live-sentiment train`"
        )
    load_trained(encoder, _part(weights, "encoder."))
    return encoder.eval().requires_grad_(False)


def _part(weights: ShippedWeights, prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in weights.tensors.items()
        if name.startswith(prefix)
    }


def _spoken(encoded: Encoded, speech: BoolArray) -> Encoded:
    """Without the steps that lie in silence, unless all do."""
    places = (len(speech) - 1 + (encoded.times_s * SAMPLE_RATE_HZ).round().long()).clamp(min=0)
    spoken = encoded.mask & torch.from_numpy(speech).to(places.device)[places]
    return Encoded(encoded.embeddings, spoken, encoded.times_s) if bool(spoken.any()) else encoded
