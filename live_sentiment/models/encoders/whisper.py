"""Voice by the Whisper encoder, up to any of its layers, on sound of any length.

The weights come in CTranslate2's format, as the recogniser uses them, or as transformers saves them. Layers
are counted as everywhere: 0 is what the first block is given; `last` is the last block's output, without the
norm behind it.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.models.ctranslate2_reader import read_arrays
from live_sentiment.models.encoders.encoder import Encoded, Encoder, Raw, as_sound
from live_sentiment.models.encoders.layers import Layers
from live_sentiment.models.encoders.mel import frame_times
from live_sentiment.models.encoders.source import SAFETENSORS, Source, fetch_source
from live_sentiment.models.encoders.tuning import tune
from live_sentiment.models.store.store import VOICE_ENCODER, ModelStore
from live_sentiment.models.voice_encoder import FRAME_S, N_FFT, LogMel, WhisperLayers, load_layers

CTRANSLATE2 = "model.bin"
_PARTS = {
    "attention_norm": "self_attn_layer_norm",
    "attention_out": "self_attn.out_proj",
    "mlp_norm": "final_layer_norm",
    "mlp_in": "fc1",
    "mlp_out": "fc2",
}
"""Our names of a block's parts and transformers'."""


class WhisperEncoder(Encoder):
    """One embedding each 20 ms."""

    modality = "voice"

    def __init__(self, config: EncoderConfig, source: Source, network: WhisperLayers) -> None:
        super().__init__(config, source)
        self.network = network
        self.dim = network.conv1.out_channels
        self.layers = Layers(network.blocks, config)
        tune(network, network.blocks, self.layers.in_use, config)
        self._mel = [LogMel()]  # in a list, as it stays on the CPU

    def prepare(self, raw: Raw) -> Tensor:
        """Log-mel frames, float32 (L, 80), one each 10 ms."""
        sound = as_sound(raw)
        if len(sound) < N_FFT:
            sound = functional.pad(sound, (N_FFT - len(sound), 0))
        mel: Tensor = self._mel[0](sound[None])[0].T
        return mel

    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        """See `Encoder`."""
        mel = (inputs * mask[:, :, None]).transpose(1, 2)
        embeddings = self.layers(lambda: self.network(mel, mask)).float()
        frames = mask[:, ::2]
        return Encoded(embeddings, frames, frame_times(frames, FRAME_S))


def build(config: EncoderConfig, store: ModelStore) -> WhisperEncoder:
    """The encoder of the recogniser that is always there, or of the model named as the source.

    Raises:
        UsageError: no such source, or no Whisper in it.
        RunError: a model of the store cannot be had, or its file is damaged.
    """
    source = fetch_source(config.source or VOICE_ENCODER, store, (CTRANSLATE2, SAFETENSORS))
    if (source.folder / CTRANSLATE2).is_file():
        norms = r"encoder/layer_(\d+)/ffn/layer_norm/gamma"
        found = read_arrays(source.folder / CTRANSLATE2, lambda name: bool(re.match(norms, name)))
        network, _ = load_layers(source.folder, _count(list(found), norms, source))
    else:
        network = _from_transformers(source)
    return WhisperEncoder(config, source, network)


def _from_transformers(source: Source) -> WhisperLayers:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    saved: dict[str, Tensor] = {}
    try:
        for file in sorted(source.folder.glob(SAFETENSORS)):
            saved |= load_file(file)
    except SafetensorError as error:
        raise UsageError(f"cannot read the weights of {source.name}: {error}") from error
    # A whole Whisper calls its encoder model.encoder, its base model encoder, the encoder alone nothing.
    saved = {re.sub(r"^(model\.)?encoder\.", "", name): tensor.float() for name, tensor in saved.items()}
    layers = _count(list(saved), r"layers\.(\d+)\.fc1\.weight", source)
    try:
        positions, width = saved["embed_positions.weight"].shape
        network = WhisperLayers(width, layers, positions)
        network.load_state_dict(_translated(saved, layers))
    except (KeyError, RuntimeError) as error:
        raise UsageError(f"{source.name} holds no Whisper encoder that is read here: {error}") from error
    return network


def _translated(saved: dict[str, Tensor], layers: int) -> dict[str, Any]:
    state = {"positions": saved["embed_positions.weight"]}
    kinds = ("weight", "bias")
    state |= {f"{conv}.{kind}": saved[f"{conv}.{kind}"] for conv in ("conv1", "conv2") for kind in kinds}
    for index in range(layers):
        theirs, ours = f"layers.{index}", f"blocks.{index}"
        for kind in kinds:
            state |= {f"{ours}.{part}.{kind}": saved[f"{theirs}.{_PARTS[part]}.{kind}"] for part in _PARTS}
            # Whisper's keys have no bias.
            query = saved[f"{theirs}.self_attn.q_proj.{kind}"]
            key = saved.get(f"{theirs}.self_attn.k_proj.{kind}", torch.zeros_like(query))
            value = saved[f"{theirs}.self_attn.v_proj.{kind}"]
            state[f"{ours}.query_key_value.{kind}"] = torch.cat((query, key, value))
    return state


def _count(names: list[str], pattern: str, source: Source) -> int:
    found = {int(match[1]) for name in names if (match := re.match(pattern, name))}
    if not found:
        raise UsageError(f"{source.name} holds no Whisper encoder")
    return len(found)
