"""The experts of a configuration: what fusion must know of each, whether shipped or of the laboratory."""

from __future__ import annotations

from live_sentiment import compute
from live_sentiment.config import Config
from live_sentiment.perception.face.analyze import FaceAnalyzer
from live_sentiment.perception.text.reader import load_reader as load_text
from live_sentiment.perception.voice.analyze import VoiceAnalyzer
from live_sentiment.types import Expert, Modality
from live_sentiment.weights.store import FACE_DETECTOR, VOICE_ENCODER, ModelStore


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
