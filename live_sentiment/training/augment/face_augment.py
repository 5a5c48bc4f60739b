"""What real cameras do to a face, done to the training pictures: framing, pose, light, lens, obstacles.

Everything works on whole batches of tensors and draws from one generator, so that a seed fixes it. Pictures
are (B, 1, 48, 48) grey levels 0..255 in float32. Colour needs no augmentation: the network sees luminance.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from live_sentiment.perception.face.align import CROP_PX

PLAIN_SHARE = 0.25
"""Pictures left in their own framing instead of being aligned: what a detector's box alone would give."""

ROTATION_DEG, SHIFT_PX, ZOOM, STRETCH, SHEAR = 9.0, 1.8, 0.10, 0.05, 0.05
"""Standard deviations of the framing jitter: rotation, shift, log of the size, log of width over height (a
head turned aside or tilted), and shear."""

LOW_RESOLUTIONS_PX = (16, 24, 32)
"""Sizes to which a part of the batch is reduced and blown up again: faces far from the camera."""


def warp(images: Tensor, to_source: Tensor) -> Tensor:
    """Sample images (B, 1, H, W) where the affine maps (B, 2, 3), from crop pixels to source pixels, say.

    Beyond the edge the edge repeats. Returns (B, 1, CROP_PX, CROP_PX).
    """
    height, width = images.shape[2:]
    axis = torch.arange(CROP_PX, dtype=torch.float32)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    points = torch.stack([x, y, torch.ones_like(x)]).reshape(3, -1)
    source = (to_source.float() @ points).reshape(-1, 2, CROP_PX, CROP_PX).permute(0, 2, 3, 1)
    # grid_sample counts from -1 to 1 between the outer edges of the picture.
    grid = (source + 0.5) * 2 / torch.tensor([width, height]) - 1
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def compose(outer: Tensor, inner: Tensor) -> Tensor:
    """Affine maps (B, 2, 3): first `inner`, then `outer`."""
    linear = outer[:, :, :2] @ inner[:, :, :2]
    shift = outer[:, :, :2] @ inner[:, :, 2:] + outer[:, :, 2:]
    return torch.cat([linear, shift], dim=2)


def augment(images: Tensor, to_source: Tensor, random: torch.Generator) -> Tensor:
    """Training pictures (B, 48, 48) uint8 with their alignments (B, 2, 3) to varied crops (B, 1, 48, 48).

    Args:
        images: grey pictures.
        to_source: affine maps from crop pixels to picture pixels.
        random: source of all chance.
    """
    plain = torch.eye(2, 3).expand_as(to_source)
    base = torch.where(_chance(len(images), PLAIN_SHARE, random)[:, None, None], plain, to_source.float())
    pictures = warp(images[:, None].float(), compose(base, jitter(len(images), random)))
    pictures = resolve(pictures, random)
    pictures = relight(pictures, random)
    return occlude(pictures, random)


def jitter(count: int, random: torch.Generator) -> Tensor:
    """Affine maps (count, 2, 3) of the crop onto itself: turned, moved, zoomed, stretched, half mirrored."""
    angle = _normal(count, math.radians(ROTATION_DEG), random)
    zoom, stretch = _normal(count, ZOOM, random).exp(), _normal(count, STRETCH, random).exp()
    shear = _normal(count, SHEAR, random)
    mirror = torch.where(_chance(count, 0.5, random), -1.0, 1.0)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    across = torch.stack([cos * stretch * mirror, sin * stretch * mirror], dim=1)
    down = torch.stack([-sin + shear, cos], dim=1) / stretch[:, None]
    linear = torch.stack([across, down], dim=2)
    centre = torch.full((2,), (CROP_PX - 1) / 2)
    shift = torch.stack([_normal(count, SHIFT_PX, random), _normal(count, SHIFT_PX, random)], dim=1)
    return torch.cat([linear, (centre + shift - linear @ centre)[:, :, None]], dim=2)


def resolve(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Each on a share of the batch: low resolution, a soft lens, a sharpening camera; on all, some noise."""
    count = len(pictures)
    part = math.ceil(count / 12)
    done = pictures.clone()
    for index, size in enumerate(LOW_RESOLUTIONS_PX):
        rows = slice(index * part, (index + 1) * part)
        small = F.interpolate(pictures[rows], size=(size, size), mode="area")
        done[rows] = F.interpolate(small, size=pictures.shape[2:], mode="bilinear", align_corners=False)
    rows = slice(3 * part, 5 * part)
    done[rows] = blur(pictures[rows])
    rows = slice(5 * part, 8 * part)
    amount = 1.5 * torch.rand(count, 1, 1, 1, generator=random)[rows]
    done[rows] = pictures[rows] + amount * (pictures[rows] - blur(pictures[rows]))
    grain = 12 * torch.rand(count, 1, 1, 1, generator=random).square()
    noise = torch.randn(pictures.shape, generator=random)
    return done + grain * noise


def blur(pictures: Tensor) -> Tensor:
    """Binomial 5 × 5 blur, about one pixel of standard deviation."""
    line = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    padded = F.pad(pictures, (2, 2, 2, 2), mode="replicate")
    return F.conv2d(F.conv2d(padded, line.view(1, 1, 1, 5)), line.view(1, 1, 5, 1))


def relight(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Light from one side, gamma, exposure and contrast, clipped to 0..255 as a sensor clips."""
    count = len(pictures)
    axis = torch.linspace(-1, 1, CROP_PX)
    angle = 2 * math.pi * torch.rand(count, 1, 1, 1, generator=random)
    slope = 0.5 * torch.rand(count, 1, 1, 1, generator=random)
    side = 1 + slope * (angle.cos() * axis.view(1, 1, 1, -1) + angle.sin() * axis.view(1, 1, -1, 1))
    gamma = _normal(count, 0.3, random).exp().view(-1, 1, 1, 1)
    lit = ((pictures * side).clamp(0, 255) / 255).pow(gamma) * 255
    contrast = 0.5 + 0.8 * torch.rand(count, 1, 1, 1, generator=random)
    brightness = 25 * torch.randn(count, 1, 1, 1, generator=random)
    return ((lit - 128) * contrast + 128 + brightness).clamp(0, 255)


def occlude(pictures: Tensor, random: torch.Generator, share: float = 0.3) -> Tensor:
    """Lay a flat rectangle of random grey over a share of the faces: a hand, a cup, a microphone, hair."""
    count = len(pictures)
    size = 8 + 12 * torch.rand(count, 2, generator=random)
    centre = CROP_PX * torch.rand(count, 2, generator=random)
    axis = torch.arange(CROP_PX)
    inside = (axis[None, None] - centre[:, :, None]).abs() < size[:, :, None] / 2
    covered = inside[:, 0, :, None] & inside[:, 1, None, :] & _chance(count, share, random)[:, None, None]
    grey = 255 * torch.rand(count, 1, 1, generator=random)
    return torch.where(covered, grey, pictures[:, 0])[:, None]


def _normal(count: int, deviation: float, random: torch.Generator) -> Tensor:
    return deviation * torch.randn(count, generator=random)


def _chance(count: int, share: float, random: torch.Generator) -> Tensor:
    return torch.rand(count, generator=random) < share
