"""A second network's opinion of a crop: the expression network of face-api, which learnt from other pictures.

The expression network knows the faces of one collection best; this one knows them less well, but others
better. Weighed together they read both well. The architecture is FaceExpressionNet of face-api.js (MIT): four
blocks of separable convolutions, each layer reading the sum of those before it.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from live_sentiment.core.types import EMOTIONS

INPUT_PX = 112
"""Side of the picture that it reads; crops are enlarged to it."""

MEAN_RGB = (122.782, 117.001, 104.298)
"""Subtracted from the grey levels before they are divided by 255."""

WIDTHS = (32, 64, 128, 256)
"""Channels of the four blocks."""


class SeparableConvolution(nn.Sequential):
    """A 3 × 3 convolution of each channel alone, then one of 1 × 1 across the channels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False), nn.Conv2d(inputs, outputs, 1)
        )


class Block(nn.Module):
    """Halves the picture, then adds three layers, each of which reads the sum of those before it."""

    def __init__(self, halve: nn.Module, channels: int) -> None:
        super().__init__()
        self.halve = halve
        self.layers = nn.ModuleList(SeparableConvolution(channels, channels) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, channels, H / 2, W / 2)."""
        # TensorFlow, in which it was trained, puts the odd pixel of padding behind the end.
        total: Tensor = self.halve(F.pad(x, (0, 1, 0, 1))).relu()
        for layer in self.layers:
            total = total + layer(total.relu())
        return total.relu()


class SecondOpinion(nn.Module):
    """Crops to probabilities; 324 thousand parameters."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        first = nn.Conv2d(3, WIDTHS[0], 3, stride=2)
        blocks = [Block(first, WIDTHS[0])]
        for inputs, outputs in itertools.pairwise(WIDTHS):
            halve = SeparableConvolution(inputs, outputs)
            halve[0] = nn.Conv2d(inputs, inputs, 3, stride=2, groups=inputs, bias=False)
            blocks.append(Block(halve, outputs))
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(WIDTHS[-1], len(EMOTIONS))
        self.register_buffer("mean", torch.tensor(MEAN_RGB).view(1, 3, 1, 1), persistent=False)

    def scores(self, crops: Tensor) -> Tensor:
        """Crops (B, 1, H, W), grey levels 0..255, to class scores (B, 7) in the order of EMOTIONS."""
        large = F.interpolate(crops, (INPUT_PX, INPUT_PX), mode="bilinear", align_corners=False)
        x = ((large - self.mean) / 255).contiguous(memory_format=torch.channels_last)
        scores: Tensor = self.head(self.blocks(x).mean(dim=(2, 3)))
        return scores

    def forward(self, crops: Tensor) -> Tensor:
        """Crops (B, 1, H, W), grey levels 0..255, to probabilities (B, 7) in the order of EMOTIONS."""
        return self.scores(crops).float().softmax(dim=1)
