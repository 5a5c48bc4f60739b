"""From a text embedding to calibrated emotions and polarity.

    p(y | text)  =  softmax(evidence(text) / T + log prior)

Training adds each corpus's own class distribution to the logits (A. K. Menon et al. 2021, "Long-tail
learning via logit adjustment"), so that the evidence is free of any of them: corpora of different balance
can be mixed. The prior that is added back here is a choice, written in the metadata, and fusion takes it out
again.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES, Expert, FloatArray
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.models.text_adapter import split_adapter
from live_sentiment.models.text_encoder import TextEncoder


class TextHead(nn.Module):
    """Evidence for each emotion and polarity, from one embedding.

    Args:
        hidden_size: width of the embedding.
        inner_size: width of the hidden layer that both outputs share; 0 for a linear head.
        dropout: share of the inner units left out in training.
    """

    def __init__(self, hidden_size: int, inner_size: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.inner = (
            nn.Sequential(nn.Linear(hidden_size, inner_size), nn.GELU(), nn.Dropout(dropout))
            if inner_size
            else nn.Identity()
        )
        self.emotions = nn.Linear(inner_size or hidden_size, len(EMOTIONS))
        self.polarity = nn.Linear(inner_size or hidden_size, len(POLARITIES))

    def forward(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """Emotion evidence (B, 7) and polarity evidence (B, 3) of embeddings (B, hidden_size)."""
        inner = self.inner(embeddings)
        return self.emotions(inner), self.polarity(inner)


class CalibratedHead:
    """A trained head on the encoder it was trained on; probabilities out.

    Args:
        name_or_path: a shipped head, or a .safetensors file that `train text` wrote.
        encoder: what makes the embeddings; a head that was trained together with its encoder adapts it.
        encoder_name: what the user calls it.

    Raises:
        UsageError: no such head, not a text head, or one for another encoder.
    """

    def __init__(self, name_or_path: str, encoder: TextEncoder, encoder_name: str) -> None:
        weights = load_shipped(name_or_path)
        metadata = weights.metadata
        if metadata.get("modality") != "text":
            raise UsageError(f"{name_or_path!r} is no text head; `live-sentiment train text` makes one")
        trained = metadata["encoder"]
        if trained["sha256"] != encoder.sha256:
            raise UsageError(
                f"the text head {name_or_path!r} fits the encoder {trained['name']!r} (width "
                f"{trained['hidden_size']}, SHA-256 {trained['sha256'][:12]}…), not {encoder_name!r} (width "
                f"{encoder.hidden_size}, SHA-256 {encoder.sha256[:12]}…); take that encoder, or make a head "
                f"for yours with `live-sentiment train text --encoder {encoder_name} --data FOLDER "
                "--output FILE` and --set perception.text.head=FILE"
            )
        tensors, adapter = split_adapter(weights.tensors, metadata.get("adapter_scale", 1.0))
        if adapter is not None:
            encoder.adapt(adapter)
        self.context_utterances: int = metadata.get("context_utterances", 0)
        """How many utterances before a text it was trained to have read with it."""
        self._head = TextHead(encoder.hidden_size, metadata["inner_size"])
        self._head.load_state_dict(tensors)
        self._head.eval().requires_grad_(False)
        self._temperatures = (metadata["emotion_temperature"], metadata["polarity_temperature"])
        self.expert = Expert(
            modality="text",
            embedding_dim=encoder.hidden_size,
            emotion_prior=np.array(metadata["emotion_prior"], np.float32),
            polarity_prior=np.array(metadata["polarity_prior"], np.float32),
            model=f"{trained['name']} + {weights.name}",
            sha256=weights.sha256,
        )

    @torch.inference_mode()
    def __call__(self, embedding: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Emotions (7,) and polarity (3,) of one embedding (embedding_dim,)."""
        evidence = self._head(torch.from_numpy(embedding)[None])
        priors = (self.expert.emotion_prior, self.expert.polarity_prior)
        emotions, polarity = (
            torch.softmax(one[0] / temperature + torch.from_numpy(prior).log(), dim=0).numpy()
            for one, temperature, prior in zip(evidence, self._temperatures, priors, strict=True)
        )
        return emotions, polarity
