"""Voice by wav2vec 2.0, HuBERT, WavLM and their kin in transformers, on the bare waveform."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import SAMPLE_RATE_HZ
from live_sentiment.models.encoders.encoder import Encoded, Raw, as_sound
from live_sentiment.models.encoders.pretrained import TransformersEncoder, load_network
from live_sentiment.models.encoders.source import Source, fetch_source
from live_sentiment.models.store.store import ModelStore

_PARTS = ("feature_extractor", "feature_projection", "encoder")
"""What every network of the family is made of, one behind the other."""
_VARIANCE_FLOOR = 1e-7


class Wav2Vec2Encoder(TransformersEncoder):
    """One embedding each 20 ms, as most of these networks are made."""

    modality = "voice"
    within = "encoder"
    unused = ("masked_spec_embed", "adapter.", "encoder.adapter.")

    def __init__(self, config: EncoderConfig, source: Source, network: nn.Module) -> None:
        super().__init__(config, source, network)
        described: Any = self.network.config
        # A layer left out at random would be missed by what reads them all.
        described.layerdrop = 0.0
        self.dim = described.hidden_size
        self._stride = math.prod(described.conv_stride)
        self._field = _receptive_field(described.conv_kernel, described.conv_stride)
        settings = source.settings("preprocessor_config.json")
        self._standardise: bool = settings.get("do_normalize", True)

    def behind_blocks(self) -> Sequence[str]:
        """See `TransformersEncoder`: one of the two orders of norms ends with one."""
        return ("encoder.layer_norm.",) if self.network.config.do_stable_layer_norm else ()

    def lora_excludes(self) -> Sequence[str]:
        """See `TransformersEncoder`: WavLM takes its attention's weights out of the maps and calls none."""
        if self.network.config.model_type != "wavlm":
            return ()
        maps = ("q_proj", "k_proj", "v_proj", "out_proj")
        return tuple(f"attention.{name}" for name in maps)

    def prepare(self, raw: Raw) -> Tensor:
        """The waveform, float32 (L,), at mean 0 and deviation 1 where the network was trained so."""
        sound = as_sound(raw)
        if len(sound) < self._field:
            sound = functional.pad(sound, (self._field - len(sound), 0))
        if self._standardise:
            sound = (sound - sound.mean()) / (sound.var(correction=0) + _VARIANCE_FLOOR).sqrt()
        return sound

    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        """See `Encoder`."""
        lengths = mask.sum(dim=1)
        features, heard = self._features(inputs, lengths)
        projected = self.network.feature_projection(features)
        hidden = projected if isinstance(projected, Tensor) else projected[0]

        def run() -> Tensor:
            with warnings.catch_warnings():
                # WavLM's attention gets a mask of bools and a bias of floats; both do what they should.
                warnings.filterwarnings("ignore", message="Support for mismatched key_padding_mask")
                output: Tensor = self.network.encoder(hidden, attention_mask=heard).last_hidden_state
            return output

        embeddings = self.layers(run).float()
        centres = torch.arange(heard.shape[1], device=mask.device) * self._stride + self._field / 2
        times_s = (centres[None] - lengths[:, None]) / SAMPLE_RATE_HZ
        return Encoded(embeddings, heard, times_s.clamp(max=0))

    def _features(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Local features (B, T, channels) and their mask (B, T).

        One sample after the other: some networks normalise over the whole length, padding and all.
        """
        found = [
            self.network.feature_extractor(sound[None, : int(length)])[0].T
            for sound, length in zip(inputs, lengths, strict=True)
        ]
        counts = torch.tensor([len(one) for one in found], device=inputs.device)
        features = nn.utils.rnn.pad_sequence(found, batch_first=True)
        return features, torch.arange(features.shape[1], device=inputs.device)[None] < counts[:, None]


def build(config: EncoderConfig, store: ModelStore) -> Wav2Vec2Encoder:
    """The network named as the source.

    Raises:
        UsageError: no source, none to be found, or none of this family.
    """
    if config.source is None:
        raise UsageError(
            "the encoder wav2vec2 has no weights of its own; give it a source: a folder, or a name on a "
            "model hub such as facebook/wav2vec2-base, facebook/hubert-base-ls960 or microsoft/wavlm-base"
        )
    source = fetch_source(config.source, store)
    network = load_network(source, config)
    if not all(hasattr(network, part) for part in _PARTS):
        raise UsageError(f"{source.name} is no network of the wav2vec 2.0 family")
    return Wav2Vec2Encoder(config, source, network)


def _receptive_field(kernels: Sequence[int], strides: Sequence[int]) -> int:
    """Samples that one feature looks at: 400 for the usual seven convolutions."""
    field, stride = 1, 1
    for kernel, step in zip(kernels, strides, strict=True):
        field += (kernel - 1) * stride
        stride *= step
    return field
