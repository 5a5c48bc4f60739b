"""What `train fusion` learns from: the heads of a configuration, and the corpora as they read them."""

from __future__ import annotations

from pathlib import Path

from rich.progress import Progress

from live_sentiment.core.config import Config
from live_sentiment.core.types import Expert, Modality
from live_sentiment.models import compute
from live_sentiment.models.face_expression import Expression
from live_sentiment.models.face_reader import load_reader as load_face
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.models.store.store import FACE_DETECTOR, VOICE_ENCODER, ModelStore
from live_sentiment.models.text_emotion import CalibratedHead
from live_sentiment.models.text_encoder import TextEncoder
from live_sentiment.models.voice_emotion import load_head
from live_sentiment.models.voice_encoder import VoiceEncoder
from live_sentiment.training.data import fusion_text, fusion_vision, fusion_voice
from live_sentiment.training.data.pairing import Pool, SyntheticPairs
from live_sentiment.training.tasks.fusion_run import Corpora


def read_corpora(
    data: Path, config: Config, store: ModelStore, cache: Path, progress: Progress
) -> tuple[dict[Modality, Expert], Corpora]:
    """The experts and the pools of all splits, from the folders text, voice and face of `data`.

    Raises:
        UsageError: a corpus or a head is missing, or they do not fit each other.
        RunError: a model could not be fetched.
    """
    device = compute.apply(config.compute)
    perception = config.perception
    encoder = TextEncoder(store.resolve(perception.text.encoder), device, offline=store.offline)
    text_head = CalibratedHead(perception.text.head, encoder, perception.text.encoder)
    voice_head = load_head(perception.voice.head)
    voice_encoder = VoiceEncoder(store.path(VOICE_ENCODER), device)
    detector = store.path(FACE_DETECTOR)
    expression = Expression(load_shipped(perception.face.encoder), device)
    pools: dict[Modality, dict[str, Pool]] = {
        "text": fusion_text.text_pools(
            data / "text",
            encoder,
            text_head,
            context_utterances=min(perception.text.context_utterances, text_head.context_utterances),
            cache=cache,
            progress=progress,
        ),
        "voice": fusion_voice.voice_pools(
            data / "voice", perception.voice, voice_encoder, voice_head, cache=cache, progress=progress
        ),
        "vision": fusion_vision.vision_pools(
            data / "face", detector, expression, cache, progress, bfloat16=compute.quick_bfloat16()
        ),
    }
    experts: dict[Modality, Expert] = {
        "text": text_head.expert,
        "voice": voice_head.expert,
        "vision": load_face(perception.face.encoder, store, device).expert,
    }

    def of(split: str) -> SyntheticPairs:
        return SyntheticPairs({modality: pools[modality][split] for modality in experts})

    sources = {
        "text": fusion_text.SOURCE,
        "voice": fusion_voice.SOURCE,
        "vision": fusion_vision.SOURCE,
    }
    return experts, Corpora(of("train"), of("validation"), of("test"), sources, synthetic=True)
