"""The experts of a configuration: what fusion must know of each, whether shipped or of one's own training."""

from __future__ import annotations

from live_sentiment.core.config import Config
from live_sentiment.core.types import Expert, Modality
from live_sentiment.models import compute
from live_sentiment.models.face_reader import load_reader as load_face
from live_sentiment.models.store.store import VOICE_ENCODER, ModelStore
from live_sentiment.models.text_reader import load_reader as load_text
from live_sentiment.models.voice_reader import load_reader as load_voice


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
    voice = load_voice(perception.voice.head, store.path(VOICE_ENCODER), store, device)
    face = load_face(perception.face.encoder, store, device)
    return {"text": text.expert, "voice": voice.expert, "vision": face.expert}
