"""Stages over models that are loaded for them alone."""

from __future__ import annotations

from pathlib import Path

import torch

from live_sentiment.core.config import ComputeConfig, FaceConfig, ModelsConfig, TextConfig, VoiceConfig
from live_sentiment.models import face, text_reader, voice_reader
from live_sentiment.models.compute import onnx_options
from live_sentiment.models.store.store import ModelStore
from live_sentiment.models.voice_activity import VoiceActivity
from live_sentiment.perception.face.analyze import FaceAnalyzer
from live_sentiment.perception.text import TextAnalyzer
from live_sentiment.perception.voice.analyze import VoiceAnalyzer
from live_sentiment.perception.voice.vad import SpeechActivityDetector

CPU = torch.device("cpu")


def face_stage(
    config: FaceConfig, detector: Path, device: torch.device = CPU, store: ModelStore | None = None
) -> FaceAnalyzer:
    return FaceAnalyzer(config, face.load_face(config, detector, device, store or ModelStore(ModelsConfig())))


def voice_stage(config: VoiceConfig, whisper: Path, store: ModelStore | None = None) -> VoiceAnalyzer:
    store = store or ModelStore(ModelsConfig())
    return VoiceAnalyzer(config, voice_reader.load_reader(config.head, whisper, store, CPU))


def activity_stage(config: VoiceConfig | None = None) -> SpeechActivityDetector:
    return SpeechActivityDetector(config or VoiceConfig(), VoiceActivity(onnx_options(ComputeConfig())))


def text_stage(config: TextConfig, encoder: str | Path, store: ModelStore | None = None) -> TextAnalyzer:
    store = store or ModelStore(ModelsConfig())
    return TextAnalyzer(config, text_reader.load_reader(config, encoder, store, CPU, offline=store.offline))
