"""An encoder with low-rank changes to its linear layers, and a head on it, in one network to train.

The changes are parametrisations of the weights (`torch.nn.utils.parametrize`): a step adds them up once for
all tokens of its batch, which takes a quarter less time on a processor than to send every token through them.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from live_sentiment.core.libraries import load_transformers
from live_sentiment.models.text_adapter import Adapter
from live_sentiment.models.text_emotion import TextHead


class LowRank(nn.Module):
    """A weight (outputs, inputs) and its change: W + scale * B A, B zero at first."""

    def __init__(self, weight: Tensor, rank: int, scale: float) -> None:
        super().__init__()
        outputs, inputs = weight.shape
        self.down = nn.Parameter(torch.randn(rank, inputs) * inputs**-0.5)
        self.up = nn.Parameter(torch.zeros(outputs, rank))
        self.scale = scale

    def forward(self, weight: Tensor) -> Tensor:
        """The changed weight, in the precision of the weight."""
        return weight + (self.scale * self.up).to(weight.dtype) @ self.down.to(weight.dtype)


class TextNetwork(nn.Module):
    """Token ids in, evidence for emotions and polarity out; the low-rank changes and the head learn.

    Args:
        folder: the encoder's files.
        rank: of the changes.
        scale: their factor.
        inner_size: of the head.
        dropout: of the head; the encoder has none, which takes more time here than all its sums.
        bfloat16: keep and multiply the encoder's own weights in half precision.
    """

    def __init__(
        self, folder: Path, rank: int, scale: float, inner_size: int, dropout: float, *, bfloat16: bool
    ) -> None:
        super().__init__()
        self.encoder = load_transformers().AutoModel.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.bfloat16 if bfloat16 else torch.float32,
            # The other implementations' way back is slow on a processor.
            attn_implementation="eager",
        )
        self.encoder.requires_grad_(False)
        self._scale = scale
        self._layers = [
            name
            for name, layer in self.encoder.named_modules()
            if isinstance(layer, nn.Linear) and "pooler" not in name
        ]
        for name in self._layers:
            layer = self.encoder.get_submodule(name)
            change = LowRank(layer.weight, rank, scale)
            parametrize.register_parametrization(layer, "weight", change, unsafe=True)
        self.head = TextHead(self.encoder.config.hidden_size, inner_size, dropout)
        self.encoder.eval()

    def forward(self, ids: Tensor, mask: Tensor, read: Tensor) -> tuple[Tensor, Tensor]:
        """Evidence of emotions (B, 7) and polarity (B, 3) of ids (B, T).

        `mask` (B, T) is False on padding, `read` (B, T) on context too: the mean is taken over the rest.
        """
        states = self.encoder(input_ids=ids, attention_mask=mask.long(), output_hidden_states=True)
        upper = states.hidden_states[len(states.hidden_states) // 2 :]
        hidden = torch.stack(upper).float().mean(dim=0)
        share = read.float() / read.sum(dim=1, keepdim=True)
        evidence: tuple[Tensor, Tensor] = self.head((hidden * share[:, :, None]).sum(dim=1))
        return evidence

    def learnt(self) -> dict[str, nn.Parameter]:
        """What training changes, by name."""
        return {name: one for name, one in self.named_parameters() if one.requires_grad}

    def adapter(self) -> Adapter:
        """The low-rank changes as they are now, as a file holds them."""
        down, up = {}, {}
        for name in self._layers:
            change = self.encoder.get_submodule(name).parametrizations.weight[0]
            # Rounded as in the file, so that what is measured is what ships.
            down[name], up[name] = (one.detach().to(torch.float16) for one in (change.down, change.up))
        return Adapter(down, up, self._scale)
