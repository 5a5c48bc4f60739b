"""The experts of a configuration: what fusion must know of each, whether shipped or of the laboratory."""

from __future__ import annotations

from live_sentiment.core.config import Config
from live_sentiment.core.types import Expert, Modality
from live_sentiment.models import compute
from live_sentiment.models.store.store import FACE_DETECTOR, VOICE_ENCODER, ModelStore
from live_sentiment.models.text_reader import load_reader as load_text
from live_sentiment.perception.face.analyze import FaceAnalyzer
from live_sentiment.perception.voice.analyze import VoiceAnalyzer


def read_experts(config: Config, store: ModelStore) -> dict[Modality, Expert]:
    """One expert for each of MODALITIES.

    Raises:
        UsageError: the configuration names no such encoder or head, or they do not belong together.
        RunError: a model could not be fetched.
    """
    device = compute.apply(config.compute)
    perception = config.perception
    text = load_text(
        perception.text, store.resolve(perception.text.encoder), store, device, offline=store.offline
    )
    voice = VoiceAnalyzer(perception.voice, store.path(VOICE_ENCODER), device, store)
    face = FaceAnalyzer(perception.face, store.path(FACE_DETECTOR), device)
    return {"text": text.expert, "voice": voice.expert, "vision": face.expert}
