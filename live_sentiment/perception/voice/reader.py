"""Who reads the voice: the shipped head on the Whisper encoder, or an expert of the laboratory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Expert, FloatArray
from live_sentiment.models.encoders.expert import LabExpert, is_expert
from live_sentiment.models.store.shipped import ShippedWeights, load_shipped
from live_sentiment.models.voice_emotion import load_head, polarity
from live_sentiment.models.voice_encoder import VoiceEncoder, pool, speech_frames
from live_sentiment.perception.voice.normalise import SpeakerNormaliser
from live_sentiment.perception.voice.windows import SpokenWindow

if TYPE_CHECKING:
    import torch

    from live_sentiment.models.store.store import ModelStore

VoiceReading: TypeAlias = tuple[FloatArray, FloatArray, FloatArray]
"""Embedding (dim,), emotions (7,) and polarity (3,); the probabilities are calibrated."""


class VoiceReader(Protocol):
    """Windows of speech in, readings out."""

    @property
    def expert(self) -> Expert:
        """What fusion must know of it."""

    def reset(self) -> None:
        """A new speaker."""

    def __call__(self, window: SpokenWindow) -> VoiceReading:
        """Read a window; they come in time order."""


class NormalisedReader:
    """A linear head on the layers of the Whisper encoder, relative to the speaker's running mean.

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
        self._speaker = SpeakerNormaliser(self._head.mean, self._head.deviation)

    @property
    def expert(self) -> Expert:
        """See `VoiceReader`."""
        return self._head.expert

    def reset(self) -> None:
        """See `VoiceReader`."""
        self._speaker.reset()

    def __call__(self, window: SpokenWindow) -> VoiceReading:
        """See `VoiceReader`; the embedding is the normalised one's mean over the layers."""
        embedding = pool(self._encoder.frames(window.samples), speech_frames(window.speech))
        normalised = self._speaker(embedding, window.new_speech_s)
        emotions = self._head(normalised)
        return self._head.embed(normalised), emotions, polarity(emotions)


class LabVoiceReader:
    """An expert of the laboratory; it hears the window and counts its speech."""

    def __init__(self, head: ShippedWeights, store: ModelStore, device: torch.device) -> None:
        self._expert = LabExpert(head, "voice", store, device)

    @property
    def expert(self) -> Expert:
        """See `VoiceReader`."""
        return self._expert.expert

    def reset(self) -> None:
        """Nothing to forget."""

    def __call__(self, window: SpokenWindow) -> VoiceReading:
        """See `VoiceReader`."""
        reading = self._expert.read(window.samples, window.speech)
        return reading.embedding, reading.emotions, reading.polarity


def load_reader(head: str, whisper_folder: Path, store: ModelStore, device: torch.device) -> VoiceReader:
    """The reader that the name or path of a head asks for.

    Raises:
        RunError, UsageError: see `NormalisedReader` and `LabExpert`.
    """
    weights = load_shipped(head)
    if is_expert(weights):
        return LabVoiceReader(weights, store, device)
    return NormalisedReader(head, whisper_folder, device)
