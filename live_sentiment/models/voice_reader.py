"""What reads the voice: the shipped head on the Whisper encoder, or an expert of one's own training.

Stateless: what is usual for a speaker is given with each window.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import BoolArray, Expert, FloatArray
from live_sentiment.models.encoders.expert import TrainedExpert, is_expert
from live_sentiment.models.store.shipped import ShippedWeights, load_shipped
from live_sentiment.models.voice_emotion import load_head, polarity
from live_sentiment.models.voice_encoder import VoiceEncoder, pool, speech_frames

if TYPE_CHECKING:
    import torch

    from live_sentiment.models.store.store import ModelStore

VoiceReading: TypeAlias = tuple[FloatArray, FloatArray, FloatArray]
"""Embedding (dim,), emotions (7,) and polarity (3,); the probabilities are calibrated."""

Normalise: TypeAlias = Callable[[FloatArray], FloatArray]
"""An embedding relative to what is usual for the speaker; what that is, the stream remembers."""


class VoiceReader(Protocol):
    """Windows of speech in, readings out."""

    @property
    def expert(self) -> Expert:
        """What fusion must know of it."""

    @property
    def usual(self) -> tuple[FloatArray, FloatArray] | None:
        """Mean and within-speaker deviation, both (dim,), of the embeddings that it wants normalised; None
        where it reads them as they are."""

    def __call__(self, samples: FloatArray, speech: BoolArray, normalise: Normalise) -> VoiceReading:
        """Read a window of sound, 16 kHz mono.

        Args:
            samples: shape (n,).
            speech: shape (n,), where somebody speaks.
            normalise: of the speaker; called once where there is `usual`.
        """


class NormalisedReader:
    """A linear head on the layers of the Whisper encoder, relative to the speaker.

    Raises:
        RunError: the folder holds no Whisper model for CTranslate2.
        UsageError: no such head, or one trained on another encoder.
    """

    def __init__(self, head: str, whisper_folder: Path, device: torch.device) -> None:
        self._head = load_head(head)
        self._encoder = VoiceEncoder(whisper_folder, device)
        if self._head.encoder != self._encoder.fingerprint:
            raise UsageError(
                f"the voice head {head!r} was trained on another encoder than {whisper_folder} holds; "
                "train one on it with `live-sentiment train voice`"
            )

    @property
    def expert(self) -> Expert:
        """See `VoiceReader`."""
        return self._head.expert

    @property
    def usual(self) -> tuple[FloatArray, FloatArray] | None:
        """See `VoiceReader`: those of the training corpora."""
        return self._head.mean, self._head.deviation

    def __call__(self, samples: FloatArray, speech: BoolArray, normalise: Normalise) -> VoiceReading:
        """See `VoiceReader`; the embedding is the normalised one's mean over the layers."""
        normalised = normalise(pool(self._encoder.frames(samples), speech_frames(speech)))
        emotions = self._head(normalised)
        return self._head.embed(normalised), emotions, polarity(emotions)


class TrainedVoiceReader:
    """An expert of one's own training; it reads the window and counts its speech."""

    usual = None

    def __init__(self, head: ShippedWeights, store: ModelStore, device: torch.device) -> None:
        self._expert = TrainedExpert(head, "voice", store, device)

    @property
    def expert(self) -> Expert:
        """See `VoiceReader`."""
        return self._expert.expert

    def __call__(self, samples: FloatArray, speech: BoolArray, normalise: Normalise) -> VoiceReading:
        """See `VoiceReader`."""
        reading = self._expert.read(samples, speech)
        return reading.embedding, reading.emotions, reading.polarity


def load_reader(head: str, whisper_folder: Path, store: ModelStore, device: torch.device) -> VoiceReader:
    """The reader that the name or path of a head asks for.

    Raises:
        RunError, UsageError: see `NormalisedReader` and `TrainedExpert`.
    """
    weights = load_shipped(head)
    if is_expert(weights):
        return TrainedVoiceReader(weights, store, device)
    return NormalisedReader(head, whisper_folder, device)
