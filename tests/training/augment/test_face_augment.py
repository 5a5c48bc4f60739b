"""Augmentation keeps the face in the picture, the shape, the range, and the seed's word."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from live_sentiment.training.augment.face_augment import (
    augment,
    blur,
    jitter,
    occlude,
    relight,
    resolve,
    warp,
)

IDENTITY = torch.eye(2, 3)


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int = 24) -> Tensor:
    return torch.randint(40, 200, (count, 48, 48), generator=random(7), dtype=torch.uint8)


def spot(x: int, y: int) -> Tensor:
    picture = torch.zeros(1, 1, 48, 48)
    picture[0, 0, y, x] = 255
    return picture


def test_the_identity_leaves_pictures_as_they_are() -> None:
    images = pictures()[:, None].float()
    torch.testing.assert_close(warp(images, IDENTITY.expand(24, 2, 3)), images, atol=1e-3, rtol=0)


def test_a_map_says_where_in_the_source_a_crop_pixel_comes_from() -> None:
    shifted = IDENTITY.clone()
    shifted[:, 2] = torch.tensor([5.0, -3.0])
    found = warp(spot(20, 10), shifted[None])[0, 0]
    assert divmod(int(found.argmax()), 48) == (13, 15)


def test_jitter_is_centred_mirrors_half_and_keeps_the_face_in() -> None:
    maps = jitter(4000, random())
    centre = maps[:, :, :2] @ torch.tensor([23.5, 23.5]) + maps[:, :, 2]
    assert centre.mean(dim=0).numpy() == pytest.approx([23.5, 23.5], abs=0.2)
    area = torch.linalg.det(maps[:, :, :2])
    assert float((area < 0).float().mean()) == pytest.approx(0.5, abs=0.05)
    assert float(area.abs().log().std()) < 0.4


@pytest.mark.parametrize("count", [1, 5, 24])
def test_crops_are_whole_pictures_of_grey_levels(count: int) -> None:
    crops = augment(pictures(count), IDENTITY.expand(count, 2, 3), random())
    assert crops.shape == (count, 1, 48, 48)
    assert crops.dtype == torch.float32
    assert bool(torch.isfinite(crops).all())
    assert float(crops.min()) >= 0
    assert float(crops.max()) <= 255


def test_the_seed_decides() -> None:
    maps = IDENTITY.expand(24, 2, 3)
    one, again, other = (augment(pictures(), maps, random(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("change", [resolve, relight, occlude])
def test_every_step_changes_pictures_but_leaves_them_recognisable(change: object) -> None:
    base = blur(blur(pictures(200)[:, None].float()))
    base = (base - base.mean()) * 4 + 128
    changed = change(base, random())  # type: ignore[operator]
    alike = [
        np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(base.numpy(), changed.numpy(), strict=True)
    ]
    assert np.median(alike) > 0.6
    assert min(alike) < 0.999


def test_occlusion_covers_a_share_of_the_faces_and_never_all_of_one() -> None:
    base = torch.full((1000, 1, 48, 48), -1.0)
    covered = (occlude(base, random(), share=0.3) != base).float().mean(dim=(1, 2, 3))
    assert float((covered > 0).float().mean()) == pytest.approx(0.3, abs=0.06)
    assert float(covered.max()) < 0.2
