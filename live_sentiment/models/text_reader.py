"""Who reads the words: the text encoder with a trained head, or an expert of one's own training."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TypeAlias

import torch

from live_sentiment.core.config import TextConfig
from live_sentiment.core.types import Expert, FloatArray
from live_sentiment.models.encoders.expert import TrainedExpert, is_expert
from live_sentiment.models.store.shipped import ShippedWeights, load_shipped
from live_sentiment.models.store.store import ModelStore
from live_sentiment.models.text_emotion import CalibratedHead
from live_sentiment.models.text_encoder import TextEncoder

TextReading: TypeAlias = tuple[FloatArray, FloatArray, FloatArray]
"""Embedding (dim,), emotions (7,) and polarity (3,); the probabilities are calibrated."""


class TextReader(Protocol):
    """Texts in, readings out; what it says of one depends on that text alone."""

    @property
    def expert(self) -> Expert:
        """What fusion must know of it."""

    def fits(self, text: str) -> bool:
        """Whether it reads the text to its end."""

    @property
    def context_utterances(self) -> int:
        """How many utterances before a text it knows to make use of."""

    def __call__(self, text: str, context: str = "") -> TextReading:
        """Read a text, and with it what was said before."""


class HeadReader:
    """A trained head on the text encoder.

    Raises:
        UsageError: no such encoder or head, or they do not belong together.
    """

    def __init__(
        self, config: TextConfig, encoder_folder: str | Path, device: torch.device, *, offline: bool
    ) -> None:
        self._encoder = TextEncoder(encoder_folder, device, offline=offline)
        self._head = CalibratedHead(config.head, self._encoder, config.encoder)

    @property
    def expert(self) -> Expert:
        """See `TextReader`."""
        return self._head.expert

    def fits(self, text: str) -> bool:
        """See `TextReader`."""
        return len(self._encoder.tokens(text)) <= self._encoder.max_tokens

    @property
    def context_utterances(self) -> int:
        """See `TextReader`: context means nothing to a head that was trained without."""
        return self._head.context_utterances

    def __call__(self, text: str, context: str = "") -> TextReading:
        """See `TextReader`."""
        before = self._encoder.tokens(context) if context else ()
        embedding = self._encoder.embed(self._encoder.tokens(text), before)
        return (embedding, *self._head(embedding))


class TrainedTextReader:
    """An expert of one's own training."""

    def __init__(self, head: ShippedWeights, store: ModelStore, device: torch.device) -> None:
        self._expert = TrainedExpert(head, "text", store, device)

    @property
    def expert(self) -> Expert:
        """See `TextReader`."""
        return self._expert.expert

    def fits(self, text: str) -> bool:
        """See `TextReader`."""
        encoder = self._expert.encoder
        # What is too long is cut to the limit, so a text that reaches it may have been cut.
        return encoder.max_length is None or len(encoder.prepare(text)) < encoder.max_length

    @property
    def context_utterances(self) -> int:
        """See `TextReader`: none, it is trained on texts by themselves."""
        return 0

    def __call__(self, text: str, context: str = "") -> TextReading:
        """See `TextReader`; context is not read."""
        reading = self._expert.read(text)
        return reading.embedding, reading.emotions, reading.polarity


def load_reader(
    config: TextConfig, encoder_folder: str | Path, store: ModelStore, device: torch.device, *, offline: bool
) -> TextReader:
    """The reader that the configured head asks for.

    Raises:
        RunError, UsageError: see `HeadReader` and `TrainedExpert`.
    """
    weights = load_shipped(config.head)
    if is_expert(weights):
        return TrainedTextReader(weights, store, device)
    return HeadReader(config, encoder_folder, device, offline=offline)
