"""What the encoders that start from a transformers network have in common: loading, layers, tuning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.libraries import load_transformers
from live_sentiment.models.encoders.encoder import Encoder
from live_sentiment.models.encoders.layers import Layers
from live_sentiment.models.encoders.source import Source
from live_sentiment.models.encoders.tuning import tune


class TransformersEncoder(Encoder):
    """An encoder around a transformers network with blocks in a row.

    Args:
        config: what is read of it and what is trained.
        source: its weights.
        network: as `load_network` gives it.
    """

    within: ClassVar[str] = ""
    """The part of the network that holds its blocks."""
    unused: ClassVar[Sequence[str]] = ()
    """Beginnings of the names of parameters that no embedding depends on."""

    def __init__(self, config: EncoderConfig, source: Source | None, network: nn.Module) -> None:
        super().__init__(config, source)
        self.network: Any = network
        blocks = find_blocks(network, self.within)
        self.layers = Layers(blocks, config)
        unused = self.unused if self.layers.reads_output else (*self.unused, *self.behind_blocks())
        settings = config if source else config.model_copy(update={"tune": "full"})
        tune(network, blocks, self.layers.in_use, settings, unused=unused, lora_excludes=self.lora_excludes())

    def behind_blocks(self) -> Sequence[str]:
        """Beginnings of the names of parameters that only the network's own output depends on."""
        return ()

    def lora_excludes(self) -> Sequence[str]:
        """Endings of the names of linear maps that cannot take a low-rank addition."""
        return ()


def load_network(source: Source, config: EncoderConfig, **arguments: Any) -> nn.Module:
    """A transformers network in evaluation mode, float32; from safetensors only, and no code of its is run.

    Raises:
        UsageError: the folder holds no network that transformers loads.
    """
    from safetensors import SafetensorError

    try:
        network: nn.Module = load_transformers().AutoModel.from_pretrained(
            source.folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
            **arguments,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise UsageError(f"cannot load the encoder {config.name} from {source.name}: {error}") from error
    return network.eval()


def find_blocks(network: nn.Module, within: str = "") -> nn.ModuleList:
    """The list of a network's blocks: the outermost of as many modules as its configuration has layers.

    Raises:
        UsageError: it has none, so it is of another kind than the encoder's.
    """
    described: Any = network.config
    count = getattr(described, "num_hidden_layers", None)
    for module in network.get_submodule(within).modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise UsageError(f"a network of type {described.model_type!r} has no row of layers to read and to tune")
