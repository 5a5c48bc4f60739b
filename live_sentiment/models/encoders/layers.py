"""Which layers of a pretrained network are read: the last one, a learnt mix, or the mean of some.

What a network knows of *how* something is said often stands below its last layer. A mix, e = Σ softmax(w)ₗ hₗ
over the states of all layers, finds out where (M. Peters et al. 2018, "Deep contextualized word
representations", there with a scale on top).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError


class Layers(nn.Module):
    """Reads the states of a network's blocks while it runs.

    State 0 is what the first block is given, state i what block i gives. Blocks above the highest state that
    is read are taken out of the network.

    Args:
        blocks: the network's blocks in order; cut here.
        config: `layers` says what is read.

    Raises:
        UsageError: a layer is named that the network does not have.
    """

    def __init__(self, blocks: nn.ModuleList, config: EncoderConfig) -> None:
        super().__init__()
        self._chosen = config.layers
        self.in_use = len(blocks)
        """How many blocks what is read depends on."""
        if isinstance(config.layers, tuple):
            self.in_use = highest = max(config.layers)
            if highest > len(blocks):
                raise UsageError(
                    f"encoder {config.name}: layers={list(config.layers)}, but {config.source or 'it'} has "
                    f"{len(blocks)} layers (0 is the input of the first)"
                )
            del blocks[max(highest, 1) :]
        self.mix = nn.Parameter(torch.zeros(len(blocks) + 1)) if config.layers == "mix" else None
        self._states: list[Tensor] = []
        if config.layers != "last":
            blocks[0].register_forward_pre_hook(self._start, with_kwargs=True)
            for block in blocks:
                block.register_forward_hook(self._add)

    @property
    def reads_output(self) -> bool:
        """Whether the network's own output is what is read, with the norm behind the last block."""
        return self._chosen == "last"

    def forward(self, run: Callable[[], Tensor]) -> Tensor:
        """Call the network, (…) to (B, T, width), and give the states that are read, of the same shape."""
        output = run()
        if self._chosen == "last":
            return output
        states, self._states = self._states, []
        if self.mix is None:
            return _mean([states[index] for index in self._chosen if not isinstance(index, str)])
        stacked = torch.stack(states)
        mixed: Tensor = torch.tensordot(self.mix.softmax(dim=0).to(stacked.dtype), stacked, dims=1)
        return mixed

    def _start(self, _block: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        self._states = [given[0] if given else named["hidden_states"]]

    def _add(self, _block: nn.Module, _given: tuple[Any, ...], output: Tensor | tuple[Tensor, ...]) -> None:
        self._states.append(output if isinstance(output, Tensor) else output[0])


def _mean(states: Sequence[Tensor]) -> Tensor:
    return states[0] if len(states) == 1 else torch.stack(tuple(states)).mean(dim=0)
