"""How well faces are read under conditions that the corpus has not: the card's word on other cameras.

Unlike the training's augmentation these are fixed, one at a time, so that versions can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from live_sentiment.perception.face.align import CROP_PX
from live_sentiment.training.augment.face_augment import blur, compose, warp
from live_sentiment.training.tasks.face import Faces

Condition = Callable[[Faces], Tensor]
"""Faces to crops (N, 1, 48, 48) as the network would meet them."""


def framed(faces: Faces, turn_deg: float = 0.0, zoom: float = 1.0) -> Tensor:
    """Aligned crops, turned and shown larger (zoom > 1) or smaller, as a worse fit of landmarks would."""
    angle, centre = math.radians(turn_deg), torch.full((2, 1), (CROP_PX - 1) / 2)
    cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
    linear = torch.tensor([[cos, -sin], [sin, cos]])
    change = torch.cat([linear, centre - linear @ centre], dim=1)
    maps = compose(faces.to_source, change.expand_as(faces.to_source))
    return warp(faces.images[:, None].float(), maps)


def distant(faces: Faces) -> Tensor:
    """Only 24 px wide when the camera saw it."""
    small = F.interpolate(faces.crops(), size=(24, 24), mode="area")
    return F.interpolate(small, size=(CROP_PX, CROP_PX), mode="bilinear", align_corners=False)


def dark(faces: Faces) -> Tensor:
    """Underexposed fourfold, with a little sensor noise, in whole grey levels."""
    noise = torch.randn(len(faces), 1, CROP_PX, CROP_PX, generator=torch.Generator().manual_seed(0))
    return (faces.crops() / 4 + 2 * noise).clamp(0, 255).round()


def side_lit(faces: Faces) -> Tensor:
    """Four times as bright on the right edge as on the left."""
    return (faces.crops() * torch.linspace(0.4, 1.6, CROP_PX)).clamp(0, 255)


def half_hidden(faces: Faces) -> Tensor:
    """The left eye and brow behind something flat and grey."""
    crops = faces.crops()
    crops[:, :, 8:24, 25:44] = 128
    return crops


CONDITIONS: Mapping[str, Condition] = {
    "turned by 15°": lambda faces: framed(faces, turn_deg=15),
    "framed 15 % wider": lambda faces: framed(faces, zoom=0.85),
    "framed 15 % tighter": lambda faces: framed(faces, zoom=1.15),
    "24 px wide": distant,
    "out of focus": lambda faces: blur(faces.crops()),
    "sharpened": lambda faces: 2 * faces.crops() - blur(faces.crops()),
    "dark and noisy": dark,
    "lit from one side": side_lit,
    "one eye hidden": half_hidden,
}
"""By the name that the card gives them."""
